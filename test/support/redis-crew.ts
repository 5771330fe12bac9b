/** Real processes that share a Redis, before an origin whose answers say which version they are. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from './barrier.js'
import { ask, type Reply } from './client.js'
import { answer, startOrigin, type TestOrigin } from './origin.js'
import { ANYWHERE, emptyFolder, startSeawall, type Seawall } from './seawall.js'

/** `version` is what the origin answers from now on, tagged `tag`. */
export interface Versions { readonly origin: TestOrigin, version: number }

export async function versions (): Promise<Versions> {
  const origin = await startOrigin()
  onTestFinished(() => origin.stop())
  const made: Versions = { origin, version: 1 }
  origin.on((request, response, count) => {
    answer({ 'Cache-Control': 'max-age=600, stale-if-error=600', 'Surrogate-Key': 'tag', ETag: `"${made.version}"` }, String(made.version))(request, response, count)
  })
  return made
}

/** Has joined when it resolves. `redis`: `cache.redis` of its configuration. */
export async function startMember (origin: TestOrigin, redis: object, env: Record<string, string> = {}): Promise<Seawall> {
  const file = join(emptyFolder(), 'proxy.config.json')
  writeFileSync(file, JSON.stringify({ origins: { api: { url: origin.url } }, cache: { redis }, log: { access: false } }))
  const seawall = await startSeawall([...ANYWHERE, '--config', file], env)
  await until('it has joined', () => joined(seawall), 20_000)
  return seawall
}

/** Whether Redis is used, and the log of purges was read. */
export async function joined ({ adminUrl }: { readonly adminUrl: string }): Promise<boolean> {
  const { redis, log } = JSON.parse((await ask(`${adminUrl}/readyz`)).body) as { redis: string, log: { joined: boolean } }
  return redis === 'ready' && log.joined
}

export interface Sharing {
  readonly state: string
  readonly evictedKeys: number
  readonly lookups: { readonly hits: number }
  readonly writes: { readonly done: number }
  readonly errors: { readonly [fault: string]: number | undefined }
}

export async function sharing ({ adminUrl }: { readonly adminUrl: string }): Promise<Sharing> {
  return (JSON.parse((await ask(`${adminUrl}/stats`)).body) as { shared: Sharing }).shared
}

/** How many requests waited for another one's fetch. */
export async function collapsed ({ adminUrl }: { readonly adminUrl: string }): Promise<number> {
  return (JSON.parse((await ask(`${adminUrl}/stats`)).body) as { fills: { collapsed: number } }).fills.collapsed
}

/** Of one site, whichever of them is asked. */
export const get = (seawall: Pick<Seawall, 'get'>, path: string): Promise<Reply> => seawall.get(path, { headers: { host: 'shop.test' } })

export const purge = (seawall: Seawall, order: object = { tags: ['tag'] }): Promise<Reply> =>
  ask(`${seawall.adminUrl}/purge`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) })

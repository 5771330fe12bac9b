/** The `cache.redis` section. */
import { z } from 'zod'
import type { RedisSettings, RedisTarget } from '../redis/target.js'
import { address, deadline, list, read, size, text, whole } from './leaves.js'

const NAMED = /^[!-~]+$/

/** With a scheme and a host; a path is a number of a database. */
function redisUrl (text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, pathname, search, hash } = new URL(text)
  const known = protocol === 'redis:' || protocol === 'rediss:'
  return known && hostname !== '' && /^\/?\d{0,5}$/.test(pathname) && search === '' && hash === '' ? text : undefined
}

const URL_ALLOWED = '"redis://[USER:PASSWORD@]HOST[:PORT][/DB]", or "rediss://…" for TLS'

const sentinels = z.strictObject({
  master: text(NAMED, 'the name under which the sentinels know the master').describe('Name of the master.'),
  nodes: list(address()).min(1, { error: 'at least one HOST:PORT' }).describe('The sentinels, as HOST:PORT.'),
  username: z.string().optional().describe('User of the master.'),
  password: z.string().optional().describe('Password of the master.'),
  sentinelPassword: z.string().optional().describe('Password of the sentinels.'),
  tls: z.boolean().prefault(false).describe('TLS to all of them.')
})

export const redis = z.strictObject({
  url: read(redisUrl, URL_ALLOWED).optional().describe('One server.'),
  sentinels: sentinels.optional().describe('A master that sentinels watch over.'),
  cluster: list(read(redisUrl, URL_ALLOWED)).min(1, { error: 'at least one URL' }).optional().describe('Some nodes of a Redis Cluster.'),
  namespace: text(/^[\w.-]{1,64}$/, 'letters, digits, "_", "-" and ".", at most 64').prefault('seawall').describe('Begins every key.'),
  timeout: deadline().prefault('50ms').describe('What a request waits for a command.'),
  maxLag: deadline().prefault('5s').describe('How long purges may be unheard of before stored answers are asked about, and what a purge waits at most for those who do not hear.'),
  strictPurge: z.boolean().prefault(false).describe('Nothing is used that a purge unheard of might concern, not even when the origin fails as well.'),
  maxObject: size('1b', '512mb').prefault('4mb').describe('Largest body shared; larger ones stay in memory.'),
  compress: z.union([z.literal('off'), size('1b', '512mb')], { error: '"off", or the size from which on bodies of text are compressed' })
    .prefault('off').describe('Compresses bodies of text from this size on, in Redis only.'),
  breaker: z.strictObject({
    failures: whole(1, 1000).prefault(5).describe('Failures in a row after which it is not asked.'),
    probe: deadline().prefault('1s').describe('How long until it is tried again.')
  }).prefault({}).describe('When Redis fails.')
}).refine(({ url, sentinels, cluster }) => [url, sentinels, cluster].filter(one => one !== undefined).length === 1, { error: 'exactly one of url, sentinels and cluster' })

export type RedisConfig = z.output<typeof redis>

export function compileRedis (config: RedisConfig): RedisSettings {
  const { url, sentinels, cluster, compress, ...rest } = config
  return { ...rest, compress: compress === 'off' ? undefined : compress, target: targetOf({ url, sentinels, cluster }) }
}

function targetOf ({ url, sentinels, cluster }: Pick<RedisConfig, 'url' | 'sentinels' | 'cluster'>): RedisTarget {
  if (url !== undefined) return { kind: 'url', url }
  if (cluster !== undefined) return { kind: 'cluster', nodes: cluster }
  const { nodes, ...credentials } = sentinels!
  return { kind: 'sentinels', ...credentials, sentinels: nodes }
}

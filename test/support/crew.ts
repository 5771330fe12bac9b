/** Several processes of the built program behind one socket, and what a test asks of them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ask, type Asked, type Reply } from './client.js'
import { answer, startOrigin, type Handler, type TestOrigin } from './origin.js'
import { ANYWHERE, emptyFolder, startSeawall, type Seawall } from './seawall.js'

export const FRESH = { 'Cache-Control': 'max-age=600', 'Surrogate-Key': 'tag' }

export interface Crew { readonly origin: TestOrigin, readonly seawall: Seawall, get (path: string, asked?: Asked): Promise<Reply>, purge (order: object): Promise<Reply> }

/** `config`: beside the flags, as in a file of it. `listen`: an address that outlives all workers; any, unless given. */
export async function crew (handler: Handler, workers = 2, config?: object, listen = '127.0.0.1:0'): Promise<Crew> {
  const origin = await startOrigin(handler)
  onTestFinished(() => origin.stop())
  const seawall = await startSeawall([...ANYWHERE, '--listen', listen, '--origin', origin.url, '--workers', String(workers), '--access-log', 'off', ...await fileOf(config)])
  return {
    origin, seawall,
    // each over a connection of its own, so that workers take them in turn
    get: (path, asked = {}) => seawall.get(path, { ...asked, headers: { host: 'shop.test', ...asked.headers } }),
    purge: order => ask(`${seawall.adminUrl}/purge`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) })
  }
}

async function fileOf (config: object | undefined): Promise<string[]> {
  if (config === undefined) return []
  const file = join(emptyFolder(), 'proxy.config.json')
  await writeFile(file, JSON.stringify(config))
  return ['--config', file]
}

export const counted: Handler = (request, response, count) => { answer(FRESH, `body ${count}`)(request, response, count) }

/** So many of one path at once. */
export function all (c: Crew, n: number, path: string, headers: Record<string, string> = {}): Promise<Reply[]> {
  return Promise.all(Array.from({ length: n }, () => c.get(path, { headers })))
}

export async function stats (c: Crew): Promise<Record<string, Record<string, number>>> {
  return JSON.parse((await ask(`${c.seawall.adminUrl}/stats`)).body) as Record<string, Record<string, number>>
}

/** Process numbers of the workers, in the order they were begun. */
export async function children ({ seawall: { pid } }: Crew): Promise<number[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean).map(Number)
}

/** Has a process stand still, until the test ends at the latest: it would outlive the one that began it. */
export function freeze (pid: number): void {
  process.kill(pid, 'SIGSTOP')
  onTestFinished(() => {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown
    }
  })
}

/** Every line of the log that says so. */
export function said (c: Crew, message: string): Record<string, unknown>[] {
  return c.seawall.log().filter(line => line['msg'] === message)
}

/** Seawall in this process, on real sockets, with the configuration and the time a test gives it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { startApp, type Surroundings } from '../../src/app.js'
import { loadConfig } from '../../src/config/load.js'
import type { Settings } from '../../src/config/settings.js'
import { systemClock } from '../../src/core/clock.js'
import { ask, type Asked, type Reply } from './client.js'

export interface TestProxy {
  readonly url: string
  readonly port: number
  readonly adminUrl: string
  /** GET unless told otherwise. */
  get (path: string, asked?: Asked): Promise<Reply>
  purge (order: object): Promise<Reply>
  stats (): Promise<Record<string, unknown>>
  /** Log lines so far, parsed. */
  log (): Record<string, unknown>[]
  drain (): Promise<void>
  stop (): void
}

/** Settings as `proxy.config.json` with this content would give them; ports are free ones. */
export function settingsOf (config: object): Settings {
  const folder = mkdtempSync(join(tmpdir(), 'seawall-test-'))
  try {
    const file = join(folder, 'proxy.config.json')
    writeFileSync(file, JSON.stringify({ log: { access: false }, ...config }))
    const settings = loadConfig({ file, env: {} })
    return { ...settings, listen: { host: '127.0.0.1', port: 0 }, admin: { ...settings.admin, host: '127.0.0.1', port: 0 } }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export async function startProxy (config: object, surroundings: Partial<Surroundings> = {}): Promise<TestProxy> {
  const stdout = new PassThrough()
  let written = ''
  stdout.on('data', chunk => { written += String(chunk) })
  const app = await startApp(settingsOf(config), { stdout, env: {} }, { clock: systemClock, random: () => 0, ...surroundings })
  const url = `http://127.0.0.1:${app.listen.port}`
  const adminUrl = `http://127.0.0.1:${app.admin.port}`
  return {
    url, port: app.listen.port, adminUrl,
    get: (path, asked) => ask(url + path, asked),
    purge: order => ask(`${adminUrl}/purge`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) }),
    stats: async () => JSON.parse((await ask(`${adminUrl}/stats`)).body) as Record<string, unknown>,
    log: () => written.split('\n').filter(Boolean).map(line => JSON.parse(line) as Record<string, unknown>),
    drain: () => app.drain(),
    stop: () => { app.destroy() }
  }
}

/** One origin, everything else as it comes. */
export function before (origin: { url: string }, more: object = {}): object {
  return { origins: { api: { url: origin.url } }, ...more }
}

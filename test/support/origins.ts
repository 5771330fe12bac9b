/** Origin clients for tests, before origins that say exact bytes; all that was opened is closed after each test. */
import { afterEach, onTestFinished } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { systemClock, type Clock } from '../../src/core/clock.js'
import { SeawallError } from '../../src/core/errors.js'
import { silentLogger, type Logger } from '../../src/core/logger.js'
import type { BodyReader } from '../../src/core/types.js'
import type { Exchange, OriginRequest, Origins } from '../../src/origin/contract.js'
import type { OriginConfig } from '../../src/origin/config.js'
import type { OriginsContext } from '../../src/origin/origin.js'
import { createOrigins } from '../../src/origin/origins.js'
import { until } from './barrier.js'
import { rawOrigin, type RawOrigin, type Script } from './raw-origin.js'

export const OK = 'HTTP/1.1 200 OK\r\n'
export const HI = `${OK}Content-Length: 2\r\n\r\nhi`
export const HEAD_END = '\r\n\r\n'

/** Neither breaker nor queue get in the way. */
export const ORIGIN: Omit<OriginConfig, 'urls'> = {
  host: 'preserve', connections: 8, balance: 'round-robin',
  queue: { length: 10_000, wait: 60_000 },
  timeouts: { connect: 5_000, headers: 10_000, body: 5_000, total: undefined },
  breaker: { failures: 0, probe: 5_000 },
  health: { path: undefined, interval: 5_000, timeout: 2_000, unhealthy: 3, healthy: 2 }
}

export interface Bench { origin: RawOrigin, origins: Origins, counters: Counters, ask (request?: Partial<OriginRequest>): Exchange }

export const open: { origins: Origins, origin: RawOrigin | undefined }[] = []
afterEach(async () => {
  for (const { origins, origin } of open.splice(0)) {
    origins.destroy(new SeawallError('draining'))
    await origin?.close()
  }
})

export function toward (url: string, clock: Clock, config: Partial<OriginConfig> = {}, origin?: RawOrigin, context: Partial<OriginsContext> = {}): Omit<Bench, 'origin'> {
  const counters = new Counters()
  const origins = createOrigins({ api: { ...ORIGIN, urls: [url], ...config } }, { clock, counters, log: silentLogger, ...context })
  open.push({ origins, origin })
  const ask = (request: Partial<OriginRequest> = {}): Exchange =>
    origins.ask({ origin: 'api', method: 'GET', target: '/x?y', headers: ['Host', 'site.example'], body: undefined, ...request })
  return { origins, counters, ask }
}

export async function bench (script: Script, config: Partial<OriginConfig> = {}, clock: Clock = systemClock): Promise<Bench> {
  const origin = await rawOrigin(script)
  return { origin, ...toward(origin.url, clock, config, origin) }
}

/** Before several origins at once. */
export async function benches (scripts: readonly Script[], config: Partial<OriginConfig> = {}, clock: Clock = systemClock, context: Partial<OriginsContext> = {}): Promise<Omit<Bench, 'origin'> & { all: RawOrigin[] }> {
  const all = await Promise.all(scripts.map(script => rawOrigin(script)))
  onTestFinished(async () => { await Promise.all(all.map(origin => origin.close())) })
  return { all, ...toward('', clock, { ...config, urls: all.map(origin => origin.url) }, undefined, context) }
}

/** What is logged above debug, one line each. */
export function lines (): { log: Logger, said: string[] } {
  const said: string[] = []
  const say = (level: string) => (_: object, message: string) => { said.push(`${level}: ${message}`) }
  return { said, log: { debug: () => undefined, info: say('info'), warn: say('warn'), error: say('error') } }
}

/** Every connection answers every request with these bytes. */
export function always (bytes: string): Script {
  return async peer => {
    for (;;) {
      await peer.expect(HEAD_END)
      peer.say(bytes)
    }
  }
}

export async function whole (reader: BodyReader): Promise<string> {
  let text = ''
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) text += Buffer.from(chunk).toString('latin1')
  return text
}

export async function codeOf (promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (thrown) {
    return thrown instanceof SeawallError ? thrown.code : `not ours: ${String(thrown)}`
  }
  return 'no failure'
}

/** Turns of the event loop, for what must not happen. */
export async function turns (count: number): Promise<void> {
  let seen = 0
  await until('some turns', () => seen++ >= count)
}

/** Resolves once `value` stays the same. */
export async function settled (what: string, value: () => number): Promise<number> {
  let last = -1
  let still = 0
  await until(`${what} to settle`, () => {
    const now = value()
    still = now === last && now > 0 ? still + 1 : 0
    last = now
    return still > 500
  })
  return last
}

/** A request body a test feeds. */
export function feed (): BodyReader & { give (chunk: string | null): void, fail (error: Error): void, reads: number, cancelled: Error | undefined } {
  const ready: (Promise<Uint8Array | null>)[] = []
  let take: ((chunk: Promise<Uint8Array | null>) => void) | undefined
  const put = (chunk: Promise<Uint8Array | null>): void => {
    chunk.catch(() => undefined)
    if (take === undefined) ready.push(chunk)
    else take(chunk)
    take = undefined
  }
  return {
    reads: 0,
    cancelled: undefined,
    read () {
      this.reads++
      return ready.shift() ?? new Promise(resolve => { take = resolve })
    },
    cancel (why) { this.cancelled ??= why },
    give: chunk => { put(Promise.resolve(chunk === null ? null : Buffer.from(chunk, 'latin1'))) },
    fail: error => { put(Promise.reject(error)) }
  }
}

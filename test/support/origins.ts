/** Origin clients for tests, before origins that say exact bytes; all that was opened is closed after each test. */
import { afterEach } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { systemClock, type Clock } from '../../src/core/clock.js'
import { SeawallError } from '../../src/core/errors.js'
import { silentLogger } from '../../src/core/logger.js'
import type { BodyReader } from '../../src/core/types.js'
import type { Exchange, OriginRequest, Origins } from '../../src/origin/contract.js'
import { createOrigins, type OriginConfig } from '../../src/origin/origins.js'
import { until } from './barrier.js'
import { rawOrigin, type RawOrigin, type Script } from './raw-origin.js'

export const OK = 'HTTP/1.1 200 OK\r\n'
export const HI = `${OK}Content-Length: 2\r\n\r\nhi`
export const HEAD_END = '\r\n\r\n'

export interface Bench { origin: RawOrigin, origins: Origins, counters: Counters, ask (request?: Partial<OriginRequest>): Exchange }

export const open: { origins: Origins, origin: RawOrigin | undefined }[] = []
afterEach(async () => {
  for (const { origins, origin } of open.splice(0)) {
    origins.destroy(new SeawallError('draining'))
    await origin?.close()
  }
})

export function toward (url: string, clock: Clock, config: Partial<OriginConfig> = {}, origin?: RawOrigin): Omit<Bench, 'origin'> {
  const counters = new Counters()
  const timeouts = { connect: 5_000, headers: 10_000, body: 5_000 }
  const origins = createOrigins({ api: { url, host: 'preserve', connections: 8, timeouts, ...config } }, { clock, counters, log: silentLogger })
  open.push({ origins, origin })
  const ask = (request: Partial<OriginRequest> = {}): Exchange =>
    origins.ask({ origin: 'api', method: 'GET', target: '/x?y', headers: ['Host', 'site.example'], body: undefined, ...request })
  return { origins, counters, ask }
}

export async function bench (script: Script, config: Partial<OriginConfig> = {}, clock: Clock = systemClock): Promise<Bench> {
  const origin = await rawOrigin(script)
  return { origin, ...toward(origin.url, clock, config, origin) }
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

/** Seawall before an origin whose Date follows a clock the test winds: time passes by `advance` alone. */
import { afterEach, expect } from 'vitest'
import type { Reply } from './client.js'
import { manualClock, type ManualClock } from './clock.js'
import { startOrigin, type Handler, type TestOrigin } from './origin.js'
import { before, startProxy, type TestProxy } from './proxy.js'

export interface Scene {
  readonly origin: TestOrigin
  readonly proxy: TestProxy
  readonly clock: ManualClock
  /** GET with these request fields. */
  get (path: string, headers?: Record<string, string | string[]>): Promise<Reply>
  /** An HTTP date so many seconds from now on the scene's clock. */
  date (seconds?: number): string
  /** Lets seconds pass. */
  pass (seconds: number): void
}

export interface Staging {
  /** The one route's fields, as in proxy.config.json. */
  readonly route?: object
  readonly config?: object
  readonly random?: () => number
}

/** What a test file makes its scenes with; each ends with its test. */
export function scenes (): (staging?: Staging) => Promise<Scene> {
  const running: (() => unknown)[] = []
  afterEach(async () => { for (const stop of running.splice(0).toReversed()) await stop() })
  return async ({ route = {}, config = {}, random = () => 0 } = {}) => {
    const clock = manualClock()
    const date = (seconds = 0): string => new Date(clock.wall() + seconds * 1000).toUTCString()
    const dated = (handler: Handler): Handler => (request, response, count) => {
      response.setHeader('Date', date())
      return handler(request, response, count)
    }
    const origin = await startOrigin()
    const proxy = await startProxy(before(origin, { routes: [route], ...config }), { clock, random })
    running.push(() => origin.stop(), () => { proxy.stop() })
    return {
      origin: { ...origin, on: handler => { origin.on(dated(handler)) } },
      proxy, clock, date,
      get: (path, headers = {}) => proxy.get(path, { headers }),
      pass: seconds => { clock.advance(seconds * 1000) }
    }
  }
}

/** What the answer itself says of how it came about (RFC 9211). */
export function cacheStatus (reply: Reply): string | undefined {
  const value = reply.headers['cache-status']
  return Array.isArray(value) ? value.join(', ') : value
}

/** Answered from the store without the origin, fresh or not. */
export function isHit (reply: Reply): boolean {
  return cacheStatus(reply)?.startsWith('seawall; hit;') === true
}

/** Asks for `path`, now or from the store, and finds it fresh for `seconds` from now, to the millisecond. */
export async function expectFreshFor (s: Scene, path: string, seconds: number, message = path): Promise<void> {
  await s.get(path)
  s.clock.advance(seconds * 1000 - 1)
  expect(isHit(await s.get(path)), `${message}: still fresh`).toBe(true)
  s.clock.advance(1)
  expect(isHit(await s.get(path)), `${message}: still fresh after ${seconds} s`).toBe(false)
}

/** Seawall before an origin for the length of one test: what it starts is stopped when the test is over. */
import { onTestFinished } from 'vitest'
import { connect, type RawConnection, type Reply } from './client.js'
import { manualClock, type ManualClock } from './clock.js'
import { startOrigin, type Handler, type TestOrigin } from './origin.js'
import { before, startProxy, type TestProxy } from './proxy.js'
import { rawOrigin, type RawOrigin, type Script } from './raw-origin.js'
import { cacheStatus } from './scene.js'

export interface Standing { readonly proxy: TestProxy, readonly clock: ManualClock }

/**
 * Durations are wound by hand. What o'clock it is, origins say too, so that goes on; ours is behind theirs, since node's
 * Date lags on a busy machine and would make answers look older than they are.
 */
export async function standBefore (origin: { url: string }, config: object = {}): Promise<Standing> {
  const clock = { ...manualClock(), wall: () => Date.now() - 5_000 }
  const proxy = await startProxy(before(origin, config), { clock })
  onTestFinished(() => { proxy.stop() })
  return { proxy, clock }
}

export async function stand (config: object = {}, handler?: Handler): Promise<Standing & { readonly origin: TestOrigin }> {
  const origin = await startOrigin(handler)
  onTestFinished(() => origin.stop())
  return { origin, ...await standBefore(origin, config) }
}

export async function standRaw (script: Script, config: object = {}): Promise<Standing & { readonly origin: RawOrigin }> {
  const origin = await rawOrigin(script)
  onTestFinished(() => origin.close())
  return { origin, ...await standBefore(origin, config) }
}

/** A connection on which a test says what it wants, byte for byte. */
export async function dial (proxy: TestProxy): Promise<RawConnection> {
  const client = await connect(proxy.port)
  onTestFinished(() => { client.socket.destroy() })
  return client
}

/** The first word of what became of it: hit, or why it was forwarded. */
export function way (reply: Reply): string {
  return /^seawall; (?:fwd=)?([a-z-]+)/.exec(cacheStatus(reply) ?? '')?.[1] ?? 'unsaid'
}

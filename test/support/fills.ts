/** What a proxy says of its fetches: those under way, how they ended, and who waited for another's. */
import { until } from './barrier.js'
import type { Reply } from './client.js'

interface Told { stats (): Promise<Record<string, unknown>> }

interface Asked { get (path: string, asked: { headers: Record<string, string> }): Promise<Reply> }

/** Fetches under way, requests that waited for another's so far, and how fetches ended, by kind. */
export async function fills (proxy: Told): Promise<Record<string, number>> {
  return (await proxy.stats())['fills'] as Record<string, number>
}

/** Requests that waited for another's fetch so far. */
export async function collapsed (proxy: Told): Promise<number> {
  return (await fills(proxy))['collapsed']!
}

/** Resolves once `count` requests in all have waited for another's fetch. */
export function waiting (proxy: Told, count: number): Promise<void> {
  return until(`${count} wait`, async () => await collapsed(proxy) === count)
}

/** Resolves once no fetch from the origin is under way, a background one neither. */
export function quiet (proxy: Told): Promise<void> {
  return until('every fetch has ended', async () => (await fills(proxy))['inFlight'] === 0)
}

/** `n` requests for one path at once. */
export function many (proxy: Asked, n: number, path: string, headers: Record<string, string> = {}): Promise<Reply>[] {
  return Array.from({ length: n }, () => proxy.get(path, { headers }))
}

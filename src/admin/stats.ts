/** `GET /stats`: the same numbers as the metrics, for a person or a script, with the ratios worked out. */
import type { Counters } from '../core/counters.js'
import type { LogStats } from '../invalidation/contract.js'
import type { OriginStats } from '../origin/contract.js'
import type { StoreStats } from '../store/contract.js'
import type { Workers } from './metrics.js'

export interface StatsInput {
  readonly counters: Counters
  readonly store: StoreStats
  readonly log: LogStats
  readonly origins?: Readonly<Record<string, OriginStats>> | undefined
  readonly workers?: Workers | undefined
  readonly version: string
  /** Seconds. */
  readonly uptime: number
  /** The section of what processes share, where they do. */
  readonly shared?: object | undefined
}

/** Rounded to four places; null while there is nothing to divide by. */
function ratio (part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round(part / whole * 1e4) / 1e4
}

/** Of all origins together. */
function byCode ({ originErrors }: Counters): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const [error, count] of originErrors) {
    const code = error.slice(error.indexOf(' ') + 1)
    sums[code] = (sums[code] ?? 0) + count
  }
  return sums
}

/**
 * `hitRatio`: of the requests that got a response, those that were answered from the store without waiting for the
 * origin (hit, stale). `originRatio`: origin requests for each of them, background refreshes and retries included.
 */
export function statsOf ({ counters: c, store, log, origins, workers, version, uptime, shared }: StatsInput): object {
  const { hit, stale, revalidated, miss, collapsed, pass } = c.requests
  const originRequests = [...c.originRequests.values()].reduce((sum, n) => sum + n, 0)
  const answered = hit + stale + revalidated + miss + collapsed + pass
  return {
    version,
    uptime: Math.round(uptime),
    hitRatio: ratio(hit + stale, answered),
    originRatio: ratio(originRequests, answered),
    requests: c.requests,
    responses: Object.fromEntries(c.statuses.slice(1).map((n, i) => [`${i + 1}xx`, n])),
    refusals: Object.fromEntries(c.refusals),
    bytes: { in: c.bytesIn, out: c.bytesOut },
    connections: { open: c.connectionsOpen, total: c.connections, dropped: c.connectionsDropped },
    origin: {
      requests: originRequests, retries: c.originRetries, backgroundRefreshes: c.backgroundRefreshes, errors: byCode(c)
    },
    ...(origins === undefined ? {} : { origins }),
    ...(workers === undefined ? {} : { workers: { accepting: workers.accepting, restarts: workers.restarts } }),
    relayed: c.relayed,
    fills: { inFlight: c.fillsInFlight, collapsed: c.collapsed, ...c.fills },
    store,
    invalidation: { ...log, purges: c.purges, writes: c.writeInvalidations },
    log: { dropped: c.logDropped },
    ...(shared === undefined ? {} : { shared })
  }
}

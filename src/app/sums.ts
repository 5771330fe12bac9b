/**
 * What all workers count together, as of the last time they were asked.
 *
 * Invariant: no count goes down while this process lives. Who does not answer counts as it last did; of one that has
 * ended the counts stay, and what it only had (connections, entries) goes with it.
 */
import { Counters } from '../core/counters.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import type { OriginStats } from '../origin/contract.js'
import { RedisCounters } from '../redis/counters.js'
import type { StoreStats } from '../store/contract.js'
import type { Channel } from '../workers/channel.js'
import { add } from '../workers/sum.js'

type OriginsStats = Readonly<Record<string, OriginStats>>

/** What a worker answers when it is asked for its `counters`. */
export interface Report { readonly counters: Counters, readonly store: StoreStats, readonly origins: OriginsStats, readonly redis: RedisCounters | undefined }

const NOTHING: StoreStats = { entries: 0, records: 0, bytes: 0, limit: 0, evictions: 0, refusals: 0 }

export class Sums {
  /** What this process counts itself: purges. */
  readonly own = new Counters()
  readonly counters = new Counters()
  readonly redis = new RedisCounters()
  store = NOTHING
  origins: OriginsStats = {}
  private readonly last = new Map<string, Report>()
  /** Of all that have ended. */
  private gone: Report = { counters: new Counters(), store: NOTHING, origins: {}, redis: new RedisCounters() }

  /** Asks every worker, by its id, and waits `limit` at most. */
  async collect (workers: ReadonlyMap<string, Pick<Channel, 'ask'>>, limit: Ms, logger: Logger): Promise<void> {
    await Promise.all([...workers].map(async ([id, channel]) => {
      try {
        this.last.set(id, await channel.ask<Report>('counters', undefined, limit))
      } catch (err) {
        logger.warn({ err, id }, 'a worker does not say what it has counted')
      }
    }))
    const total = sum([this.gone, ...this.last.values()])
    add(total.counters, this.own)
    Object.assign(this.counters, total.counters)
    Object.assign(this.redis, total.redis)
    this.store = total.store
    this.origins = total.origins
  }

  /** Nothing more is to be heard of this worker. */
  ended (id: string): void {
    const report = this.last.get(id)
    if (report === undefined) return
    this.last.delete(id)
    this.gone = sum([this.gone, countsOf(report)])
  }
}

function sum (reports: readonly Report[]): Report & { readonly redis: RedisCounters } {
  const total = { counters: new Counters(), store: { ...NOTHING }, origins: worst(reports.map(({ origins }) => origins)), redis: new RedisCounters() }
  for (const { counters, store, redis } of reports) {
    add(total.counters, counters)
    add(total.store, store)
    if (redis !== undefined) add(total.redis, redis)
  }
  return total
}

function countsOf ({ counters, store: { evictions, refusals }, origins, redis }: Report): Report {
  return {
    counters: { ...counters, fillsInFlight: 0, connectionsOpen: 0 } as Counters,
    store: { ...NOTHING, evictions, refusals },
    origins: Object.fromEntries(Object.entries(origins).map(([name, one]) =>
      [name, { ...one, breaker: 'closed' as const, healthy: one.addresses, active: 0, queued: 0 }])),
    redis
  }
}

const BREAKER_WORSE: readonly OriginStats['breaker'][] = ['closed', 'half-open', 'open']

/** Of each origin, as the worker sees it that sees it worst; what is under way or was refused is added up. */
function worst (reports: readonly OriginsStats[]): OriginsStats {
  const all: Record<string, OriginStats> = {}
  for (const [name, one] of reports.flatMap(report => Object.entries(report))) {
    const other = all[name]
    all[name] = other === undefined ? one : {
      breaker: BREAKER_WORSE[Math.max(BREAKER_WORSE.indexOf(one.breaker), BREAKER_WORSE.indexOf(other.breaker))]!,
      addresses: one.addresses, healthy: Math.min(one.healthy, other.healthy), active: one.active + other.active, queued: one.queued + other.queued,
      rejected: { busy: one.rejected.busy + other.rejected.busy, unavailable: one.rejected.unavailable + other.rejected.unavailable }
    }
  }
  return all
}

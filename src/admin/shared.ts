/** What is told of the Redis that processes share: metrics, the section of /stats, the details of /readyz. */
import type { LogStats } from '../invalidation/contract.js'
import type { RedisCounters } from '../redis/counters.js'
import type { RedisHealth } from '../redis/health.js'
import type { LinkState } from '../redis/link.js'
import { buckets, labelled, type Add } from './samples.js'

export interface SharedSources {
  readonly counters: RedisCounters
  /** Of the connection requests use. */
  readonly state: () => LinkState
  readonly health: () => RedisHealth | undefined
  readonly log: () => LogStats
}

const STATES: readonly LinkState[] = ['ready', 'down', 'open']

export function sharedMetrics (add: Add, { counters: c, state, health, log }: SharedSources): void {
  add('gauge', 'seawall_redis_state', '1 for what the connection is: ready, down, or open (the breaker).',
    () => labelled('state', STATES.map(name => [name, Number(state() === name)])))
  add('histogram', 'seawall_redis_duration_seconds', 'Round trip of a command.', () => buckets('seawall_redis_duration_seconds', c.roundTrip))
  add('counter', 'seawall_redis_errors_total', 'Commands that brought nothing, by fault.', () => labelled('fault', Object.entries(c.faults)))
  add('counter', 'seawall_redis_lookups_total', 'Lookups of what memory did not hold.', () => labelled('result', [['hit', c.hits], ['miss', c.misses]]))
  add('counter', 'seawall_redis_writes_total', 'Records written.', () => c.writes)
  add('counter', 'seawall_redis_writes_refused_total', 'Writes that something newer or a lost lease made pointless.', () => c.writesRefused)
  add('counter', 'seawall_redis_undecodable_total', 'Values that did not decode, and were deleted.', () => c.undecodable)
  add('counter', 'seawall_redis_connection_errors_total', 'Connections that could not be opened, or broke.', () => c.connectionErrors)
  add('counter', 'seawall_redis_leases_total', 'Leases asked for, by who held them.', () => labelled('holder', [['here', c.leasesHeld], ['elsewhere', c.leasesWaited]]))
  add('gauge', 'seawall_redis_used_memory_bytes', 'Memory Redis uses.', () => health()?.usedMemory ?? 0)
  add('gauge', 'seawall_redis_max_memory_bytes', 'Its limit; 0 is none.', () => health()?.maxMemory ?? 0)
  add('gauge', 'seawall_redis_evicted_keys', 'Keys it has evicted.', () => health()?.evictedKeys ?? 0)
  add('gauge', 'seawall_redis_warnings', 'Settings of it that may surprise; /stats names them.', () => health()?.warnings.length ?? 0)
  add('gauge', 'seawall_log_joined', '1 once the shared log of purges was read.', () => Number(log().joined ?? false))
  add('gauge', 'seawall_log_contact_age_seconds', 'Since the shared log was last reached.', () => (log().contactAge ?? 0) / 1000)
  add('counter', 'seawall_log_epochs_total', 'Times the shared log began, as this process has seen it: once, unless it was lost.', () => log().epochs ?? 0)
  add('gauge', 'seawall_log_lag', 'Events of the shared log known of and not applied yet.', () => log().lag ?? 0)
  add('gauge', 'seawall_log_members', 'Processes that share the log, this one included.', () => log().members ?? 0)
}

export function sharedStats ({ counters: c, state, health, log }: SharedSources): object {
  const { joined, contactAge, lag, members, epochs } = log()
  return {
    state: state(),
    lookups: { hits: c.hits, misses: c.misses },
    writes: { done: c.writes, refused: c.writesRefused },
    leases: { here: c.leasesHeld, elsewhere: c.leasesWaited },
    undecodable: c.undecodable,
    connectionErrors: c.connectionErrors,
    errors: Object.fromEntries(Object.entries(c.faults).filter(([, count]) => count > 0)),
    log: { joined, contactAge, lag, members, epochs },
    ...health()
  }
}

/** Beside `ready`: a process that has not joined is outside of what a purge promises. */
export function sharedDetails ({ state, log }: SharedSources): Record<string, unknown> {
  const { joined, contactAge, members } = log()
  return { redis: state(), log: { joined, contactAge, members } }
}

/** What is counted of Redis. Plain numbers, read at scrape. */
import { Histogram } from '../core/counters.js'
import { REDIS_FAULTS, type RedisFault } from './failure.js'

export class RedisCounters {
  readonly roundTrip = new Histogram([0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 500, 2000])
  readonly faults = Object.fromEntries(REDIS_FAULTS.map(fault => [fault, 0])) as Record<RedisFault, number>
  /** Looked up in Redis, and found or not. What memory answered is not looked up. */
  hits = 0
  misses = 0
  writes = 0
  /** Writes that something newer, a lost lease, or too small a rest of life made pointless. */
  writesRefused = 0
  /** Values that did not decode, and were deleted. */
  undecodable = 0
  /** Connections that could not be opened, or broke, and subscriptions that failed; all are tried again. */
  connectionErrors = 0
  /** Of the breaker, both ways. */
  transitions = 0
  /** Fetches another process did for us. */
  leasesWaited = 0
  leasesHeld = 0

  count (fault: RedisFault): void {
    this.faults[fault]++
  }
}

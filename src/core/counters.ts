/**
 * What is counted. Plain numbers that the paths add to and the metrics read at scrape; nothing here allocates.
 * A histogram's bucket i counts observations up to BOUNDS[i]; the last counts the rest.
 */
import { FILL_ENDS, OUTCOMES, type FillEnd, type Outcome } from './reasons.js'
import type { ErrorCode } from './errors.js'
import type { Ms } from './types.js'

export class Histogram {
  /** Upper bounds in ms, ascending. */
  readonly bounds: readonly Ms[]
  readonly counts: number[]
  sum: Ms = 0

  constructor (bounds: readonly Ms[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe (value: Ms): void {
    let i = 0
    while (i < this.bounds.length && value > this.bounds[i]!) i++
    this.counts[i]!++
    this.sum += value
  }
}

/** Which origin failed, and how. Its name holds no blank. */
export type OriginError = `${string} ${ErrorCode}`

export class Counters {
  readonly requests = Object.fromEntries(OUTCOMES.map(o => [o, 0])) as Record<Outcome, number>
  readonly fills = Object.fromEntries(FILL_ENDS.map(e => [e, 0])) as Record<FillEnd, number>
  /** By status class, index 1 to 5. */
  readonly statuses = [0, 0, 0, 0, 0, 0]
  readonly refusals = new Map<ErrorCode, number>()
  /** By the origin's name. */
  readonly originRequests = new Map<string, number>()
  readonly originErrors = new Map<OriginError, number>()
  readonly hitTime = new Histogram([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 100])
  /** From asking the origin to its head. */
  readonly originTime = new Histogram([1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000])
  bytesOut = 0
  bytesIn = 0
  collapsed = 0
  /** Passed on to the worker that owns the key. */
  relayed = 0
  fillsInFlight = 0
  originRetries = 0
  backgroundRefreshes = 0
  purges = 0
  writeInvalidations = 0
  connections = 0
  connectionsOpen = 0
  /** Closed as they came, beyond the limit. */
  connectionsDropped = 0
  handshakesFailed = 0
  /** Log lines that could not be written. */
  logDropped = 0

  count<Key> (map: Map<Key, number>, key: Key): void {
    map.set(key, (map.get(key) ?? 0) + 1)
  }
}

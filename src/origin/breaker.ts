/**
 * Whether an origin is asked at all.
 *
 *   closed ──failures in a row──▶ open ──probe ms──▶ half-open: one request at a time finds out
 *      ▲                           ▲                    │
 *      └──────── any answer ───────┴──── no answer ─────┘
 *
 * Invariants: an answer closes it, whatever its status and however long ago it was asked for; while it is open nothing is
 * sent; in half-open at most one request goes out each `probe` ms, however long the one before it takes; each change is
 * told once.
 */
import type { Clock } from '../core/clock.js'
import { SeawallError } from '../core/errors.js'
import type { Ms } from '../core/types.js'
import type { BreakerConfig } from './config.js'
import type { BreakerState } from './contract.js'

/** What a refused client is told to wait at least. */
const LEAST_WAIT: Ms = 1000

export class Breaker {
  private readonly config: BreakerConfig
  private readonly clock: Clock
  private readonly changed: (state: BreakerState, before: BreakerState) => void
  private failures = 0
  private openUntil: Ms = 0
  /** The request that is to find out; 0: none is under way. */
  private probing = 0
  private probedAt: Ms = 0
  private probes = 0
  state: BreakerState = 'closed'

  constructor (config: BreakerConfig, clock: Clock, changed: (state: BreakerState, before: BreakerState) => void) {
    this.config = config
    this.clock = clock
    this.changed = changed
  }

  /** Throws `origin_unavailable` where `admit` would, and changes nothing. */
  check (): void {
    if (this.state !== 'closed' && (this.left > 0 || this.awaited)) {
      throw new SeawallError('origin_unavailable', { retryAfter: Math.max(this.left, LEAST_WAIT) })
    }
  }

  /** A request is about to be sent. Names it, if it is one that finds out; else 0. Throws `origin_unavailable`. */
  admit (): number {
    this.check()
    if (this.state === 'closed') return 0
    this.probing = ++this.probes
    this.probedAt = this.clock.now()
    this.become('half-open')
    return this.probing
  }

  answered (): void {
    this.failures = 0
    this.probing = 0
    this.become('closed')
  }

  /** No connection, or no answer in time. Of the requests sent before it opened, none keeps it open longer. */
  failed (probe: number): void {
    const probed = this.isCurrent(probe)
    if (this.state !== 'closed' && !probed) return
    this.failures++
    if (this.config.failures === 0 || (!probed && this.failures < this.config.failures)) return
    this.probing = 0
    this.openUntil = this.clock.now() + this.config.probe
    this.become('open')
  }

  /** It ended without telling anything of the origin: the next one is to find out. */
  untold (probe: number): void {
    if (this.isCurrent(probe)) this.probing = 0
  }

  private isCurrent (probe: number): boolean {
    return probe !== 0 && probe === this.probing
  }

  /** One may wait for its client, who sends its body slowly: that is not to keep all others out. */
  private get awaited (): boolean {
    return this.probing !== 0 && this.clock.now() - this.probedAt < this.config.probe
  }

  private become (state: BreakerState): void {
    if (state === this.state) return
    const before = this.state
    this.state = state
    this.changed(state, before)
  }

  private get left (): Ms {
    return this.openUntil - this.clock.now()
  }
}

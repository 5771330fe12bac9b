/**
 * Whether one address of an origin is well, from what requests and checks meet there. Invariants: it changes only after
 * that many of the same in a row; an address nobody checks is tried again by one request every `interval`.
 */
import type { Clock } from '../core/clock.js'
import type { Ms } from '../core/types.js'
import type { HealthConfig } from './config.js'

export class Health {
  private readonly config: HealthConfig
  private readonly clock: Clock
  private readonly changed: (healthy: boolean) => void
  /** Contradictions of the present state in a row. */
  private against = 0
  private tryAt: Ms = 0
  healthy = true

  constructor (config: HealthConfig, clock: Clock, changed: (healthy: boolean) => void) {
    this.config = config
    this.clock = clock
    this.changed = changed
  }

  /** Whether requests may go there by choice. */
  get usable (): boolean {
    return this.healthy || (this.config.path === undefined && this.clock.now() >= this.tryAt)
  }

  /** A request goes there. */
  tried (): void {
    if (!this.healthy) this.tryAt = this.clock.now() + this.config.interval
  }

  passed (): void {
    if (!this.healthy) this.tryAt = this.clock.now()
    this.count(true, this.config.healthy)
  }

  failed (): void {
    this.tryAt = this.clock.now() + this.config.interval
    this.count(false, this.config.unhealthy)
  }

  private count (healthy: boolean, needed: number): void {
    this.against = healthy === this.healthy ? 0 : this.against + 1
    if (this.against < needed) return
    this.against = 0
    this.healthy = healthy
    this.changed(healthy)
  }
}

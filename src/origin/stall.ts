/**
 * One deadline that moves: counts only while someone waits for the origin. Moving it costs a reading of the clock;
 * the timer behind it is set once and looks again when it fires.
 */
import type { Clock, Timer } from '../core/clock.js'
import type { Ms } from '../core/types.js'

export class Stall {
  private readonly clock: Clock
  private readonly expired: () => void
  private timer: Timer | undefined
  private counting = false
  private since: Ms = 0
  private limit: Ms = 0

  constructor (clock: Clock, expired: () => void) {
    this.clock = clock
    this.expired = expired
  }

  /** Counts `limit` ms from now. */
  start (limit: Ms): void {
    this.since = this.clock.now()
    this.counting = true
    if (limit !== this.limit) {
      this.limit = limit
      this.clear()
    }
    this.timer ??= this.clock.after(limit, this.look)
  }

  /** Stops counting until the next `start`. */
  pause (): void {
    this.counting = false
  }

  /** For good. */
  end (): void {
    this.counting = false
    this.clear()
  }

  private clear (): void {
    this.timer?.cancel()
    this.timer = undefined
  }

  private readonly look = (): void => {
    this.timer = undefined
    if (!this.counting) return
    const left = this.since + this.limit - this.clock.now()
    if (left <= 0) this.expired()
    else this.timer = this.clock.after(Math.ceil(left), this.look)
  }
}

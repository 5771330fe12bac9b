/** The deadlines of one exchange: one that moves with what is waited for, and perhaps one over everything. */
import type { Clock, Timer } from '../core/clock.js'
import type { OriginTimeouts } from './config.js'
import { Stall } from './stall.js'

export class Deadlines {
  private readonly clock: Clock
  private readonly timeouts: OriginTimeouts
  private readonly expired: () => void
  private readonly stall: Stall
  private total: Timer | undefined

  constructor (clock: Clock, timeouts: OriginTimeouts, expired: () => void) {
    this.clock = clock
    this.timeouts = timeouts
    this.expired = expired
    this.stall = new Stall(clock, expired)
  }

  begin (): void {
    if (this.timeouts.total !== undefined) this.total = this.clock.after(this.timeouts.total, this.expired)
  }

  /** Counts, from now, until the head of the answer is there. */
  awaitHead (): void {
    this.stall.start(this.timeouts.headers)
  }

  /** Counts, from now, until more of the body is there. */
  awaitBody (): void {
    this.stall.start(this.timeouts.body)
  }

  /** The origin keeps nobody waiting. */
  pause (): void {
    this.stall.pause()
  }

  end (): void {
    this.stall.end()
    this.total?.cancel()
  }
}

/**
 * Who keeps whom waiting in one exchange: the origin, which has deadlines, or its own client, which has a pace.
 * Invariant: the origin's deadlines count only while nobody but the origin is waited for.
 */
import type { Clock } from '../core/clock.js'
import type { Ms } from '../core/types.js'
import type { OriginTimeouts } from './config.js'
import type { OriginRequest } from './contract.js'
import { Deadlines } from './deadlines.js'
import { Pace } from './pace.js'

export class Waits {
  private readonly clock: Clock
  private readonly deadlines: Deadlines
  private readonly pace = new Pace()
  private over = false
  /** The next piece of the request's body is the client's to send. */
  private uploading = false
  private answered = false
  /** A read waits for the origin. */
  private reading = false
  /** More of the answer is here than its client takes. */
  private held = false

  private readonly unattended: (() => Ms | undefined) | undefined

  constructor (clock: Clock, timeouts: OriginTimeouts, unattended: OriginRequest['unattended'], expired: () => void) {
    this.clock = clock
    this.unattended = unattended
    this.deadlines = new Deadlines(clock, timeouts, expired)
  }

  begin (): void {
    this.deadlines.begin()
    this.watch()
  }

  end (): void {
    this.over = true
    this.deadlines.end()
  }

  upload (waiting: boolean): void {
    this.uploading = waiting
    this.keep()
  }

  hold (held: boolean): void {
    this.held = held
    this.keep()
  }

  read (reading: boolean): void {
    this.reading = reading
    this.watch()
  }

  /** The answer's head is here. */
  answer (): void {
    this.answered = true
    this.watch()
  }

  /** So many bytes came from the client, or are to go to it. */
  move (bytes: number): void {
    this.pace.move(bytes)
  }

  /** By how much its client, or that there is none, keeps it longer than a slow one would. */
  lag (now: Ms): Ms {
    const since = this.unattended?.()
    return since === undefined ? this.pace.lag(now) : Math.max(this.pace.lag(now), this.pace.unattended(since, now))
  }

  private keep (): void {
    this.pace.wait(this.held || this.uploading, this.clock.now())
    this.watch()
  }

  private watch (): void {
    if (this.over || this.uploading) this.deadlines.pause()
    else if (!this.answered) this.deadlines.awaitHead()
    else if (this.reading) this.deadlines.awaitBody()
    else this.deadlines.pause()
  }
}

/**
 * Deadlines that are all equally far off, so that what began first is due first: one timer for all of them, set once and
 * looking again when it fires.
 *
 * Invariants: each deadline is met or missed, once; a reply that this process was too busy to read is not late: what has
 * arrived by the time it looks is read before anything is missed; what is over is named by nothing here.
 */
import type { Clock, Timer } from '../core/clock.js'
import type { Ms } from '../core/types.js'

/** What is sent together. */
export interface Batch { sentAt: Ms }

export interface Deadline {
  readonly batch: Batch
  readonly missed: () => void
  previous: Deadline | undefined
  next: Deadline | undefined
  pending: boolean
}

export class Deadlines {
  private readonly clock: Clock
  private readonly limit: Ms
  private first: Deadline | undefined
  private last: Deadline | undefined
  private timer: Timer | undefined

  /** `limit`: how far off each is, from when its batch is sent. */
  constructor (clock: Clock, limit: Ms) {
    this.clock = clock
    this.limit = limit
  }

  /** `batch` is not sent before those begun earlier. */
  begin (batch: Batch, missed: () => void): Deadline {
    const deadline: Deadline = { batch, missed, previous: this.last, next: undefined, pending: true }
    if (this.last === undefined) this.first = deadline
    else this.last.next = deadline
    this.last = deadline
    this.timer ??= this.clock.after(this.limit, this.look)
    return deadline
  }

  /** False: it was missed, or met before. */
  meet (deadline: Deadline): boolean {
    if (!deadline.pending) return false
    const { previous, next } = deadline
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    deadline.previous = deadline.next = undefined
    deadline.pending = false
    return true
  }

  private readonly look = (): void => {
    const { first, clock } = this
    if (first === undefined) {
      this.timer = undefined
      return
    }
    const now = clock.now()
    const left = this.left(first, now)
    if (left > 0) this.timer = clock.after(Math.ceil(left), this.look)
    else setImmediate(() => { this.miss(now) })
  }

  /** All that was due at `now` and is still not met. */
  private miss (now: Ms): void {
    for (let due = this.first; due !== undefined && this.left(due, now) <= 0; due = this.first) {
      this.meet(due)
      due.missed()
    }
    this.look()
  }

  private left ({ batch }: Deadline, now: Ms): Ms {
    return batch.sentAt + this.limit - now
  }
}

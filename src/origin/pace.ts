/**
 * How far a request's own client lags behind: one that sends its body, or takes its answer, a byte now and then holds a
 * place that others wait for. So does an answer that comes as slowly and that nobody waits for.
 */
import type { Ms } from '../core/types.js'

/** Bytes a ms that nobody is called slow for: 8 KiB a second. */
const SLOW = 8192 / 1000

export class Pace {
  /** Since when the client is waited for. */
  private since: Ms | undefined
  private waited: Ms = 0
  /** Bytes that came from it, or went to it, since it was first waited for. */
  private moved = 0
  private total = 0

  /** Whether the client is waited for from `now` on. */
  wait (waiting: boolean, now: Ms): void {
    if (waiting) this.since ??= now
    else if (this.since !== undefined) {
      this.waited += now - this.since
      this.since = undefined
    }
  }

  move (bytes: number): void {
    this.total += bytes
    if (this.since !== undefined || this.waited > 0) this.moved += bytes
  }

  /** By how much it was waited for longer than a slow one would need for what it moved; 0 where it is not waited for now. */
  lag (now: Ms): Ms {
    return this.since === undefined ? 0 : this.waited + now - this.since - this.moved / SLOW
  }

  /** Likewise, of an exchange that nobody has waited for since `since`. */
  unattended (since: Ms, now: Ms): Ms {
    return now - since - this.total / SLOW
  }
}

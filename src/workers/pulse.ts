/**
 * Whether another process stands still: it is asked again and again, and given up once it has left many rounds in a row
 * unanswered.
 *
 * Invariant: a round counts only if it ended about when it was due here, with all that had arrived read: where this
 * process stood still itself, alone or with the whole machine, nobody else is blamed for it.
 */
import type { Clock } from '../core/clock.js'
import type { Ms } from '../core/types.js'

export const ROUND: Ms = 1_000

export interface PulseOptions {
  readonly clock: Clock
  /** Once a round: what it was asked before it listened is lost. Rejects where no answer came. */
  readonly ask: () => Promise<unknown>
  /** Rounds in a row that may stay unanswered, now. */
  readonly patience: () => number
  /** Called once. */
  readonly onStill: () => void
}

/** Returns what ends it. */
export function watchPulse ({ clock, ask, patience, onStill }: PulseOptions): () => void {
  let heard = false
  let missed = 0
  let ended = false

  function begin (): void {
    // silence is what is counted
    ask().then(() => { heard = true }, () => undefined)
    const due = clock.now() + ROUND
    clock.after(ROUND, () => {
      const late = clock.now() - due
      // an answer may have arrived and not been read yet
      setImmediate(() => { look(late) })
    })
  }

  function look (late: Ms): void {
    if (ended) return
    if (heard) missed = 0
    else if (late < ROUND) missed++
    heard = false
    if (missed < patience()) begin()
    else onStill()
  }

  begin()
  return () => { ended = true }
}

/** A clock that tests wind by hand. */
import type { Clock } from '../../src/core/clock.js'
import type { Ms } from '../../src/core/types.js'

export interface ManualClock extends Clock {
  /** Moves both clocks on and fires what falls due, in order. */
  advance (by: Ms): void
}

export function manualClock (wall = Date.UTC(2026, 0, 1)): ManualClock {
  let now = 1_000_000
  let timers: { at: Ms, callback: () => void }[] = []
  return {
    now: () => now,
    wall: () => wall,
    after (delay, callback) {
      const timer = { at: now + delay, callback }
      timers.push(timer)
      return { cancel: () => { timers = timers.filter(t => t !== timer) } }
    },
    advance (by) {
      const end = now + by
      for (;;) {
        const due = timers.filter(t => t.at <= end).sort((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers = timers.filter(t => t !== due)
        wall += due.at - now
        now = due.at
        due.callback()
      }
      wall += end - now
      now = end
    }
  }
}

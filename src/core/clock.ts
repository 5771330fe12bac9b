/** Time, injectable so that tests decide what it is. */
import type { Ms } from './types.js'

export interface Timer { cancel (): void }

export interface Clock {
  /** Monotonic; says how long, never what o'clock. */
  now (): Ms
  /** Unix time. Only for what is written in or read from a Date-like field. */
  wall (): Ms
  /** Calls back once, after at least `delay`. Never keeps the process alive. */
  after (delay: Ms, callback: () => void): Timer
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after (delay, callback) {
    const timer = setTimeout(callback, delay)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  }
}

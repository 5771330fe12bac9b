/** Waiting for what comes in bursts to stop coming. */
import type { Clock } from './clock.js'
import type { Ms } from './types.js'

/** Resolves once `count` has said the same twice in a row, and after `longest` ms whatever it says. Rejects as `count` does. */
export function steady (count: () => Promise<number>, longest: Ms, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = clock.now() + longest
    const timer = clock.after(longest, resolve)
    const look = async (): Promise<void> => {
      for (let before: number | undefined, now = await count(); now !== before && clock.now() < end; now = await count()) before = now
    }
    look().finally(() => { timer.cancel() }).then(resolve, reject)
  })
}

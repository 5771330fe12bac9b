/** Which keys are asked for again within seconds: worth a copy of one's own. Bounded in number. */
import type { Clock } from '../core/clock.js'
import type { Ms } from '../core/types.js'

const ROUND: Ms = 5_000
const MOST = 10_000

export class Hot {
  private readonly clock: Clock
  private now = new Set<string>()
  private before = new Set<string>()
  private until = 0

  constructor (clock: Clock) {
    this.clock = clock
  }

  /** Whether the key was asked for a moment ago; counts this time. */
  hit (key: string): boolean {
    const time = this.clock.now()
    if (time >= this.until || this.now.size >= MOST) {
      this.before = this.now
      this.now = new Set()
      this.until = time + ROUND
    }
    const again = this.now.has(key) || this.before.has(key)
    this.now.add(key)
    return again
  }
}

/** What was noted within a span, and some of what was before. Costs nothing while nothing is noted. */
import type { Clock } from '../core/clock.js'
import type { Ms } from '../core/types.js'

export class Lately<Key, Value> {
  private readonly clock: Clock
  private readonly span: Ms
  private now = new Map<Key, Value>()
  private before = new Map<Key, Value>()
  private until: Ms = -Infinity

  constructor (clock: Clock, span: Ms) {
    this.clock = clock
    this.span = span
  }

  note (key: Key, value: Value): void {
    const time = this.clock.now()
    if (time >= this.until) {
      this.before = this.now
      this.now = new Map()
      this.until = time + this.span
    }
    this.now.set(key, value)
  }

  * [Symbol.iterator] (): IterableIterator<[Key, Value]> {
    yield * this.before
    yield * this.now
  }
}

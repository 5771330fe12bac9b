/**
 * What time it is in Redis, without asking each time. Always on the early side: what is written as if it were earlier
 * ends earlier, and counts as older.
 */
import type { Clock } from '../core/clock.js'
import type { Ms } from '../core/types.js'
import type { RedisLink } from './link.js'

const GOOD_FOR: Ms = 5_000

export class RedisTime {
  private readonly link: RedisLink
  private readonly clock: Clock
  private known: { readonly us: number, readonly receivedAt: Ms } | undefined
  private asking: Promise<void> | undefined

  constructor (link: RedisLink, clock: Clock) {
    this.link = link
    this.clock = clock
  }

  /** Unix time in µs at `now` or a little before. Rejects with a RedisFailure. */
  async at (now: Ms): Promise<number> {
    if (this.known === undefined || this.clock.now() - this.known.receivedAt > GOOD_FOR) await this.ask()
    const { us, receivedAt } = this.known!
    return us + Math.floor((now - receivedAt) * 1000)
  }

  private ask (): Promise<void> {
    return this.asking ??= this.asked().finally(() => { this.asking = undefined })
  }

  private async asked (): Promise<void> {
    const [seconds, us] = await this.link.call('TIME') as [Buffer, Buffer]
    this.known = { us: Number(seconds) * 1e6 + Number(us), receivedAt: this.clock.now() }
  }
}

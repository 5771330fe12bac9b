/**
 * What time it is in Redis, without asking each time. It is known only to lie between two instants: when it was asked for
 * and when the answer came.
 */
import type { Clock } from '../core/clock.js'
import type { Ms } from '../core/types.js'
import type { RedisLink } from './link.js'
import { list, number } from './reply.js'

const GOOD_FOR: Ms = 5_000
/** Two clocks that run as differently as NTP allows (500 ppm each). */
const DRIFT = 0.001

export class RedisTime {
  private readonly link: Pick<RedisLink, 'call'>
  private readonly clock: Clock
  private known: { readonly us: number, readonly sentAt: Ms, readonly receivedAt: Ms } | undefined
  private asking: Promise<void> | undefined

  constructor (link: Pick<RedisLink, 'call'>, clock: Clock) {
    this.link = link
    this.clock = clock
  }

  /** Before `early` and `late`. Undefined: they can be told at once. Rejects with a RedisFailure. */
  ready (): Promise<void> | undefined {
    const { known } = this
    if (known !== undefined && this.clock.now() - known.receivedAt <= GOOD_FOR) return undefined
    return this.asking ??= this.ask().finally(() => { this.asking = undefined })
  }

  /** Unix time in µs at `now`, or a little before. */
  early (now: Ms): number {
    const { us, receivedAt } = this.known!
    return Math.floor(us + 1000 * slower(now - receivedAt))
  }

  /** Unix time in µs at `now`, or a little after. */
  late (now: Ms): number {
    const { us, sentAt } = this.known!
    return Math.ceil(us - 1000 * slower(sentAt - now))
  }

  private async ask (): Promise<void> {
    const sentAt = this.clock.now()
    const [seconds, us] = list(await this.link.call('TIME'))
    this.known = { us: number(seconds) * 1e6 + number(us), sentAt, receivedAt: this.clock.now() }
  }
}

/** A span of this process's clock as the slower of the two would have it. */
function slower (span: Ms): Ms {
  return span - DRIFT * Math.abs(span)
}

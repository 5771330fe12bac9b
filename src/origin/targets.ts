/** The addresses of one origin, and which of them is asked next. */
import type { Balance } from './config.js'
import type { Health } from './health.js'
import type { Pool } from './pool.js'

export interface Target {
  readonly pool: Pool
  readonly health: Health
  /** Requests under way. */
  load: number
}

export class Targets {
  readonly all: readonly Target[]
  private readonly balance: Balance
  private next = 0

  /** `all` is not empty. */
  constructor (all: readonly Target[], balance: Balance) {
    this.all = all
    this.balance = balance
  }

  get healthy (): number {
    return this.all.filter(target => target.health.healthy).length
  }

  /** One that is well; if none is, one all the same. */
  pick (): Target {
    if (this.all.length === 1) return this.all[0]!
    return this.choose(this.all.filter(target => target.health.usable)) ?? this.choose(this.all)!
  }

  /** Another one that is well. */
  pickOther (than: Target): Target | undefined {
    return this.choose(this.all.filter(target => target !== than && target.health.usable))
  }

  /** In turn; the least loaded are those who take turns, if so configured. */
  private choose (among: readonly Target[]): Target | undefined {
    if (among.length < 2) return among[0]
    const least = this.balance === 'round-robin' ? Infinity : Math.min(...among.map(target => target.load))
    const eligible = among.filter(target => target.load <= least)
    return eligible[this.next++ % eligible.length]
  }
}

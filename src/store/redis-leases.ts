/**
 * Leases in Redis: a hash of the holder's token, what it told, and whether anybody waits; it ends by itself unless it is
 * extended. Who waits is woken by a hint, and looks for itself all the same.
 */
import { randomUUID } from 'node:crypto'
import type { Clock, Timer } from '../core/clock.js'
import type { Ms, StoreKey } from '../core/types.js'
import type { RedisCounters } from '../redis/counters.js'
import { RedisFailure } from '../redis/failure.js'
import type { KeySpace } from '../redis/keys.js'
import type { RedisLink } from '../redis/link.js'
import { list, number, string } from '../redis/reply.js'
import type { Subscriber } from '../redis/subscriber.js'
import type { Acquired, Lease, Leases, Told } from './leases.js'
import { ACQUIRE, ANNOUNCE, EXTEND, LOOK, RELEASE } from './redis-scripts.js'

export interface RedisLeasesOptions {
  readonly link: RedisLink
  readonly keys: KeySpace
  readonly subscriber: Pick<Subscriber, 'on'>
  readonly clock: Clock
  readonly counters: RedisCounters
  /** How long a holder may be silent; default 4 s. */
  readonly life?: Ms
}

/** Longer than a process busy with a thousand clients is silent. */
const LIFE: Ms = 4_000
/** Between two looks of one who waits. */
const LOOK_EVERY: Ms = 100
const TOPIC = 'lease'
const WORDS: ReadonlySet<string> = new Set<Told>(['storable', 'unstorable', 'large', 'slow'])

export function createRedisLeases (options: RedisLeasesOptions): Leases {
  return new RedisLeases(options)
}

class RedisLeases implements Leases {
  private readonly options: RedisLeasesOptions
  private readonly life: Ms
  /** By name of the key: to be woken. */
  private readonly waiting = new Map<string, Set<() => void>>()

  constructor (options: RedisLeasesOptions) {
    this.options = options
    this.life = options.life ?? LIFE
    options.subscriber.on(TOPIC, name => { for (const wake of this.waiting.get(name) ?? []) wake() })
  }

  async acquire (key: StoreKey, known: string | undefined): Promise<Acquired> {
    const { link, keys, counters } = this.options
    const name = keys.name(key)
    const token = randomUUID()
    try {
      const [held, ...reply] = list(await link.eval(ACQUIRE, [keys.record(name), keys.lease(name)], [token, this.life]))
      if (held === 0) {
        const [holder, told] = reply.map(string)
        counters.leasesWaited++
        return this.elsewhere(name, holder!, word(told!))
      }
      const [seconds, us, copy] = reply
      const startedAt = number(seconds) * 1e6 + number(us)
      const stored = string(copy)
      counters.leasesHeld++
      return { kind: 'held', lease: new HeldLease(this.options, this.life, key, token, startedAt), changed: stored !== '' && stored !== known }
    } catch (thrown) {
      if (thrown instanceof RedisFailure) return { kind: 'alone' }
      throw thrown
    }
  }

  private elsewhere (name: string, holder: string, told: Told | undefined): Acquired {
    let heard = told
    let left = false
    return {
      kind: 'elsewhere', told,
      leave: () => { left = true },
      next: async () => {
        for (;;) {
          // listens before it looks, so that no hint falls in between
          const woken = this.woken(name)
          const now = left ? 'free' : await this.look(name, holder)
          if (now === 'free') return 'free'
          if (now !== heard && now !== undefined) return heard = now
          await woken
        }
      }
    }
  }

  /** What `holder` told so far; `free` also where another one has it by now. Where Redis does not say, nobody is waited for. */
  private async look (name: string, holder: string): Promise<Told | 'free' | undefined> {
    const { link, keys } = this.options
    try {
      const reply = await link.eval(LOOK, [keys.lease(name)], [])
      if (reply === null) return 'free'
      const [token, told] = list(reply)
      return string(token) === holder ? word(string(told)) : 'free'
    } catch (thrown) {
      if (thrown instanceof RedisFailure) return 'free'
      throw thrown
    }
  }

  private woken (name: string): Promise<void> {
    const { clock } = this.options
    return new Promise(resolve => {
      const waiting = this.waiting.get(name) ?? new Set()
      this.waiting.set(name, waiting)
      const wake = (): void => {
        timer.cancel()
        waiting.delete(wake)
        if (waiting.size === 0) this.waiting.delete(name)
        resolve()
      }
      const timer = clock.after(LOOK_EVERY, wake)
      waiting.add(wake)
    })
  }
}

class HeldLease implements Lease {
  readonly key: StoreKey
  readonly token: string
  readonly startedAt: number
  lost = false
  private readonly options: RedisLeasesOptions
  private readonly life: Ms
  private readonly name: string
  private timer: Timer | undefined
  private released = false

  constructor (options: RedisLeasesOptions, life: Ms, key: StoreKey, token: string, startedAt: number) {
    this.options = options
    this.life = life
    this.key = key
    this.name = options.keys.name(key)
    this.token = token
    this.startedAt = startedAt
    this.later()
  }

  announce (told: Told): void {
    const { keys, link } = this.options
    if (this.released || this.lost) return
    void this.said(link.eval(ANNOUNCE, [keys.lease(this.name)], [this.token, told, keys.channel, `${TOPIC} ${this.name}`]))
  }

  async release (): Promise<void> {
    const { keys, link } = this.options
    if (this.released) return
    this.released = true
    this.timer?.cancel()
    await this.said(link.eval(RELEASE, [keys.lease(this.name)], [this.token, keys.channel, `${TOPIC} ${this.name}`]))
  }

  private later (): void {
    this.timer = this.options.clock.after(this.life / 4, () => void this.extend())
  }

  private async extend (): Promise<void> {
    const { keys, link } = this.options
    await this.said(link.eval(EXTEND, [keys.lease(this.name)], [this.token, this.life]))
    if (!this.released && !this.lost) this.later()
  }

  /** A failure leaves it to run out by itself. */
  private async said (reply: Promise<unknown>): Promise<void> {
    try {
      if (await reply === 0 && !this.released) this.lost = true
    } catch (thrown) {
      if (!(thrown instanceof RedisFailure)) throw thrown
    }
  }
}

function word (told: string): Told | undefined {
  return WORDS.has(told) ? told as Told : undefined
}

/**
 * How many requests are under way to one origin. Invariants: at most `limit` inside; at most `queue.length` wait, each at
 * most `queue.wait`, and are let in in order of arrival; whoever is not let in hears `origin_busy` at once. Where most of
 * those inside wait for clients of their own that hardly move, or are waited for by nobody, they make room for whoever waits here.
 */
import type { Clock, Timer } from '../core/clock.js'
import { Crowd } from '../core/crowd.js'
import { SeawallError } from '../core/errors.js'
import type { Ms } from '../core/types.js'
import type { QueueConfig } from './config.js'

export interface Tenant {
  /** Among those inside. */
  place: number
  /** Called once, when it is inside, which it is until it leaves. */
  enter (): void
  /** How far its own client lags behind, at `now`, or for how long it has had none; 0 where neither is so. */
  lag (now: Ms): Ms
  /** Ends it, wherever it is. */
  cancel (why: Error): void
}

/** What who is turned away is told to wait. */
const RETRY_AFTER: Ms = 1000
/** Whoever lags by so much may have to make room, and how often that is looked at while somebody waits. */
const MUCH: Ms = 2_000
const LOOK_EVERY: Ms = 100

export class Gate {
  private readonly limit: number
  private readonly queue: QueueConfig
  private readonly clock: Clock
  /** Told when the first is turned away, and when the queue is empty again. */
  private readonly busied: (busy: boolean) => void
  private readonly inside = new Crowd<Tenant>()
  private readonly waiting = new Map<Tenant, Timer>()
  private pumping = false
  private busy = false
  private closed = false
  private emptied: (() => void) | undefined
  private looking: Timer | undefined
  private lookedAt: Ms = -Infinity
  /** Requests turned away. */
  refused = 0

  constructor (limit: number, queue: QueueConfig, clock: Clock, busied: (busy: boolean) => void) {
    this.limit = limit
    this.queue = queue
    this.clock = clock
    this.busied = busied
  }

  get active (): number {
    return this.inside.size
  }

  get queued (): number {
    return this.waiting.size
  }

  /** Lets the tenant in now or in its turn. Throws `origin_busy`, `draining`. */
  add (tenant: Tenant): void {
    if (this.closed) throw new SeawallError('draining')
    if (this.inside.size < this.limit && this.waiting.size === 0) return this.let(tenant)
    if (this.waiting.size >= this.queue.length) throw this.refusal()
    this.waiting.set(tenant, this.clock.after(this.queue.wait, () => { tenant.cancel(this.refusal()) }))
    this.watch()
  }

  /** It is no longer inside, or no longer waits. */
  remove (tenant: Tenant): void {
    this.waiting.get(tenant)?.cancel()
    if (!this.waiting.delete(tenant) && !this.inside.delete(tenant)) return
    if (this.waiting.size === 0) this.setBusy(false)
    if (this.inside.size + this.waiting.size === 0) this.emptied?.()
    if (this.waiting.size === 0 || this.pumping) return
    this.pumping = true
    // undici is still busy with the answer that ends here
    queueMicrotask(() => this.pump())
  }

  /** Lets nobody in any more; resolves once all are out. */
  async close (): Promise<void> {
    this.closed = true
    if (this.inside.size + this.waiting.size > 0) await new Promise<void>(resolve => { this.emptied = resolve })
  }

  destroy (why: Error): void {
    this.closed = true
    for (const tenant of [...this.waiting.keys(), ...this.inside.members()]) tenant.cancel(why)
  }

  private pump (): void {
    this.pumping = false
    for (const [tenant, timer] of this.waiting) {
      if (this.inside.size >= this.limit) break
      timer.cancel()
      this.waiting.delete(tenant)
      this.let(tenant)
    }
    if (this.waiting.size === 0) this.setBusy(false)
  }

  private watch (): void {
    this.looking ??= this.clock.after(Math.max(0, this.lookedAt + LOOK_EVERY - this.clock.now()), () => { this.look() })
  }

  private look (): void {
    this.looking = undefined
    if (this.waiting.size === 0) return
    const now = this.lookedAt = this.clock.now()
    const lagging = this.inside.members().map(tenant => ({ tenant, lag: tenant.lag(now) })).filter(({ lag }) => lag >= MUCH)
    // a few slow clients are no reason for others to wait
    if (lagging.length > this.limit / 2) {
      lagging.sort((a, b) => b.lag - a.lag)
      for (const { tenant } of lagging.slice(0, this.waiting.size)) tenant.cancel(this.refusal())
    }
    this.watch()
  }

  private let (tenant: Tenant): void {
    this.inside.add(tenant)
    tenant.enter()
  }

  private refusal (): SeawallError {
    this.refused++
    this.setBusy(true)
    return new SeawallError('origin_busy', { retryAfter: RETRY_AFTER })
  }

  private setBusy (busy: boolean): void {
    if (busy === this.busy) return
    this.busy = busy
    this.busied(busy)
  }
}

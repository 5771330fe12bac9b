/**
 * Follows a shared log: asks for what is new, applies it, says how far this process has come, and knows when that was.
 *
 * Invariants: contact is counted from when a request was sent, and only where everything there was then has been applied;
 * one request for news is under way at a time, and another follows at once if there is reason to; an answer from before an
 * epoch this process has left says nothing.
 */
import { randomInt } from 'node:crypto'
import type { Clock, Timer } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import type { LogBackend, LogReply, LogRequest, NewEvent } from './backend.js'
import { Epochs } from './epochs.js'
import { Ledger } from './ledger.js'
import { Members } from './members.js'

export interface FollowerOptions {
  readonly backend: LogBackend
  readonly clock: Clock
  readonly maxLag: Ms
  readonly id: string
  readonly logger: Logger
  readonly maxScopes: number
  /** After each event. */
  readonly onEvent: () => void
  /** Whenever the log was reached. */
  readonly onReached: () => void
}

/** Between two requests, as a share of `maxLag`, and at most. */
const CADENCE = 1 / 5
const SLOWEST: Ms = 1_000
/** Times the others: among many, each asks less often, so that together they stay below some 4,000 requests a second. */
const SPACING: Ms = 0.25
/** Silence after which a process uses nothing unasked, so that it need not be waited for. */
export const FORGET: Ms = 3_600_000
/** Epochs of our own, before the log is joined, are below any a backend draws. */
const OWN_EPOCHS = 2 ** 47

export class Follower {
  readonly ledger: Ledger
  readonly members: Members
  readonly epochs: Epochs
  /** When the request was sent whose answer was last applied whole. */
  contactAt: Ms | undefined
  joined = false
  /** The newest position heard of. */
  newest = 0
  /** When the epoch began, by our clock; at the latest. */
  epochBegan: Ms = Infinity
  /** Times events may have been missed. */
  gaps = 0
  /** Requests that failed. */
  failures = 0
  private readonly options: FollowerOptions
  private readonly clock: Clock
  private polling: Promise<void> | undefined
  private again = false
  private timer: Timer | undefined
  private askedAt: Ms = -Infinity
  private published = ''
  private closed = false

  constructor (options: FollowerOptions) {
    const { id, clock, maxLag, maxScopes, backend, logger } = options
    this.options = options
    this.clock = clock
    this.ledger = new Ledger(id, randomInt(1, OWN_EPOCHS), maxScopes)
    this.members = new Members(id, FORGET + maxLag)
    this.epochs = new Epochs({ maxLag, logger })
    backend.onWake = () => { this.wake() }
  }

  get silence (): Ms | undefined {
    return this.contactAt === undefined ? undefined : this.clock.now() - this.contactAt
  }

  /** Asks as soon as may be, and as what is asked now is answered. */
  wake (): void {
    if (this.closed) return
    if (this.polling !== undefined) this.again = true
    else {
      const wait = this.askedAt + this.members.count * SPACING - this.clock.now()
      if (wait < 1) void this.poll()
      else this.arm(wait)
    }
  }

  /** Whoever wants an answer while a request is under way shares it. Never rejects. */
  poll (): Promise<void> {
    // whoever has left must not be listed again
    if (this.closed) return Promise.resolve()
    return this.polling ??= this.ask()
  }

  /** The same, but none that was asked before now: what came since would be missing. */
  async pollAnew (): Promise<void> {
    await this.polling
    return this.poll()
  }

  /** Appends, and applies what the answer brings. Rejects if the event is not known to be durable. */
  async send (event: NewEvent): Promise<LogReply & { readonly appended: number }> {
    if (this.closed) throw new Error('The invalidation log is closed.')
    const request = this.request('append')
    const sentAt = this.clock.now()
    const reply = await this.options.backend.append(request, event)
    this.ledger.appended(event.batch, reply.epoch, reply.appended)
    this.heard(reply, sentAt)
    return reply
  }

  close (): void {
    this.closed = true
    this.timer?.cancel()
    this.options.backend.onWake = undefined
  }

  private async ask (): Promise<void> {
    this.timer?.cancel()
    this.again = false
    const sentAt = this.askedAt = this.clock.now()
    try {
      this.heard(await this.options.backend.poll(this.request('poll')), sentAt)
      this.options.onReached()
    } catch (err) {
      this.failures++
      this.options.logger.debug({ err }, 'the invalidation log was not reached')
    } finally {
      this.polling = undefined
      this.next()
    }
  }

  private next (): void {
    if (this.closed) return
    if (this.again) this.wake()
    else this.arm(Math.min(SLOWEST, this.options.maxLag * CADENCE))
  }

  private arm (delay: Ms): void {
    this.timer?.cancel()
    this.timer = this.clock.after(delay, () => { void this.poll() })
  }

  private request (by: 'poll' | 'append'): LogRequest {
    const { position } = this.ledger
    const now = this.clock.now()
    this.published = `${position.epoch}:${position.seq}`
    return { ...position, ...this.members.demands(now), begin: this.epochs.mayBegin(by, now) }
  }

  /** Applies an answer to a request sent at `sentAt`. One from before an epoch this process has left says nothing. */
  heard (reply: LogReply, sentAt: Ms): void {
    const { ledger } = this
    if (this.closed || reply.epoch < ledger.head.epoch) return
    const now = this.clock.now()
    this.members.heard(reply, now)
    this.newest = reply.seq
    this.epochBegan = now - reply.epochAge
    if (reply.epoch > ledger.head.epoch) {
      // a clock that was set back must not hold up the next
      this.epochs.began(reply.epoch, Math.min(now, this.epochBegan))
      this.gap(reply.epoch, reply.after, this.joined ? 'a new epoch' : undefined)
    } else if (reply.after > ledger.head.seq) this.gap(reply.epoch, reply.after, 'events dropped before they were read')
    this.epochs.stands(reply.epoch, now)
    this.applyAll(reply, now)
    if (ledger.head.seq >= reply.seq) {
      this.contactAt = Math.max(this.contactAt ?? -Infinity, sentAt)
      this.join()
    }
    // the others wait to be told how far this process has come
    if (`${ledger.head.epoch}:${ledger.head.seq}` !== this.published || ledger.head.seq < reply.seq) this.wake()
  }

  private applyAll (reply: LogReply, now: Ms): void {
    const { ledger } = this
    for (const event of reply.events) {
      if (event.seq <= ledger.head.seq) continue
      if (event.seq !== ledger.head.seq + 1) return this.gap(reply.epoch, reply.seq, 'events missing')
      ledger.apply(event, now)
      this.options.onEvent()
    }
  }

  private gap (epoch: number, seq: number, why: string | undefined): void {
    this.ledger.gap(epoch, seq)
    if (why === undefined) return
    this.gaps++
    if (!this.epochs.fleeting) this.options.logger.warn({ epoch, seq, why }, 'purges may have been missed: what was stored before is asked about before it is used')
  }

  private join (): void {
    if (this.joined) return
    this.joined = true
    const { epoch, seq } = this.ledger.head
    this.options.logger.info({ epoch, seq, members: this.members.count + 1 }, 'joined the invalidation log')
  }
}

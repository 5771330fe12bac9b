/**
 * An invalidation log that several processes share, over whatever carries its events (`backend.ts`).
 *
 * The lease: a process that has not reached the log for `maxLag` uses what is stored only within `maxLag` of its
 * validation. A purge is acknowledged once everyone has applied it, or `maxLag` after it was durable: who had not heard of it
 * by then uses nothing older than it any more.
 *
 * Invariants: both spans begin when a request was sent, never when it was answered, and are measured by a clock read for
 * the purpose; an event takes effect here before `append` or `appendWrite` returns.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import type { Judged, Ms, PurgeMode, Scope, Stamp, Trust, Verdict } from '../core/types.js'
import type { LogBackend, NewEvent } from './backend.js'
import type { Acknowledged, InvalidationLog, LogStats, SweepableLog } from './contract.js'
import { Follower, FORGET } from './follower.js'
import type { Ledger } from './ledger.js'
import { WriteBatches } from './write-batch.js'

export interface SharedLogOptions {
  readonly backend: LogBackend
  readonly clock: Clock
  readonly maxLag: Ms
  /** What a write waits at most for the log. */
  readonly timeout: Ms
  /** Names this process to those who wait for it; no two have the same. */
  readonly id: string
  readonly logger: Logger
  /** Whether a write waits, `timeout` at most, until the others have applied it too; otherwise until they can learn of it. */
  readonly writesSpread?: boolean
  /** Scopes held at most, of each of two tables; default 100,000 (some 20 MB each). */
  readonly maxScopes?: number
}

export interface SharedLogDetails {
  /** Everything in the log was applied once. */
  readonly joined: boolean
  /** Since the log was last known to be applied whole; undefined: never. */
  readonly contactAge: Ms | undefined
  readonly epoch: number
  readonly seq: number
  /** Events known of and not applied. */
  readonly lag: number
  /** Processes that share the log, this one included. */
  readonly members: number
  /** Those not heard of for `maxLag`. */
  readonly unreachable: readonly string[]
  /** Times events may have been missed. */
  readonly gaps: number
  /** Scopes that writes invalidated here and that wait to be told to others; and how many were given up. */
  readonly unsent: number
  readonly dropped: number
  /** Requests to the log that failed. */
  readonly failures: number
}

export interface SharedLog extends InvalidationLog, SweepableLog {
  /** Begins to ask, and never ends until `close`. */
  start (): void
  readonly joined: boolean
  /** A write was applied here that may concern this URL, and that `head` does not tell the others of yet. */
  pends (url: string): boolean
  /** Asks at once, and has applied what there was when it was called, or waited for as long as a write waits at most. */
  catchUp (): Promise<void>
  details (): SharedLogDetails
}

const MAX_SCOPES = 100_000
/** Two clocks that run as differently as NTP allows (500 ppm each) still agree on a span measured so much longer. */
const DRIFT = 1.001
/** Between two looks at who has applied a purge; below a millisecond the way to the log is pause enough. */
const FIRST_LOOK: Ms = 0.2
const SLOWEST_LOOK: Ms = 50

export function createSharedLog (options: SharedLogOptions): SharedLog {
  return new ClusterLog(options)
}

export class ClusterLog implements SharedLog {
  onAppend: (() => void) | undefined
  readonly follower: Follower
  private readonly options: SharedLogOptions
  private readonly clock: Clock
  private readonly writes: WriteBatches
  private sweeps = 0
  private closed = false

  constructor (options: SharedLogOptions) {
    const { clock, maxScopes = MAX_SCOPES } = options
    this.options = options
    this.clock = clock
    this.follower = new Follower({ ...options, maxScopes, onEvent: () => this.onAppend?.(), onReached: () => { this.writes.retry() } })
    this.writes = new WriteBatches({ clock, send: event => this.sendWrite(event), arrived: batch => !this.ledger.awaits(batch) })
  }

  get joined (): boolean {
    return this.follower.joined
  }

  pends (url: string): boolean {
    return this.writes.pends(url)
  }

  catchUp (): Promise<void> {
    return this.within(this.follower.pollAnew(), this.options.timeout)
  }

  get head (): Stamp {
    return this.ledger.head
  }

  get size (): number {
    return this.ledger.size
  }

  get prefixes (): number {
    return this.ledger.prefixes
  }

  start (): void {
    this.follower.wake()
  }

  verdict (record: Judged): Verdict {
    return this.ledger.verdict(record)
  }

  /** Reads the clock itself: a moment noted earlier may lie before the process was stopped. */
  trusted (askedAt: Ms): Trust {
    const { maxLag } = this.options
    const { contactAt } = this.follower
    const now = this.clock.now()
    const silence = contactAt === undefined ? undefined : now - contactAt
    if (silence !== undefined && silence <= maxLag) return 'yes'
    if (silence !== undefined && silence > FORGET) return 'no'
    const age = now - askedAt
    return age <= maxLag / 2 ? 'yes' : age <= maxLag ? 'soon' : 'no'
  }

  /** Rejects if the event is not known to be durable; it has been applied here all the same. */
  async append (scopes: readonly Scope[], mode: PurgeMode, wait: 'cluster' | 'local'): Promise<Acknowledged> {
    if (scopes.length === 0) return { seq: this.head.seq, applied: 1, unreachable: [] }
    const batch = randomUUID()
    this.applyOwn(batch, scopes, mode)
    const { epoch, appended } = await this.follower.send({ batch, mode, scopes }).catch((err: unknown) => {
      this.ledger.settle(batch)
      throw err
    })
    return wait === 'local' ? { seq: appended, applied: 1, unreachable: [] } : await this.spread(epoch, appended)
  }

  async appendWrite (scopes: readonly Scope[]): Promise<void> {
    if (scopes.length === 0) return
    const { batch, tried } = this.writes.add(scopes)
    this.applyOwn(batch, scopes, 'hard')
    await this.within(tried, this.options.timeout)
  }

  position (stamp: Stamp): number | undefined {
    return stamp.pos
  }

  forget (position: number): void {
    this.sweeps++
    this.ledger.forget(position)
  }

  stats (): LogStats {
    const { joined, contactAge, epoch, seq, lag, members } = this.details()
    const { count: epochs } = this.follower.epochs
    return { epoch, seq, events: this.size, prefixes: this.prefixes, sweeps: this.sweeps, joined, contactAge, lag, members, epochs }
  }

  details (): SharedLogDetails {
    const { joined, silence: contactAge, newest, members, gaps, failures } = this.follower
    const { epoch, seq } = this.head
    const { unsent, dropped } = this.writes
    return {
      joined, contactAge, epoch, seq, lag: Math.max(0, newest - seq), members: members.count + 1,
      unreachable: members.silent(this.options.maxLag, this.clock.now()),
      gaps, unsent, dropped, failures: failures + this.writes.failures
    }
  }

  /** Takes its leave of the others; nothing may be served any more. */
  async close (): Promise<void> {
    if (this.closed) return
    this.closed = true
    const reached = this.follower.joined && this.follower.silence! <= this.options.maxLag
    this.follower.close()
    this.onAppend = undefined
    const { backend, logger } = this.options
    try {
      if (reached) await backend.leave()
    } catch (err) {
      logger.warn({ err }, 'left the invalidation log without a word: purges will wait for this process')
    } finally {
      backend.close()
    }
  }

  private get ledger (): Ledger {
    return this.follower.ledger
  }

  private applyOwn (batch: string, scopes: readonly Scope[], mode: PurgeMode): void {
    this.ledger.own(batch, scopes, mode, this.clock.now())
    this.onAppend?.()
  }

  private async sendWrite (event: NewEvent): Promise<void> {
    const { epoch, appended } = await this.follower.send(event)
    if (this.options.writesSpread === true) await this.within(this.spread(epoch, appended).then(() => undefined), this.options.timeout)
  }

  /** Resolves when everyone has applied an event, or when those who have not can use nothing older than it. */
  private async spread (epoch: number, seq: number): Promise<Acknowledged> {
    const { follower } = this
    const { members } = follower
    const lease = this.options.maxLag * DRIFT
    const durableAt = this.clock.now()
    const left = (): Ms => lease - (this.clock.now() - durableAt)
    // by then, whoever an epoch before this one listed is listed again
    const certain = durableAt - follower.epochBegan > 2 * this.options.maxLag
    for (let pause = FIRST_LOOK; ; pause = Math.min(SLOWEST_LOOK, pause * 1.5)) {
      const behind = members.behind(epoch, seq)
      const everyone = certain && this.head.epoch === epoch && behind.length === 0
      if (everyone || left() < 0) return { seq, applied: members.count + 1 - behind.length, unreachable: behind }
      if (pause >= 1) await this.within(undefined, Math.min(pause, left() + 1))
      await this.within(follower.poll(), Math.max(0, left()) + 1)
    }
  }

  /** Resolves when `promise` does, and after `limit` at the latest. `promise` never rejects. */
  private within (promise: Promise<void> | undefined, limit: Ms): Promise<void> {
    return new Promise(resolve => {
      const timer = this.clock.after(limit, resolve)
      void promise?.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }
}

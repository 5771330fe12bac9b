/**
 * Settles what is stored against the log, so that the log may forget. A pass looks at every record once, in slices
 * short enough that no request notices: hard-purged ones go, soft-purged entries get the purge written into their
 * policy, clean ones have their memo moved. Then no record needs an event older than the pass, save the fills that
 * were under way when it began: events up to the older of the two are forgotten.
 *
 * A pass runs when the tables have grown, or some time after a purge; with nothing to forget, nothing runs.
 */
import type { Clock, Timer } from '../core/clock.js'
import type { Judged, Ms, Policy, Stamp, StoreKey, Swept, SweptEntry } from '../core/types.js'
import { softened } from '../policy/windows.js'
import type { SweepableLog } from './contract.js'

export interface SweepOptions {
  readonly log: SweepableLog
  readonly clock: Clock
  /** Every stored record; may be changed while it is walked. Keeps what is written to `checkedAt` of one. */
  readonly records: () => Iterable<Swept>
  readonly remove: (key: StoreKey) => void
  /** Stores `policy` in place of the entry's own, clean as of `checkedAt`, if the entry is still stored. */
  readonly settle: (entry: SweptEntry, policy: Policy, checkedAt: Stamp) => void
  /** What may yet be stored: judged when it is committed. */
  readonly openFills: () => Iterable<Judged>
  /** Runs the next slice when others have had their turn; default `setImmediate`. */
  readonly schedule?: (slice: () => void) => void
  /** Scopes and prefixes at which a pass begins at once; defaults 10,000 and 1,000. */
  readonly scopes?: number
  readonly prefixes?: number
  /** How long a purge may wait for a pass otherwise; default one minute. */
  readonly interval?: Ms
}

export interface Sweeper {
  /** Runs a pass, or waits for the one that runs. */
  sweep (): Promise<void>
  /** Ends it; a pass under way stops and forgets nothing. */
  close (): void
}

const SCOPES = 10_000
const PREFIXES = 1_000
const INTERVAL: Ms = 60_000
const SLICE: Ms = 2
/** Records between two looks at the clock: at a thousand prefixes a verdict takes some 50 µs. */
const STRIDE = 16
/** A pass costs a look at every record: it must be worth as many scopes as this share of them. */
const WORTH = 1 / 16
/** Times `scopes` that fills under way may hold back; beyond, they are outrun, and not stored. */
const PATIENCE = 4

export function createSweeper (options: SweepOptions): Sweeper {
  return new LogSweeper(options)
}

class LogSweeper implements Sweeper {
  private readonly options: SweepOptions
  private readonly schedule: (slice: () => void) => void
  private passing: Promise<void> | undefined
  private timer: Timer | undefined
  /** Scopes at which the next pass begins at once. */
  private enough: number
  private enoughPrefixes: number
  private closed = false

  constructor (options: SweepOptions) {
    this.options = options
    this.schedule = options.schedule ?? setImmediate
    this.enough = options.scopes ?? SCOPES
    this.enoughPrefixes = options.prefixes ?? PREFIXES
    options.log.onAppend = () => { this.appended() }
  }

  sweep (): Promise<void> {
    if (this.closed) return Promise.resolve()
    this.timer?.cancel()
    this.timer = undefined
    return this.passing ??= this.pass()
  }

  close (): void {
    this.closed = true
    this.options.log.onAppend = undefined
    this.timer?.cancel()
  }

  private appended (): void {
    const { log } = this.options
    if (log.size >= this.enough || log.prefixes >= this.enoughPrefixes) void this.sweep()
    else this.arm()
  }

  private arm (): void {
    this.timer ??= this.options.clock.after(this.options.interval ?? INTERVAL, () => void this.sweep())
  }

  private async pass (): Promise<void> {
    const { log, records } = this.options
    try {
      await this.turn()
      const head = log.position(log.head)!
      const floor = this.oldestFill(head)
      const walk = records()[Symbol.iterator]()
      let seen = 0
      for (let count = -1; count !== 0 && !this.closed; seen += count) {
        count = this.slice(walk)
        await this.turn()
      }
      if (!this.closed) this.passed(floor, head, seen)
    } finally {
      this.passing = undefined
    }
  }

  private turn (): Promise<void> {
    return new Promise(resolve => { this.schedule(resolve) })
  }

  /** The position that no fill under way began before, at most `head`. */
  private oldestFill (head: number): number {
    const { log, openFills } = this.options
    let oldest = head
    for (const { filledAt } of openFills()) oldest = Math.min(oldest, log.position(filledAt) ?? head)
    return oldest
  }

  /** Settles records until its time is up. Returns how many; none: the walk is over. */
  private slice (walk: Iterator<Swept>): number {
    const { clock } = this.options
    const until = clock.now() + SLICE
    let count = 0
    do {
      for (let i = 0; i < STRIDE; i++) {
        const { done, value } = walk.next()
        if (done === true) return count
        this.settle(value)
        count++
      }
    } while (clock.now() < until)
    return count
  }

  private settle (record: Swept): void {
    const { log, remove, settle } = this.options
    const verdict = log.verdict(record)
    // What may have been purged unheard waits for the origin's word; no later event is needed to know that.
    if (verdict.kind === 'clean' || verdict.kind === 'unsure') return
    // A pass record only spares a detour: a stale one is not worth keeping. A vary record cannot be stale.
    if (verdict.kind === 'hard' || record.kind === 'pass') return remove(record.key)
    if (record.kind === 'entry') settle(record, softened(record.policy, verdict.since), log.head)
    else record.checkedAt = log.head
  }

  private passed (floor: number, head: number, seen: number): void {
    const { log, scopes = SCOPES, prefixes = PREFIXES } = this.options
    log.forget(floor)
    if (log.size > scopes * PATIENCE) log.forget(head)
    // What this pass could not forget must not call for the next one.
    this.enough = Math.max(scopes, log.size * 2, Math.ceil(seen * WORTH))
    this.enoughPrefixes = Math.max(prefixes, log.prefixes * 2)
    if (log.size > 0) this.arm()
  }
}

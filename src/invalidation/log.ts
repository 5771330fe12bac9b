/**
 * The invalidation log of a single process.
 *
 * Invariants: a purge is in the tables before `append` returns; only a clean verdict is memoised (in `checkedAt`), and
 * what was memoised need only be judged by what came after. Memory is bounded: equal scopes share one row, a sweep
 * settles the stored records and forgets what it settled, and at `maxScopes` rows everything is forgotten at once.
 * What is forgotten is never resurrected: a record neither filled nor found clean since the floor is unsure.
 *
 * A prefix is compared with the url as a plain string, `scheme://host/path?query`: `http://a/news` also purges
 * `http://a/newsletter`, and whoever means the folder ends the prefix with a slash.
 */
import { randomInt } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import { CLEAN, UNSURE, type Judged, type PurgeMode, type Scope, type Stamp, type Trust, type Verdict } from '../core/types.js'
import type { Acknowledged, InvalidationLog, LogStats, SweepableLog } from './contract.js'
import { PurgeTables } from './tables.js'

export interface LocalLogOptions {
  readonly clock: Clock
  /** Names this log; random unless given. */
  readonly epoch?: number
  /** Scopes held at most, default 100,000 (some 20 MB). A sweep keeps far below it. */
  readonly maxScopes?: number
}

export interface LocalLog extends InvalidationLog, SweepableLog {}

const MAX_SCOPES = 100_000

export function createLocalLog (options: LocalLogOptions): LocalLog {
  return new ProcessLog(options)
}

class ProcessLog implements LocalLog {
  head: Stamp
  onAppend: (() => void) | undefined
  private readonly clock: Clock
  private readonly maxScopes: number
  private readonly tables = new PurgeTables()
  /** Purges up to here are forgotten. */
  private floor = 0
  private sweeps = 0

  constructor (options: LocalLogOptions) {
    this.clock = options.clock
    this.maxScopes = options.maxScopes ?? MAX_SCOPES
    this.head = { epoch: options.epoch ?? randomInt(1, 2 ** 47), seq: 0 }
  }

  get size (): number {
    return this.tables.size
  }

  get prefixes (): number {
    return this.tables.prefixes
  }

  verdict (record: Judged): Verdict {
    const head = this.head
    const { checkedAt, filledAt } = record
    if (checkedAt === head) return CLEAN
    if (filledAt.epoch !== head.epoch) return UNSURE
    const base = checkedAt === undefined || checkedAt.epoch !== head.epoch ? filledAt.seq : Math.max(filledAt.seq, checkedAt.seq)
    if (base < this.floor) return UNSURE
    const verdict = this.tables.judge(record, base)
    if (verdict === CLEAN) record.checkedAt = head
    return verdict
  }

  append (scopes: readonly Scope[], mode: PurgeMode): Promise<Acknowledged> {
    this.apply(scopes, mode)
    return Promise.resolve({ seq: this.head.seq, applied: 1, unreachable: [] })
  }

  appendWrite (scopes: readonly Scope[]): Promise<void> {
    this.apply(scopes, 'hard')
    return Promise.resolve()
  }

  /** Nothing is known here that could be out of date. */
  trusted (): Trust {
    return 'yes'
  }

  position ({ epoch, seq }: Stamp): number | undefined {
    return epoch === this.head.epoch ? seq : undefined
  }

  forget (seq: number): void {
    if (seq <= this.floor) return
    this.floor = seq
    this.sweeps++
    this.tables.forget(seq)
  }

  stats (): LogStats {
    const { epoch, seq } = this.head
    return { epoch, seq, events: this.tables.size, prefixes: this.tables.prefixes, sweeps: this.sweeps }
  }

  close (): Promise<void> {
    this.onAppend = undefined
    return Promise.resolve()
  }

  /** All scopes of one call share one position. */
  private apply (scopes: readonly Scope[], mode: PurgeMode): void {
    if (scopes.length === 0) return
    const seq = this.head.seq + 1
    const at = this.clock.now()
    for (const scope of scopes) this.tables.add(scope, mode, seq, at)
    this.head = { epoch: this.head.epoch, seq }
    if (this.tables.size > this.maxScopes) this.forget(seq)
    this.onAppend?.()
  }
}

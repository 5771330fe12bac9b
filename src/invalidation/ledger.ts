/**
 * What one process has applied of a shared log, and what that makes of a record.
 *
 * Positions are counted twice. `pos` counts what happened here, in the order it happened here, and judges what was stamped
 * here. `seq` is the shared position, the same everywhere, and judges what another process stamped. An event of our own
 * takes effect by `pos` at once, long before its `seq` is known: until then it is also kept in `unsent`, which judges
 * what others stamped. When its `seq` comes it does not count by `pos` again, so that what was fetched after it stands.
 *
 * Invariants: `seq` means that every event up to it was applied; after a gap nothing stamped before is clean; only a
 * clean verdict is memoised; what is forgotten raises a floor, below which a record is unsure.
 */
import { CLEAN, HARD, UNSURE, type Judged, type Ms, type PurgeMode, type Scope, type Stamp, type Verdict } from '../core/types.js'
import type { LogEvent, LogPosition } from './backend.js'
import { PurgeTables } from './tables.js'

type Position = Stamp & { readonly pos: number }

export class Ledger {
  head: Position
  private readonly id: string
  private readonly maxScopes: number
  private mine = new PurgeTables()
  private shared = new PurgeTables()
  private readonly unsent = new PurgeTables()
  /** Batches of ours whose events have not come back yet, each with the position of its first; in order. */
  private readonly open = new Map<string, number>()
  /** Those of them that have a `seq`, which a gap would pass over. */
  private readonly durable = new Set<string>()
  private floor = 0
  private sharedFloor = 0
  private last = ''

  /** `epoch`: any that no backend draws; it holds until the first `gap`. */
  constructor (id: string, epoch: number, maxScopes: number) {
    this.id = id
    this.maxScopes = maxScopes
    this.head = { epoch, seq: 0, pos: 0 }
  }

  get size (): number {
    return this.mine.size
  }

  get sharedSize (): number {
    return this.shared.size
  }

  get prefixes (): number {
    return this.mine.prefixes
  }

  get position (): LogPosition {
    return { epoch: this.head.epoch, seq: this.head.seq, last: this.last }
  }

  verdict (record: Judged): Verdict {
    const { head } = this
    const { filledAt, checkedAt } = record
    if (checkedAt === head) return CLEAN
    const base = Math.max(filledAt.pos ?? -1, checkedAt?.pos ?? -1)
    if (base < 0) return this.foreign(record)
    if (base < this.floor) return UNSURE
    const verdict = this.mine.judge(record, base)
    if (verdict === CLEAN) record.checkedAt = head
    return verdict
  }

  /** An event of this process, applied at once; `batch` is how it will be known when its position comes. */
  own (batch: string, scopes: readonly Scope[], mode: PurgeMode, at: Ms): void {
    const pos = this.head.pos + 1
    if (!this.open.has(batch)) this.open.set(batch, pos)
    for (const scope of scopes) this.unsent.add(scope, mode, pos, at)
    if (this.unsent.size > this.maxScopes) trimmed(this.unsent, this.open.values().next().value ?? pos, pos, this.maxScopes)
    this.here(scopes, mode, this.head.seq, at)
  }

  /** Whether a batch's position is yet to come. */
  awaits (batch: string): boolean {
    return this.open.has(batch)
  }

  /** A batch was given a position; where that was passed already, nothing more is to come. */
  appended (batch: string, epoch: number, seq: number): void {
    if (!this.open.has(batch)) return
    const { head } = this
    if (epoch < head.epoch || (epoch === head.epoch && seq <= head.seq)) this.settle(batch)
    else this.durable.add(batch)
  }

  /** Its event has come, or is not to be waited for. */
  settle (batch: string): void {
    this.durable.delete(batch)
    if (!this.open.delete(batch)) return
    const [oldest] = this.open.values()
    this.unsent.forget((oldest ?? Infinity) - 1)
  }

  /** The next event of the shared order. */
  apply (event: LogEvent, at: Ms): void {
    const { seq, scopes, mode, writer, batch } = event
    for (const scope of scopes) this.shared.add(scope, mode, seq, at)
    if (this.shared.size > this.maxScopes) this.sharedFloor = trimmed(this.shared, this.sharedFloor, seq, this.maxScopes)
    this.last = batch
    if (writer === this.id && this.open.has(batch)) {
      this.settle(batch)
      this.head = { ...this.head, seq }
    } else this.here(scopes, mode, seq, at)
  }

  /** Events may have been missed: nothing stamped before counts as clean. Goes on after position `seq` of `epoch`. */
  gap (epoch: number, seq: number): void {
    const pos = this.head.pos + 1
    this.mine = new PurgeTables()
    this.shared = new PurgeTables()
    this.floor = pos
    this.sharedFloor = seq
    this.last = ''
    this.head = { epoch, seq, pos }
    for (const batch of this.durable) this.settle(batch)
  }

  /** Drops what judges records stamped here up to `pos`. */
  forget (pos: number): void {
    if (pos <= this.floor) return
    this.floor = pos
    this.mine.forget(pos)
  }

  private here (scopes: readonly Scope[], mode: PurgeMode, seq: number, at: Ms): void {
    const pos = this.head.pos + 1
    for (const scope of scopes) this.mine.add(scope, mode, pos, at)
    this.head = { epoch: this.head.epoch, seq, pos }
    if (this.mine.size > this.maxScopes) this.floor = trimmed(this.mine, this.floor, pos, this.maxScopes)
  }

  /** A record that another process stamped, and that was not judged here yet. */
  private foreign (record: Judged): Verdict {
    const { head } = this
    const { epoch, seq } = record.filledAt
    const unsent = this.open.size === 0 ? CLEAN : this.unsent.judge(record, 0)
    if (unsent === HARD) return HARD
    if (epoch !== head.epoch || seq < this.sharedFloor) return UNSURE
    const verdict = this.shared.judge(record, seq)
    if (verdict.kind === 'clean') {
      if (unsent.kind !== 'clean') return unsent
      // its process was ahead of this one: what comes next here may be older than the record
      if (seq <= head.seq) record.checkedAt = head
    }
    return verdict
  }
}

/** Forgets the older half of the positions, or all of them if that is not enough. Returns the new floor. */
function trimmed (tables: PurgeTables, floor: number, newest: number, limit: number): number {
  const half = floor + Math.ceil((newest - floor) / 2)
  tables.forget(half)
  if (tables.size <= limit) return half
  tables.forget(newest)
  return newest
}

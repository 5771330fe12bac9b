/**
 * The store in this process's memory.
 *
 * Invariants: `bytes` counts everything that is held, writers in progress included, and never exceeds the limit; what of
 * it lies on the JavaScript heap is bounded by itself, since a full heap ends the process; what is stored shares no memory
 * with what was handed in, unless it was handed over (`adopt`); a record once returned never changes but for its memos
 * (`checkedAt`, `row`, `givenAt`): a refresh or a settled purge puts another in its place, and small ones are copies (`Shelf`).
 */
import type { Clock, Timer } from '../core/clock.js'
import { entryOf } from '../core/entry.js'
import type { Entry, EntryMeta, Ms, PassRecord, Policy, SearchRecord, Stamp, StoredRecord, StoreKey, Swept, SweptEntry, VaryRecord } from '../core/types.js'
import { Admission } from './admission.js'
import { Assembly, gather, takenOver } from './assembly.js'
import type { EntryWriter, Store, StoreStats } from './contract.js'
import { Shelf, type Fitting } from './shelf.js'
import { frameSize } from './size.js'
import { Variants } from './variants.js'

export interface MemoryOptions {
  /** Bytes held at most. */
  readonly limit: number
  /** How much of that may lie on the JavaScript heap: everything but heads and bodies. */
  readonly heapLimit?: number
  /** Largest body in bytes. */
  readonly maxObject: number
  /** Variants kept of one primary key. */
  readonly maxVariants: number
  readonly clock: Clock
  /** Told of an entry that something else took the place of, or that was deleted, while it was fresh. */
  readonly onOutdated?: ((entry: SweptEntry) => void) | undefined
}

export interface MemoryStore extends Store {
  /** Stores a whole record, whose bytes nobody else will use. `undefined`: something newer is stored, or it found no room. */
  adopt (record: StoredRecord): StoredRecord | undefined
  /** `policy` in place of the entry's own, clean as of `checkedAt`, all else kept. False: it is not stored any more. */
  settle (entry: SweptEntry, policy: Policy, checkedAt: Stamp | undefined): boolean
  /** Looks at `budget` records, going on where the last call stopped, and drops the expired. Returns how many those were. */
  sweepExpired (budget: number): number
}

const SWEEP_EVERY: Ms = 1_000
/** A round over all records takes so many sweeps, within what a sweep is worth and what it may cost (some 2 ms). */
const SWEEPS_A_ROUND = 60
const SWEEP_LEAST = 100
const SWEEP_MOST = 5_000

export function createMemoryStore (options: MemoryOptions): MemoryStore {
  return new Memory(options)
}

class Memory implements MemoryStore {
  readonly maxObject: number
  private readonly clock: Clock
  private readonly limit: number
  private readonly onOutdated: MemoryOptions['onOutdated']
  private readonly shelf: Shelf
  private readonly variants: Variants
  private readonly admission: Admission
  private entries = 0
  private refusals = 0
  /** The row to look at next. */
  private sweepCursor = 0
  private sweepTimer: Timer | undefined
  private closed = false

  constructor (options: MemoryOptions) {
    this.maxObject = options.maxObject
    this.clock = options.clock
    this.limit = options.limit
    this.onOutdated = options.onOutdated
    const heapLimit = options.heapLimit ?? options.limit
    this.shelf = new Shelf(options.limit, heapLimit)
    this.variants = new Variants(this.shelf.rows, options.maxVariants)
    const { reserve, copies } = this.shelf
    this.admission = new Admission(options.limit - reserve, heapLimit - copies.allowance, this.shelf.rows, row => { this.forget(row) })
  }

  peek (key: StoreKey): StoredRecord | undefined {
    const row = this.shelf.find(key)
    if (row === undefined) return undefined
    const record = this.shelf.record(row)
    if (keepUntil(record) <= this.clock.now()) {
      this.drop(row)
      return undefined
    }
    this.admission.use(row)
    return record
  }

  holds (record: StoredRecord, now: Ms): boolean {
    const { row } = record
    if (row === undefined || !this.shelf.holds(row, record) || keepUntil(record) <= now) return false
    this.admission.use(row)
    return true
  }

  get (key: StoreKey): Promise<StoredRecord | undefined> {
    return Promise.resolve(this.peek(key))
  }

  reread (key: StoreKey): Promise<StoredRecord | undefined> {
    return this.get(key)
  }

  begin (meta: EntryMeta, length: number | undefined): EntryWriter | undefined {
    const size = frameSize(meta) + meta.head.length + (length ?? 0)
    if (this.closed || (length ?? 0) > this.maxObject || !this.admission.reserve(size)) {
      this.refusals++
      return undefined
    }
    let reserved = size
    const assembly = new Assembly(meta.head, length, this.maxObject, bytes => {
      if (!this.admission.reserve(bytes)) return false
      reserved += bytes
      return true
    })
    const close = (): boolean => {
      if (reserved === 0) return false
      this.admission.release(reserved)
      reserved = 0
      return true
    }
    return {
      write: chunk => {
        if (reserved === 0) throw new Error('This writer is closed.')
        try {
          assembly.write(chunk)
        } catch (refused) {
          this.refusals++
          close()
          throw refused
        }
      },
      commit: async () => {
        if (!close() || this.closed) return undefined
        const entry = entryOf(meta, assembly.finish())
        return this.put(entry) ? entry : undefined
      },
      abort: () => { close() }
    }
  }

  note (record: VaryRecord | PassRecord | SearchRecord): void {
    if (!this.closed) this.put(record)
  }

  adopt (record: StoredRecord): StoredRecord | undefined {
    if (this.closed || (record.kind === 'entry' && record.length > this.maxObject)) return undefined
    if (record.kind !== 'entry') return this.put(record) ? record : undefined
    const { head, body, length } = record
    const fitting = this.shelf.fit(record)
    // what is packed is copied into a slab in any case: what the caller gets need not have an allocation of its own
    const packed = fitting.plan !== undefined
    const own = entryOf(record, packed ? gather(head, body, length, size => this.shelf.copies.room(size)) : takenOver(head, body, length))
    return this.put(own, packed ? fitting : this.shelf.fit(own)) ? own : undefined
  }

  refresh (entry: Entry, meta: EntryMeta): Promise<Entry | undefined> {
    const row = this.rowOf(entry)
    if (row === undefined || meta.key !== entry.key) return Promise.resolve(undefined)
    const fresh = entryOf(meta, gather(meta.head, entry.body, entry.length))
    return Promise.resolve(this.replace(row, fresh, this.shelf.fit(fresh)) ? fresh : undefined)
  }

  settle (entry: SweptEntry, policy: Policy, checkedAt: Stamp | undefined): boolean {
    const row = this.rowOf(entry)
    if (row !== undefined) this.shelf.settle(row, policy, checkedAt)
    return row !== undefined
  }

  delete (key: StoreKey): Promise<void> {
    const row = this.shelf.find(key)
    if (row === undefined) return Promise.resolve()
    this.outdate(row)
    this.drop(row)
    return Promise.resolve()
  }

  * records (): IterableIterator<Swept> {
    const now = this.clock.now()
    const { rows } = this.shelf
    for (let row = 0; row < rows.end; row++) {
      if (rows.key(row) === undefined || this.shelf.keepUntil(row) <= now) continue
      const record = this.shelf.glimpse(row)
      yield record
      if (row < rows.end) this.shelf.remember(row, record)
    }
  }

  sweepExpired (budget: number): number {
    const now = this.clock.now()
    const { rows } = this.shelf
    let dropped = 0
    for (let i = 0; i < budget && this.sweepCursor < rows.end; i++) {
      const row = this.sweepCursor++
      if (rows.key(row) === undefined || this.shelf.keepUntil(row) > now) continue
      this.drop(row)
      dropped++
    }
    if (this.sweepCursor >= rows.end) this.sweepCursor = 0
    return dropped
  }

  stats (): StoreStats {
    const { bytes, evictions } = this.admission
    return {
      entries: this.entries, records: this.shelf.size - this.entries, bytes: bytes + this.shelf.copies.bytes, limit: this.limit, evictions,
      refusals: this.refusals
    }
  }

  close (): Promise<void> {
    this.closed = true
    this.sweepTimer?.cancel()
    this.sweepCursor = 0
    this.variants.clear()
    this.admission.clear()
    this.shelf.clear()
    this.entries = 0
    return Promise.resolve()
  }

  // ---- what is held

  /** Where this very copy is stored. */
  private rowOf ({ key, generation }: SweptEntry): number | undefined {
    const row = this.shelf.find(key)
    return row !== undefined && this.shelf.isEntry(row) && this.shelf.generation(row) === generation ? row : undefined
  }

  private put (record: StoredRecord, fitting = this.shelf.fit(record)): boolean {
    const held = this.shelf.find(record.key)
    if (held !== undefined) return this.supersedes(record, held) && this.replace(held, record, fitting)
    if (!this.admission.makeRoom(fitting.size, fitting.heap)) {
      this.refusals++
      return false
    }
    const row = this.shelf.add(record, fitting)
    this.admission.add(row, fitting.size, fitting.heap)
    this.join(row, record)
    this.sweepTimer ??= this.clock.after(SWEEP_EVERY, () => { this.sweepOnTime() })
    return true
  }

  private replace (row: number, record: StoredRecord, fitting: Fitting): boolean {
    if (!this.admission.resize(row, fitting.size, fitting.heap)) {
      this.refusals++
      return false
    }
    this.outdate(row)
    this.leave(row)
    this.shelf.replace(row, record, fitting)
    this.join(row, record)
    return true
  }

  private outdate (row: number): void {
    if (this.onOutdated === undefined) return
    const record = this.shelf.glimpse(row)
    if (record.kind === 'entry' && record.policy.freshUntil > this.clock.now()) this.onOutdated(record)
  }

  private drop (row: number): void {
    this.admission.remove(row)
    this.forget(row)
  }

  private forget (row: number): void {
    this.leave(row)
    this.shelf.remove(row)
  }

  private join (row: number, record: StoredRecord): void {
    if (record.kind !== 'entry') return
    this.entries++
    if (record.primary === record.key) return
    const oldest = this.variants.join(row, this.shelf.shared(record.primary))
    if (oldest !== undefined) this.drop(oldest)
  }

  private leave (row: number): void {
    if (!this.shelf.isEntry(row)) return
    this.entries--
    const primary = this.shelf.primary(row)
    if (primary !== this.shelf.rows.key(row)) this.variants.leave(row, primary)
  }

  /** Positions of different epochs cannot be compared: what is stored then counts as the older. */
  private supersedes (record: StoredRecord, row: number): boolean {
    const a = record.filledAt
    const b = this.shelf.filledAt(row)
    if (a.epoch !== b.epoch || a.seq > b.seq) return true
    return a.seq === b.seq && record.generation > this.shelf.generation(row)
  }

  private sweepOnTime (): void {
    this.sweepExpired(Math.min(SWEEP_MOST, Math.max(SWEEP_LEAST, Math.ceil(this.shelf.size / SWEEPS_A_ROUND))))
    this.sweepTimer = this.shelf.size === 0 ? undefined : this.clock.after(SWEEP_EVERY, () => { this.sweepOnTime() })
  }
}

function keepUntil (record: StoredRecord): Ms {
  return record.kind === 'entry' ? record.policy.keepUntil : record.keepUntil
}

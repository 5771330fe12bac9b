/**
 * The store in this process's memory.
 *
 * Invariants: `bytes` counts everything that is held, writers in progress included, and never exceeds the limit; what of
 * it lies on the JavaScript heap is bounded by itself, since a full heap ends the process; what is
 * stored shares no memory with what was handed in, unless it was handed over (`adopt`); an Entry once returned never changes but for its memo `checkedAt`,
 * since a refresh or a settled purge puts another object in its place; nothing is looked up twice on the hit path.
 */
import type { Clock, Timer } from '../core/clock.js'
import type { Entry, EntryMeta, Ms, PassRecord, Policy, SearchRecord, StoredRecord, StoreKey, VaryRecord } from '../core/types.js'
import { Admission, MAX_USES, type Held } from './admission.js'
import { Assembly, gather, takenOver, type Bytes } from './assembly.js'
import type { EntryWriter, Store, StoreStats } from './contract.js'
import { frameSize, sizeOf } from './size.js'

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
}

export interface MemoryStore extends Store {
  /** Stores a whole record, whose bytes nobody else will use. `undefined`: something newer is stored, or it found no room. */
  adopt (record: StoredRecord): StoredRecord | undefined
  /** `policy` in place of the entry's own, all else kept. `undefined`: it is not stored any more. */
  settle (entry: Entry, policy: Policy): Entry | undefined
  /** Looks at `budget` records, going on where the last call stopped, and drops the expired. Returns how many those were. */
  sweepExpired (budget: number): number
}

interface Slot extends Held { readonly key: StoreKey, record: StoredRecord }

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
  private readonly maxVariants: number
  private readonly clock: Clock
  private readonly index = new Map<StoreKey, Slot>()
  /** Keys of a primary's variants, oldest first. */
  private readonly variants = new Map<StoreKey, Set<StoreKey>>()
  private readonly admission: Admission<Slot>
  private entries = 0
  private refusals = 0
  private sweepCursor: Iterator<Slot> | undefined
  private sweepTimer: Timer | undefined
  private closed = false

  constructor (options: MemoryOptions) {
    this.maxObject = options.maxObject
    this.maxVariants = options.maxVariants
    this.clock = options.clock
    this.admission = new Admission<Slot>(options.limit, options.heapLimit ?? options.limit, slot => { this.forget(slot) })
  }

  peek (key: StoreKey): StoredRecord | undefined {
    const slot = this.index.get(key)
    if (slot === undefined) return undefined
    if (keepUntil(slot.record) <= this.clock.now()) {
      this.drop(slot)
      return undefined
    }
    if (slot.uses < MAX_USES) slot.uses++
    return slot.record
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
    const own = record.kind === 'entry' ? entryOf(record, takenOver(record.head, record.body, record.length)) : record
    return this.put(own) ? own : undefined
  }

  refresh (entry: Entry, meta: EntryMeta): Promise<Entry | undefined> {
    const slot = this.slotOf(entry)
    if (slot === undefined || meta.key !== entry.key) return Promise.resolve(undefined)
    const fresh = entryOf(meta, gather(meta.head, entry.body, entry.length))
    return Promise.resolve(this.replace(slot, fresh) ? fresh : undefined)
  }

  settle (entry: Entry, policy: Policy): Entry | undefined {
    const slot = this.slotOf(entry)
    if (slot === undefined) return undefined
    const settled = { ...entry, policy }
    slot.record = settled
    return settled
  }

  delete (key: StoreKey): Promise<void> {
    const slot = this.index.get(key)
    if (slot !== undefined) this.drop(slot)
    return Promise.resolve()
  }

  * records (): IterableIterator<StoredRecord> {
    const now = this.clock.now()
    for (const slot of this.index.values()) if (keepUntil(slot.record) > now) yield slot.record
  }

  sweepExpired (budget: number): number {
    const now = this.clock.now()
    let dropped = 0
    this.sweepCursor ??= this.index.values()
    for (let i = 0; i < budget; i++) {
      const { done, value: slot } = this.sweepCursor.next()
      if (done === true) {
        this.sweepCursor = undefined
        break
      }
      if (keepUntil(slot.record) > now) continue
      this.drop(slot)
      dropped++
    }
    return dropped
  }

  stats (): StoreStats {
    const { bytes, limit, evictions } = this.admission
    return { entries: this.entries, records: this.index.size - this.entries, bytes, limit, evictions, refusals: this.refusals }
  }

  close (): Promise<void> {
    this.closed = true
    this.sweepTimer?.cancel()
    this.sweepCursor = undefined
    this.index.clear()
    this.variants.clear()
    this.admission.clear()
    this.entries = 0
    return Promise.resolve()
  }

  // ---- what is held

  /** Where this very copy is stored. */
  private slotOf (entry: Entry): Slot | undefined {
    const slot = this.index.get(entry.key)
    return slot?.record.kind === 'entry' && slot.record.generation === entry.generation ? slot : undefined
  }

  private put (record: StoredRecord): boolean {
    const held = this.index.get(record.key)
    if (held !== undefined) return supersedes(record, held.record) && this.replace(held, record)
    const slot: Slot = { key: record.key, record, ...sizeOf(record), uses: 0, main: false }
    if (!this.admission.add(slot)) {
      this.refusals++
      return false
    }
    this.index.set(slot.key, slot)
    this.join(slot)
    this.sweepTimer ??= this.clock.after(SWEEP_EVERY, () => { this.sweepOnTime() })
    return true
  }

  private replace (slot: Slot, record: StoredRecord): boolean {
    const { size, heap } = sizeOf(record)
    if (!this.admission.resize(slot, size, heap)) {
      this.refusals++
      return false
    }
    this.leave(slot)
    slot.record = record
    this.join(slot)
    return true
  }

  private drop (slot: Slot): void {
    this.admission.remove(slot)
    this.forget(slot)
  }

  private forget (slot: Slot): void {
    this.index.delete(slot.key)
    this.leave(slot)
  }

  private join ({ key, record }: Slot): void {
    if (record.kind !== 'entry') return
    this.entries++
    if (record.primary === key) return
    let keys = this.variants.get(record.primary)
    if (keys === undefined) this.variants.set(record.primary, keys = new Set())
    keys.add(key)
    if (keys.size <= this.maxVariants) return
    for (const oldest of keys) return this.drop(this.index.get(oldest)!)
  }

  private leave ({ key, record }: Slot): void {
    if (record.kind !== 'entry') return
    this.entries--
    if (record.primary === key) return
    const keys = this.variants.get(record.primary)!
    keys.delete(key)
    if (keys.size === 0) this.variants.delete(record.primary)
  }

  private sweepOnTime (): void {
    this.sweepExpired(Math.min(SWEEP_MOST, Math.max(SWEEP_LEAST, Math.ceil(this.index.size / SWEEPS_A_ROUND))))
    this.sweepTimer = this.index.size === 0 ? undefined : this.clock.after(SWEEP_EVERY, () => { this.sweepOnTime() })
  }
}

function entryOf (meta: EntryMeta, bytes: Bytes): Entry {
  return {
    kind: 'entry', key: meta.key, primary: meta.primary, url: meta.url, status: meta.status, policy: meta.policy, head: bytes.head,
    body: bytes.body, length: bytes.length, etag: meta.etag, lastModified: meta.lastModified, tags: meta.tags,
    filledAt: meta.filledAt, checkedAt: meta.checkedAt, generation: meta.generation, part: meta.part, copy: meta.copy
  }
}

function keepUntil (record: StoredRecord): Ms {
  return record.kind === 'entry' ? record.policy.keepUntil : record.keepUntil
}

/** Positions of different epochs cannot be compared: what is stored then counts as the older. */
function supersedes (record: StoredRecord, stored: StoredRecord): boolean {
  const a = record.filledAt
  const b = stored.filledAt
  if (a.epoch !== b.epoch || a.seq > b.seq) return true
  return a.seq === b.seq && record.generation > stored.generation
}

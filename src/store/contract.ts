/**
 * What a store promises. One suite (test/contract/store.ts) runs against every implementation.
 *
 * Invariants: an entry is visible only whole, after `commit`; a record replaces only what has an older `filledAt`
 * (equal stamps: a lower `generation`); bytes handed to `write` are copied, never kept; a record that is expired
 * (`keepUntil` passed) is never returned.
 */
import type { Entry, EntryMeta, Ms, PassRecord, SearchRecord, StoredRecord, StoreKey, Swept, VaryRecord } from '../core/types.js'
import type { Lease } from './leases.js'

export interface EntryWriter {
  /** Bytes of the body, in order. Throws `too-large`-coded RangeError past the limit; the writer is then aborted. */
  write (chunk: Uint8Array): void
  /** Makes the entry visible. `undefined`: something newer is stored, or it found no room; nothing changed. */
  commit (): Promise<Entry | undefined>
  /** Drops what was written. A writer dropped without `commit` is a failed write. Safe to call twice. */
  abort (): void
}

export interface Store {
  /** Synchronous, never I/O: the hit path. Counts as a use. */
  peek (key: StoreKey): StoredRecord | undefined
  /** Whether `peek` at `now` would find this very object, which this store returned before. Counts as a use. */
  holds (record: StoredRecord, now: Ms): boolean
  /** Never rejects: a tier that fails has nothing. */
  get (key: StoreKey): Promise<StoredRecord | undefined>
  /** As `get`, but what other processes have stored is seen though this one holds an older copy. */
  reread (key: StoreKey): Promise<StoredRecord | undefined>
  /**
   * `length`: the body's, when the head announced it. `undefined`: refused (too large, no room). Under a `lease` that is
   * lost by the time of the commit, nothing is shared.
   */
  begin (meta: EntryMeta, length: number | undefined, lease?: Lease): EntryWriter | undefined
  /** Stores a record without a body. */
  note (record: VaryRecord | PassRecord | SearchRecord): void
  /** After a 304: `meta` takes the place of `entry`'s, the body stays. `undefined`: another generation is stored. */
  refresh (entry: Entry, meta: EntryMeta, lease?: Lease): Promise<Entry | undefined>
  delete (key: StoreKey): Promise<void>
  /**
   * Every record once, for the invalidation sweep; tolerates changes meanwhile. Never counts as a use. What is written to
   * `checkedAt` of one holds from when the next is asked for.
   */
  records (): IterableIterator<Swept>
  /** Largest storable body in bytes. */
  readonly maxObject: number
  stats (): StoreStats
  close (): Promise<void>
}

/** Plain numbers, read at scrape. `bytes` is what counts against the limit: bodies, heads, keys, tags, records. */
export interface StoreStats { readonly entries: number, readonly records: number, readonly bytes: number, readonly limit: number, readonly evictions: number, readonly refusals: number }

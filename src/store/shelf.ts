/**
 * Where records lie: small ones packed in slabs, the others as objects, all found by key.
 *
 * Invariants: a key has one row, which it keeps while what is stored under it is replaced; a copy of a packed record is
 * kept only while it says what the record says, and its memo goes back to the row, so that no sweep is forgotten.
 */
import type { Entry, Ms, Policy, Stamp, StoredRecord, StoreKey, Swept } from '../core/types.js'
import { Copies } from './copies.js'
import { KeyIndex } from './key-index.js'
import {
  contentLengthAt, generationAt, keepUntilAt, packEntry, PACKED, packVary, planEntry, planVary, primaryLengthAt, unpackEntry, unpackVary, writePolicy,
  type Known, type Place, type Plan
} from './packing.js'
import { IN_PAGE, Rows } from './rows.js'
import { packedSize, sizeOf, type Size } from './size.js'
import { RESERVE, Slabs } from './slabs.js'

/** Share of the room, and of the heap, that copies of packed records may take. */
const COPIES = 0.1
const MOST_COPIES = 64 * 2 ** 20

/** What storing a record takes; no `plan`: it stays an object. */
export interface Fitting extends Size { readonly plan: Plan | undefined }

export class Shelf {
  readonly rows = new Rows()
  /** Bytes of the room that no record may take. */
  readonly reserve: number
  readonly copies: Copies
  private readonly index = new KeyIndex()
  private readonly slabs: Slabs

  /** `room` in bytes, `heap` of them on the JavaScript heap. */
  constructor (room: number, heap: number) {
    const allowance = Math.min(MOST_COPIES, Math.floor(Math.min(room, heap) * COPIES))
    this.copies = new Copies(allowance, (row, record) => { this.forget(row, record) })
    this.slabs = new Slabs(room, {
      livesAt: (row, address) => this.rows.page(row).at[row & IN_PAGE] === address,
      moved: (row, address) => { this.rows.page(row).at[row & IN_PAGE] = address }
    })
    this.reserve = allowance + RESERVE * this.slabs.slabBytes
  }

  get size (): number {
    return this.index.size
  }

  find (key: StoreKey): number | undefined {
    return this.index.get(key)
  }

  /** How `record` is to be stored. */
  fit (record: StoredRecord): Fitting {
    const { longest } = this.slabs
    const plan = record.kind === 'entry' ? planEntry(record, longest) : record.kind === 'vary' ? planVary(record, longest) : undefined
    const { size, heap } = plan === undefined ? sizeOf(record) : packedSize(record, plan.length)
    return { plan, size, heap }
  }

  /** A row for what is stored under a new key. */
  add (record: StoredRecord, { plan }: Fitting): number {
    const key = flat(record.key)
    const row = this.rows.take(key)
    this.index.set(key, row)
    this.write(row, record, plan)
    return row
  }

  replace (row: number, record: StoredRecord, { plan }: Fitting): void {
    this.unwrite(row)
    this.write(row, record, plan)
  }

  remove (row: number): void {
    this.unwrite(row)
    this.index.delete(this.rows.key(row)!)
    this.rows.release(row)
  }

  clear (): void {
    this.index.clear()
    this.rows.clear()
    this.slabs.clear()
    this.copies.clear()
  }

  // ---- what lies in a row

  record (row: number): StoredRecord {
    return this.rows.page(row).records[row & IN_PAGE] ?? this.unpacked(row)
  }

  /** Whether this very object, as stored or as a copy that is kept, lies in `row`. */
  holds (row: number, record: StoredRecord): boolean {
    return row < this.rows.end && this.rows.page(row).records[row & IN_PAGE] === record
  }

  /** Without an entry's bytes, unless they are at hand. */
  glimpse (row: number): Swept {
    const record = this.rows.page(row).records[row & IN_PAGE]
    if (record !== undefined) return record
    const place = this.place(row)
    return this.isEntry(row) ? unpackEntry(place, this.known(row), undefined) : unpackVary(place, this.known(row))
  }

  isEntry (row: number): boolean {
    const at = this.rows.page(row).at[row & IN_PAGE]!
    return at === 0 ? this.held(row).kind === 'entry' : this.slabs.kindOf(at) === PACKED.entry
  }

  keepUntil (row: number): Ms {
    if (this.rows.page(row).at[row & IN_PAGE] !== 0) return keepUntilAt(this.place(row))
    const record = this.held(row)
    return record.kind === 'entry' ? record.policy.keepUntil : record.keepUntil
  }

  generation (row: number): number {
    return this.rows.page(row).at[row & IN_PAGE] === 0 ? this.held(row).generation : generationAt(this.place(row))
  }

  filledAt (row: number): Stamp {
    return this.rows.page(row).filledAt[row & IN_PAGE]!
  }

  /** Of an entry. */
  primary (row: number): StoreKey {
    const record = this.rows.page(row).records[row & IN_PAGE]
    if (record !== undefined) return (record as Entry).primary
    const key = this.rows.key(row)!
    const length = primaryLengthAt(this.place(row))
    return length === key.length ? key : key.slice(0, length) as StoreKey
  }

  /** The key as it is held, if there is one like it: two strings that are equal need not be two. */
  shared (key: StoreKey): StoreKey {
    const row = this.index.get(key)
    return row === undefined ? flat(key) : this.rows.key(row)!
  }

  /** `policy` in place of the entry's own, and what it was checked against. */
  settle (row: number, policy: Policy, checkedAt: Stamp | undefined): void {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    if (page.at[i] === 0) {
      page.records[i] = { ...this.held(row) as Entry, policy, checkedAt }
      return
    }
    writePolicy(this.place(row), policy)
    page.records[i] = undefined
    page.checkedAt[i] = checkedAt
  }

  /** What `record`, once seen in `row`, was checked against since, if it still lies there. */
  remember (row: number, record: Swept): void {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    if (page.keys[i] !== record.key || page.filledAt[i] !== record.filledAt || this.generation(row) !== record.generation) return
    const held = page.records[i]
    if (held === undefined) page.checkedAt[i] = later(record.checkedAt, page.checkedAt[i])
    else held.checkedAt = later(record.checkedAt, held.checkedAt)
  }

  private write (row: number, record: StoredRecord, plan: Plan | undefined): void {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    page.filledAt[i] = record.filledAt
    page.checkedAt[i] = record.checkedAt
    if (plan === undefined) {
      record.row = row
      page.records[i] = record
      return
    }
    page.at[i] = this.slabs.take(row, plan.length, plan.kind)
    if (record.kind === 'entry') packEntry(this.place(row), record, plan)
    else if (record.kind === 'vary') packVary(this.place(row), record, plan.text)
  }

  private unwrite (row: number): void {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    const address = page.at[i]!
    page.records[i] = undefined
    page.at[i] = 0
    if (address !== 0) this.slabs.release(address)
  }

  private unpacked (row: number): StoredRecord {
    const place = this.place(row)
    const entry = this.isEntry(row)
    const length = entry ? contentLengthAt(place) : 0
    const record = entry ? unpackEntry(place, this.known(row), this.copies.room(length)) : unpackVary(place, this.known(row))
    record.row = row
    if (this.copies.keep(row, record, length)) this.rows.page(row).records[row & IN_PAGE] = record
    return record
  }

  /** The copy is no longer kept; the row may be another's by now. */
  private forget (row: number, record: StoredRecord): void {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    if (page.records[i] !== record) return
    page.records[i] = undefined
    page.checkedAt[i] = later(record.checkedAt, page.checkedAt[i])
  }

  private known (row: number): Known {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    return { key: page.keys[i]!, filledAt: page.filledAt[i]!, checkedAt: page.checkedAt[i] }
  }

  private held (row: number): StoredRecord {
    return this.rows.page(row).records[row & IN_PAGE]!
  }

  private place (row: number): Place {
    const address = this.rows.page(row).at[row & IN_PAGE]!
    return { slab: this.slabs.at(address), word: this.slabs.wordOf(address) }
  }
}

/** Both say that a record was clean; the later says more. */
function later (a: Stamp | undefined, b: Stamp | undefined): Stamp | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a.epoch === b.epoch && a.seq < b.seq ? b : a
}

/** The same key in one piece: one that was put together of parts, or cut out of another, keeps these. */
function flat (key: StoreKey): StoreKey {
  return (LATIN1.test(key) ? Buffer.from(key, 'latin1').toString('latin1') : key) as StoreKey
}

const LATIN1 = /^[\0-\xff]*$/

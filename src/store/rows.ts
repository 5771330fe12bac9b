/**
 * What is known of each record without looking at it, in columns by row number.
 *
 * Columns come in pages, so that growing copies nothing and no insertion pays for the million before it; numbers lie
 * outside the JavaScript heap, where they cost a collection nothing. A freed row is the next one to be taken.
 */
import type { Stamp, StoredRecord, StoreKey } from '../core/types.js'

const BITS = 12
const PAGE = 1 << BITS
export const IN_PAGE = PAGE - 1
/** In place of a row number: none. */
export const NO_ROW = -1

export class Page {
  readonly keys = blank<StoreKey>()
  /** The record where it is held as an object; a packed one only while it is kept unpacked. */
  readonly records = blank<StoredRecord>()
  readonly filledAt = blank<Stamp>()
  /** A packed record's memo. */
  readonly checkedAt = blank<Stamp>()
  /** Where a packed record lies; 0: it is held as an object. */
  readonly at = new Float64Array(PAGE)
  readonly size = new Float64Array(PAGE)
  /** How much of `size` lies on the JavaScript heap. */
  readonly heap = new Uint32Array(PAGE)
  readonly next = new Int32Array(PAGE)
  readonly previous = new Int32Array(PAGE)
  /** The next younger variant of the same primary; the youngest leads back to the oldest. */
  readonly sibling = new Int32Array(PAGE)
  /** Since it was queued, at most `MAX_USES`. */
  readonly uses = new Uint8Array(PAGE)
  /** 1: in the main queue. */
  readonly main = new Uint8Array(PAGE)
}

export class Rows {
  /** Rows that are taken. */
  count = 0
  /** Row numbers ever given out: all are below. */
  end = 0
  private readonly pages: Page[] = []
  private free = NO_ROW

  page (row: number): Page {
    return this.pages[row >> BITS]!
  }

  key (row: number): StoreKey | undefined {
    return this.page(row).keys[row & IN_PAGE]
  }

  take (key: StoreKey): number {
    const row = this.free === NO_ROW ? this.end++ : this.free
    if (row >> BITS === this.pages.length) this.pages.push(new Page())
    const page = this.page(row)
    const i = row & IN_PAGE
    if (row === this.free) this.free = page.next[i]!
    page.keys[i] = key
    page.at[i] = 0
    page.uses[i] = 0
    page.main[i] = 0
    this.count++
    return row
  }

  release (row: number): void {
    const page = this.page(row)
    const i = row & IN_PAGE
    page.keys[i] = page.records[i] = page.filledAt[i] = page.checkedAt[i] = undefined
    page.next[i] = this.free
    this.free = row
    this.count--
  }

  clear (): void {
    this.pages.length = 0
    this.count = this.end = 0
    this.free = NO_ROW
  }
}

function blank<T> (): (T | undefined)[] {
  return Array.from<T | undefined>({ length: PAGE }).fill(undefined)
}

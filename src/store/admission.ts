/**
 * Who stays when room is short: S3-FIFO (Yang et al., SOSP 2023). What is new waits in a small probation queue; what
 * is used there moves to the main queue when its turn comes, the rest leaves, its key remembered for a while, and what
 * comes back while remembered goes to the main queue at once. A used one at the main queue's end gets another round.
 * So a flood of keys asked for once passes through the tenth that is probation and the hot set stands.
 *
 * Invariants: neither `bytes` nor `heap` exceeds its limit; a use is one addition, and moves nothing; every row that is
 * queued is in one queue.
 */
import { Ghosts } from './ghosts.js'
import { IN_PAGE, NO_ROW, type Rows } from './rows.js'
import { RowQueue } from './row-queue.js'

export const MAX_USES = 3
/** Uses on probation that earn a place in the main queue. */
const EARNED = 2
const PROBATION = 0.1
/** What writers in progress may hold together, as a share of the limit; one alone may hold all. */
const WRITERS = 0.5
/** Rows given another round in one call: bounds its time, a million hot rows or not. */
const ROUNDS = 2_000

export class Admission {
  readonly limit: number
  evictions = 0
  private readonly heapLimit: number
  /** Held by writers in progress. */
  private reserved = 0
  private readonly rows: Rows
  private readonly probation: RowQueue
  private readonly main: RowQueue
  /** Keys evicted from probation, as many as there would be room for in the main queue. */
  private readonly ghosts: Ghosts
  private readonly onEvict: (row: number) => void

  /** `onEvict` is told of a row that is no longer queued, to release it. */
  constructor (limit: number, heapLimit: number, rows: Rows, onEvict: (row: number) => void) {
    this.limit = limit
    this.heapLimit = heapLimit
    this.rows = rows
    this.onEvict = onEvict
    this.probation = new RowQueue(rows)
    this.main = new RowQueue(rows)
    this.ghosts = new Ghosts(limit)
  }

  get bytes (): number {
    return this.probation.bytes + this.main.bytes + this.reserved
  }

  /** What of `bytes` lies on the JavaScript heap, which ends the process when it is full. */
  get heap (): number {
    return this.probation.heap + this.main.heap
  }

  /** Evicts until `size` more bytes have room and holds them for a writer. False: refused, nothing changed. */
  reserve (size: number): boolean {
    if (this.reserved > 0 && this.reserved + size > this.limit * WRITERS) return false
    if (!this.makeRoom(size)) return false
    this.reserved += size
    return true
  }

  release (size: number): void {
    this.reserved -= size
  }

  use (row: number): void {
    const { uses } = this.rows.page(row)
    if (uses[row & IN_PAGE]! < MAX_USES) uses[row & IN_PAGE]!++
  }

  /** Evicts until a row of this size has room. False: it does not fit, nothing changed. */
  makeRoom (size: number, heap = 0): boolean {
    if (!this.canFit(size, heap)) return false
    let rounds = ROUNDS
    while (this.bytes + size > this.limit || this.heap + heap > this.heapLimit) {
      const row = this.next()
      const page = this.rows.page(row)
      const uses = page.uses[row & IN_PAGE]!
      if (uses >= (page.main[row & IN_PAGE] === 1 ? 1 : EARNED) && rounds-- > 0) this.keep(row)
      else this.evict(row)
    }
    return true
  }

  /** Queues a new row, for which `makeRoom` made room. */
  add (row: number, size: number, heap: number): void {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    page.size[i] = size
    page.heap[i] = heap
    // As long as nothing ever had to leave, nothing has to prove itself.
    const main = this.evictions === 0 ? this.probation.bytes >= this.limit * PROBATION : this.ghosts.take(page.keys[i]!)
    page.main[i] = main ? 1 : 0
    this.queueOf(row).push(row)
  }

  /** Gives a queued row another size, at the end of its queue. False: it does not fit, nothing changed. */
  resize (row: number, size: number, heap: number): boolean {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    if (size === page.size[i] && heap === page.heap[i]) return true
    if (!this.canFit(size, heap)) return false
    this.remove(row)
    page.size[i] = size
    page.heap[i] = heap
    this.makeRoom(size, heap)
    this.queueOf(row).push(row)
    return true
  }

  remove (row: number): void {
    this.queueOf(row).remove(row)
  }

  /** Drops every row; what writers hold is theirs to release. */
  clear (): void {
    this.probation.clear()
    this.main.clear()
    this.ghosts.clear()
  }

  private queueOf (row: number): RowQueue {
    return this.rows.page(row).main[row & IN_PAGE] === 1 ? this.main : this.probation
  }

  private canFit (size: number, heap: number): boolean {
    return size + this.reserved <= this.limit && heap <= this.heapLimit
  }

  /** Takes the row whose turn it is off its queue; there is one where anything is over a limit. */
  private next (): number {
    const crowded = this.probation.bytes + this.reserved > this.limit * PROBATION
    const row = crowded ? this.probation.shift() : NO_ROW
    if (row !== NO_ROW) return row
    const oldest = this.main.shift()
    return oldest === NO_ROW ? this.probation.shift() : oldest
  }

  private keep (row: number): void {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    page.uses[i] = page.main[i] === 1 ? page.uses[i]! - 1 : 0
    page.main[i] = 1
    this.main.push(row)
  }

  private evict (row: number): void {
    this.evictions++
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    // A small heap may be full before the room is: then a row's part of it is its part of the heap.
    const size = Math.max(page.size[i]!, Math.ceil(page.heap[i]! * this.limit / this.heapLimit))
    if (page.main[i] === 0) this.ghosts.add(page.keys[i]!, size, this.rows.count)
    this.onEvict(row)
  }
}

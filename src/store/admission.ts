/**
 * Who stays when room is short: S3-FIFO (Yang et al., SOSP 2023). What is new waits in a small probation queue; what
 * is used there moves to the main queue when its turn comes, the rest leaves, its key remembered for a while, and what
 * comes back while remembered goes to the main queue at once. A used one at the main queue's end gets another round.
 * So a flood of keys asked for once passes through the tenth that is probation and the hot set stands.
 *
 * Invariants: neither `bytes` nor `heap` exceeds its limit; a use is one addition, and moves nothing. The queues are lru-caches kept
 * in order of insertion: only `set` of an absent key, `delete` and `pop` are called, since `get` or a second `set` would
 * move a row, and their own eviction never runs because room is made first.
 */
import { LRUCache } from 'lru-cache'
import { GHOST_BYTES } from './size.js'

/** What is queued. */
export interface Held {
  readonly key: string
  size: number
  /** How much of `size` lies on the JavaScript heap. */
  heap: number
  /** Since it was queued, at most `MAX_USES`. */
  uses: number
  /** In the main queue. */
  main: boolean
}

export const MAX_USES = 3
/** Uses on probation that earn a place in the main queue. */
const EARNED = 2
const PROBATION = 0.1
/** What writers in progress may hold together, as a share of the limit; one alone may hold all. */
const WRITERS = 0.5
/** Rows given another round in one call: bounds its time, a million hot rows or not. */
const ROUNDS = 2_000

export class Admission<T extends Held> {
  readonly limit: number
  evictions = 0
  private readonly heapLimit: number
  /** On the JavaScript heap, without ghosts. */
  private rowHeap = 0
  /** Held by writers in progress. */
  private reserved = 0
  private readonly probation: LRUCache<string, T>
  private readonly main: LRUCache<string, T>
  /** Fingerprints of keys evicted from probation, as many as there would be room for in the main queue. */
  private readonly ghosts: LRUCache<number, true>
  private readonly onEvict: (held: T) => void

  constructor (limit: number, heapLimit: number, onEvict: (held: T) => void) {
    this.limit = limit
    this.heapLimit = heapLimit
    this.onEvict = onEvict
    const queue = { maxSize: limit, sizeCalculation: (held: T) => held.size }
    this.probation = new LRUCache(queue)
    this.main = new LRUCache(queue)
    this.ghosts = new LRUCache({ maxSize: limit })
  }

  get bytes (): number {
    return this.probation.calculatedSize + this.main.calculatedSize + this.reserved + this.ghosts.size * GHOST_BYTES
  }

  /** What of `bytes` lies on the JavaScript heap, which ends the process when it is full. */
  get heap (): number {
    return this.rowHeap + this.ghosts.size * GHOST_BYTES
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

  /** Queues a new row. False: it does not fit, nothing changed. */
  add (held: T): boolean {
    if (!this.makeRoom(held.size, held.heap)) return false
    // As long as nothing ever had to leave, nothing has to prove itself.
    held.main = this.evictions === 0
      ? this.probation.calculatedSize >= this.limit * PROBATION
      : this.ghosts.delete(fingerprint(held.key))
    this.enqueue(held)
    return true
  }

  /** Gives a queued row another size, at the end of its queue. False: it does not fit, nothing changed. */
  resize (held: T, size: number, heap: number): boolean {
    if (size === held.size && heap === held.heap) return true
    if (!this.canFit(size, heap)) return false
    this.remove(held)
    held.size = size
    held.heap = heap
    this.makeRoom(size, heap)
    this.enqueue(held)
    return true
  }

  remove (held: T): void {
    if (this.queueOf(held).delete(held.key)) this.rowHeap -= held.heap
  }

  /** Drops every row; what writers hold is theirs to release. */
  clear (): void {
    this.probation.clear()
    this.main.clear()
    this.ghosts.clear()
    this.rowHeap = 0
  }

  private enqueue (held: T): void {
    this.queueOf(held).set(held.key, held)
    this.rowHeap += held.heap
  }

  private queueOf (held: T): LRUCache<string, T> {
    return held.main ? this.main : this.probation
  }

  private canFit (size: number, heap: number): boolean {
    return size + this.reserved <= this.limit && heap <= this.heapLimit
  }

  private makeRoom (size: number, heap = 0): boolean {
    if (!this.canFit(size, heap)) return false
    let rounds = ROUNDS
    while (this.bytes + size > this.limit || this.heap + heap > this.heapLimit) {
      const held = this.next()
      if (held === undefined) this.ghosts.clear()
      else if (held.uses >= (held.main ? 1 : EARNED) && rounds-- > 0) this.keep(held)
      else this.evict(held)
    }
    return true
  }

  /** Takes the row whose turn it is off its queue. */
  private next (): T | undefined {
    const crowded = this.probation.calculatedSize + this.reserved > this.limit * PROBATION
    return (crowded ? this.probation.pop() : undefined) ?? this.main.pop() ?? this.probation.pop()
  }

  private keep (held: T): void {
    held.uses = held.main ? held.uses - 1 : 0
    held.main = true
    this.main.set(held.key, held)
  }

  private evict (held: T): void {
    this.evictions++
    this.rowHeap -= held.heap
    // A small heap may be full before the room is: then a row's part of it is its part of the heap.
    const size = Math.max(held.size, Math.ceil(held.heap * this.limit / this.heapLimit))
    if (!held.main) this.ghosts.set(fingerprint(held.key), true, { size })
    this.onEvict(held)
  }
}

/** 31 bits of a key (FNV-1a): enough to remember it by, and it keeps no string alive. */
function fingerprint (key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash >>> 1
}

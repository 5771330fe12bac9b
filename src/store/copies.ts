/**
 * Packed records that are in use, unpacked: each look at one would copy it anew otherwise. What came first is forgotten
 * first, and comes again when it is asked for.
 *
 * Invariant: copies handed out belong to whoever has them; forgetting one here changes nothing for them. They are taken
 * from blocks, so that a copy costs no allocation of its own; what stays in use keeps its block, at most `BLOCK` bytes.
 */
import type { StoredRecord } from '../core/types.js'

const BLOCK = 2 ** 15
/** Resident bytes of the objects of a copy: with content, and without. */
const ENTRY_OBJECTS = 750
const RECORD_OBJECTS = 300

interface Copy { readonly row: number, readonly record: StoredRecord, readonly size: number }

export class Copies {
  /** What the copies kept here take. */
  bytes = 0
  readonly allowance: number
  private readonly forgotten: (row: number, record: StoredRecord) => void
  /** Oldest first, from `first` on. */
  private queue: Copy[] = []
  private first = 0
  private block = Buffer.alloc(0)
  private used = 0

  /** `allowance` in bytes. `forgotten`: a copy is no longer kept here. */
  constructor (allowance: number, forgotten: (row: number, record: StoredRecord) => void) {
    this.allowance = allowance
    this.forgotten = forgotten
  }

  /** Memory for a copy. */
  room (length: number): Uint8Array {
    if (length > BLOCK / 2) return Buffer.allocUnsafeSlow(length)
    if (this.used + length > this.block.length) {
      this.block = Buffer.allocUnsafeSlow(BLOCK)
      this.used = 0
    }
    this.used += length
    return this.block.subarray(this.used - length, this.used)
  }

  /** Keeps `record`, with `length` bytes of content, in mind; others go for it. False: it is larger than all there is. */
  keep (row: number, record: StoredRecord, length: number): boolean {
    const size = (record.kind === 'entry' ? ENTRY_OBJECTS : RECORD_OBJECTS) + length
    if (size > this.allowance) return false
    while (this.bytes + size > this.allowance) this.forgetOldest()
    this.queue.push({ row, record, size })
    this.bytes += size
    return true
  }

  clear (): void {
    this.queue = []
    this.first = this.bytes = 0
  }

  private forgetOldest (): void {
    const { row, record, size } = this.queue[this.first++]!
    this.bytes -= size
    this.forgotten(row, record)
    if (this.first * 2 < this.queue.length) return
    this.queue = this.queue.slice(this.first)
    this.first = 0
  }
}

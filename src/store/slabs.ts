/**
 * Memory in which small records lie side by side: what one allocation each would cost beside a kilobyte is most of
 * another kilobyte.
 *
 * Invariants: no view of a slab leaves the store, so that a range is used again, or moved, as soon as its record is gone:
 * whoever is to have bytes gets a copy. Records fill a slab one behind the other and are never changed in length; a
 * range that was given back stays as it is until its slab is empty, and a slab is emptied by moving what lives in it once
 * more than an eighth of all is dead. So all slabs together take at most `SHARE` times what was taken, and `RESERVE`
 * slabs: each give-back moves the content of one slab at most.
 *
 * Each record begins with a word that says its row, its length in words and what it is. An address counts words from 1.
 */
export const WORD = 8
const SMALLEST = 2 ** 11
const LARGEST = 2 ** 18
/** What one slab is of the whole room. */
const OF_ROOM = 128
/** Records of up to this part of a slab: its end, where the next one does not fit, is then a smaller one. */
const OF_SLAB = 16
const DEAD = 1 / 8
/** What a packed byte counts. */
export const SHARE = 1 + DEAD
/** Slabs beyond that: the one that is being filled, one being emptied, those kept for the next. */
export const RESERVE = 4
const SPARES = 1

/** One slab; the columns are views of the same bytes. */
export interface Slab {
  readonly bytes: Buffer
  readonly words: Float64Array
  readonly halves: Uint32Array
  readonly quarters: Uint16Array
  /** Words taken, and those of them whose record lives. */
  top: number
  live: number
}

/** Whose records lie in the slabs. */
export interface SlabOwner {
  livesAt (row: number, address: number): boolean
  moved (row: number, address: number): void
}

export class Slabs {
  readonly slabBytes: number
  /** Longest record in bytes. */
  readonly longest: number
  private readonly slabWords: number
  private readonly slabs: (Slab | undefined)[] = []
  /** Numbers of slabs that are not there. */
  private readonly gaps: number[] = []
  private readonly spares: Slab[] = []
  private current: Slab | undefined
  private currentNumber = 0
  private count = 0
  private live = 0
  private readonly owner: SlabOwner

  constructor (room: number, owner: SlabOwner) {
    this.slabBytes = Math.min(LARGEST, Math.max(SMALLEST, 2 ** Math.floor(Math.log2(room / OF_ROOM))))
    this.slabWords = this.slabBytes / WORD
    this.longest = this.slabBytes / OF_SLAB
    this.owner = owner
  }

  /** Memory the slabs take. */
  get bytes (): number {
    return (this.count + this.spares.length) * this.slabBytes
  }

  /** Room for a record of `length` bytes, at most `longest`. */
  take (row: number, length: number, kind: number): number {
    const words = Math.ceil(length / WORD)
    if (this.current === undefined || this.current.top + words > this.slabWords) this.open()
    const slab = this.current!
    const at = slab.top
    slab.top += words
    slab.live += words
    this.live += words
    slab.halves[at * 2] = row
    slab.quarters[at * 4 + 2] = words
    slab.quarters[at * 4 + 3] = kind
    return this.currentNumber * this.slabWords + at + 1
  }

  release (address: number): void {
    const number = this.numberOf(address)
    const slab = this.slabs[number]!
    const words = slab.quarters[this.wordOf(address) * 4 + 2]!
    slab.live -= words
    this.live -= words
    if (this.live === 0) this.clear()
    else if (slab.live === 0 && slab !== this.current) this.drop(number)
    else if (this.dead > this.live * DEAD + this.slabWords) this.compact()
  }

  at (address: number): Slab {
    return this.slabs[this.numberOf(address)]!
  }

  /** In its slab. */
  wordOf (address: number): number {
    return (address - 1) % this.slabWords
  }

  kindOf (address: number): number {
    return this.at(address).quarters[this.wordOf(address) * 4 + 3]!
  }

  clear (): void {
    this.slabs.length = this.gaps.length = this.spares.length = 0
    this.count = this.live = 0
    this.current = undefined
  }

  /** Words that hold no living record, but for those the open slab has yet to give. */
  private get dead (): number {
    return this.count * this.slabWords - this.live - (this.current === undefined ? 0 : this.slabWords - this.current.top)
  }

  private numberOf (address: number): number {
    return Math.floor((address - 1) / this.slabWords)
  }

  private open (): void {
    this.current = this.spares.pop() ?? this.allocate()
    this.currentNumber = this.gaps.pop() ?? this.slabs.length
    this.slabs[this.currentNumber] = this.current
    this.count++
  }

  private allocate (): Slab {
    const bytes = Buffer.allocUnsafeSlow(this.slabBytes)
    const memory = bytes.buffer
    return { bytes, words: new Float64Array(memory), halves: new Uint32Array(memory), quarters: new Uint16Array(memory), top: 0, live: 0 }
  }

  private drop (number: number): void {
    const slab = this.slabs[number]!
    this.slabs[number] = undefined
    this.gaps.push(number)
    this.count--
    slab.top = slab.live = 0
    if (this.spares.length < SPARES) this.spares.push(slab)
  }

  /** Empties the slab with the least in it. */
  private compact (): void {
    let least = -1
    for (let number = 0; number < this.slabs.length; number++) {
      const slab = this.slabs[number]
      if (slab === undefined || slab === this.current) continue
      if (least < 0 || slab.live < this.slabs[least]!.live) least = number
    }
    if (least >= 0) this.empty(least)
  }

  private empty (number: number): void {
    const from = this.slabs[number]!
    for (let at = 0; at < from.top;) {
      const words = from.quarters[at * 4 + 2]!
      this.move(from, at, words, number * this.slabWords + at + 1)
      at += words
    }
    this.drop(number)
  }

  private move (from: Slab, at: number, words: number, address: number): void {
    const row = from.halves[at * 2]!
    if (!this.owner.livesAt(row, address)) return
    const to = this.take(row, words * WORD, from.quarters[at * 4 + 3]!)
    this.at(to).words.set(from.words.subarray(at, at + words), this.wordOf(to))
    this.owner.moved(row, to)
    this.live -= words
  }
}

/**
 * The bytes of one entry, copied into memory of its own. With a known length head and body share one allocation; without
 * one the body grows by parts and, when it is small, is brought together with the head at the end.
 */

/** Bodies up to here are worth copying once more to lie in one allocation with their head. */
const SMALL = 64 * 1024
const FIRST_PART = 16 * 1024
const LARGEST_PART = 512 * 1024

export interface Bytes { readonly head: Uint8Array, readonly body: readonly Uint8Array[], readonly length: number }

export type RefusedBytes = 'too-large' | 'no-room' | 'length-mismatch'

/** Why bytes were not taken, in `code`. */
export class StoreRangeError extends RangeError {
  readonly code: RefusedBytes

  constructor (code: RefusedBytes, message: string) {
    super(message)
    this.name = 'StoreRangeError'
    this.code = code
  }
}

export class Assembly {
  private written = 0
  private readonly head: Uint8Array
  private readonly announced: number | undefined
  private readonly maxLength: number
  private readonly reserve: (bytes: number) => boolean
  /** The body's, in order; all but the last are full. */
  private readonly parts: Buffer[] = []
  /** Bytes used of the last part. */
  private used = 0
  /** Head and body together, where the length was announced. */
  private readonly whole: Buffer | undefined

  /** `reserve` is asked before each further allocation; the first, of an announced length, is the caller's to reserve. */
  constructor (head: Uint8Array, announced: number | undefined, maxLength: number, reserve: (bytes: number) => boolean) {
    this.head = head
    this.announced = announced
    this.maxLength = maxLength
    this.reserve = reserve
    if (announced === undefined) return
    this.whole = Buffer.allocUnsafeSlow(head.length + announced)
    this.whole.set(head, 0)
    this.parts.push(this.whole.subarray(head.length))
  }

  write (chunk: Uint8Array): void {
    if (this.written + chunk.length > (this.announced ?? this.maxLength)) {
      throw this.announced === undefined
        ? new StoreRangeError('too-large', `The body is larger than ${this.maxLength} bytes.`)
        : new StoreRangeError('length-mismatch', `The body is longer than the ${this.announced} bytes announced.`)
    }
    for (let taken = 0; taken < chunk.length;) {
      const part = this.partWithRoom(chunk.length - taken)
      const count = Math.min(part.length - this.used, chunk.length - taken)
      part.set(chunk.subarray(taken, taken + count), this.used)
      this.used += count
      taken += count
    }
    this.written += chunk.length
  }

  finish (): Bytes {
    const length = this.written
    if (this.announced !== undefined && length < this.announced) {
      throw new StoreRangeError('length-mismatch', `The body ended after ${length} of the ${this.announced} bytes announced.`)
    }
    if (this.whole !== undefined) return { head: this.whole.subarray(0, this.head.length), body: length === 0 ? [] : this.parts, length }
    if (length > 0) this.parts.push(this.parts.pop()!.subarray(0, this.used))
    return gather(this.head, this.parts, length)
  }

  private partWithRoom (wanted: number): Buffer {
    const last = this.parts.at(-1)
    if (last !== undefined && this.used < last.length) return last
    const size = Math.min(Math.max(wanted, this.written, FIRST_PART), LARGEST_PART, this.maxLength - this.written)
    if (!this.reserve(size)) throw new StoreRangeError('no-room', 'The store has no room for more of the body.')
    const part = Buffer.allocUnsafeSlow(size)
    this.parts.push(part)
    this.used = 0
    return part
  }
}

/** `head` copied, and together with the body when that is small; a large body stays where it lies. `room`: memory for that. */
export function gather (head: Uint8Array, body: readonly Uint8Array[], length: number, room: (length: number) => Uint8Array = Buffer.allocUnsafeSlow): Bytes {
  const small = length <= SMALL
  const whole = room(head.length + (small ? length : 0))
  whole.set(head, 0)
  if (!small) return { head: whole, body: body.map(trimmed), length }
  let at = head.length
  for (const part of body) {
    whole.set(part, at)
    at += part.length
  }
  return { head: whole.subarray(0, head.length), body: length === 0 ? [] : [whole.subarray(head.length)], length }
}

/** Bytes that nobody else uses: left where they lie, if they are most of one allocation. */
export function takenOver (head: Uint8Array, body: readonly Uint8Array[], length: number): Bytes {
  const together = body.every(part => part.buffer === head.buffer)
  return together && fills(head.length + length, head) ? { head, body, length } : gather(head, body, length)
}

function fills (bytes: number, { buffer }: Uint8Array): boolean {
  return bytes >= buffer.byteLength * 0.75
}

/** A copy of its own for a part that uses little of its allocation. */
function trimmed (part: Uint8Array): Uint8Array {
  if (fills(part.length, part)) return part
  const copy = Buffer.allocUnsafeSlow(part.length)
  copy.set(part, 0)
  return copy
}

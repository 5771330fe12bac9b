/**
 * A request's body on its way from the connection to whoever reads it. The connection feeds it raw bytes, the reader
 * pulls content; in between lies at most HIGH_WATER and one chunk from the socket, then the socket is paused.
 *
 * Invariants: `null` is given only after the framing's own end; a malformed, oversized or broken body rejects every
 * later read; nothing behind the body's end is touched.
 */
import { SeawallError } from '../core/errors.js'
import type { BodyReader } from '../core/types.js'
import type { BodyDecoder } from '../http/framing.js'

const HIGH_WATER = 64 * 1024
/** Content slices smaller than this on average are joined, so that tiny chunks cannot cost a buffer each. */
const SMALL_SLICE = 1024

/** What a body asks of its connection. */
export interface BodySource {
  /** Bytes may come, or no more for now. */
  flow (on: boolean): void
  /** A read waits for bytes; `first`: nothing was asked for before. */
  awaited (first: boolean): void
  /** No read waits any more. */
  fed (): void
}

interface Waiting { resolve (chunk: Uint8Array | null): void, reject (why: Error): void }

export class RequestBodyReader implements BodyReader {
  /** Everything has come and was well-formed. */
  complete = false
  failure: SeawallError | undefined
  /** Somebody has asked for it. */
  begun = false
  /** Bytes, framing included, that were dropped since nobody wanted them. */
  skipped = 0
  /** As announced. */
  readonly length: number | undefined
  private readonly decoder: BodyDecoder
  private readonly limit: number
  private readonly source: BodySource
  private queue: Uint8Array[] = []
  private queued = 0
  private unwanted = false
  private waiting: Waiting | undefined

  /** `limit`: bytes of content at most. */
  constructor (decoder: BodyDecoder, length: number | undefined, limit: number, source: BodySource) {
    this.decoder = decoder
    this.length = length
    this.limit = limit
    this.source = source
  }

  /** More may come. */
  get open (): boolean {
    return !this.complete && this.failure === undefined
  }

  whole (): readonly Uint8Array[] | undefined {
    if (!this.complete || this.begun || this.unwanted) return undefined
    this.begun = true
    return this.queue
  }

  read (): Promise<Uint8Array | null> {
    const first = !this.begun
    this.begun = true
    const chunk = this.queue.shift()
    if (chunk !== undefined) {
      this.queued -= chunk.length
      if (this.open && this.queued < HIGH_WATER) this.source.flow(true)
      return Promise.resolve(chunk)
    }
    if (this.failure !== undefined) return Promise.reject(this.failure)
    if (this.unwanted) return Promise.reject(new SeawallError('abandoned'))
    if (this.complete) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.source.flow(true)
      this.source.awaited(first)
    })
  }

  cancel (why: Error): void {
    this.unwanted = true
    this.queue = []
    this.queued = 0
    this.answer(waiting => waiting.reject(why))
    if (this.open) this.source.flow(true)
  }

  /** Takes what belongs to the body from `bytes`; returns how many that were. */
  feed (bytes: Buffer): number {
    const fed = this.decoder.feed(bytes, 0, bytes.length)
    if (fed.kind === 'refused') {
      this.fail(new SeawallError(fed.code))
      return bytes.length
    }
    this.complete = fed.kind === 'done'
    if (this.unwanted) this.skipped += fed.consumed
    else this.take(fed.slices)
    return fed.consumed
  }

  /** The body will not become whole. */
  fail (failure: SeawallError): void {
    if (!this.open) return
    this.failure = failure
    this.answer(waiting => waiting.reject(failure))
  }

  private take (slices: readonly Uint8Array[]): void {
    let length = 0
    for (const slice of slices) length += slice.length
    if (this.decoder.total > this.limit) {
      this.complete = false
      return this.fail(new SeawallError('body_too_large'))
    }
    if (length > 0) {
      if (length < slices.length * SMALL_SLICE) this.queue.push(Buffer.concat(slices, length))
      else this.queue.push(...slices)
      this.queued += length
      this.answer(waiting => {
        const chunk = this.queue.shift()!
        this.queued -= chunk.length
        waiting.resolve(chunk)
      })
    }
    if (this.complete) this.answer(waiting => waiting.resolve(null))
    else if (this.queued >= HIGH_WATER) this.source.flow(false)
  }

  /** Answers the read that waits, if one does. */
  private answer (how: (waiting: Waiting) => void): void {
    const { waiting } = this
    if (waiting === undefined) return
    this.waiting = undefined
    this.source.fed()
    how(waiting)
  }
}

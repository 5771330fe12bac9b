/**
 * Request bodies (RFC 9112 §6, §7.1): an exact Content-Length, or chunked. Incremental: everything given is consumed up
 * to the body's end, however it is cut, and what belongs to content is handed out as slices of the input, never copied.
 *
 * Strict: chunk lines end with CRLF, sizes are plain hexadecimal digits, no blanks anywhere; extensions and trailers
 * are bounded, held against their grammar, and dropped. Trailers are never merged into the fields.
 */
import type { ErrorCode } from '../core/errors.js'
import type { Framing } from '../core/types.js'
import { CR, hexValue, LF } from './bytes.js'
import { TCHAR } from './fields.js'

/** `slices` are valid as long as the input is. `consumed`: bytes of the input that belong to the body. */
export type Fed =
  | { readonly kind: 'more' | 'done', readonly slices: readonly Buffer[], readonly consumed: number }
  | { readonly kind: 'refused', readonly code: ErrorCode }

export interface BodyDecoder {
  /** Bytes of content handed out so far. */
  readonly total: number
  /** Decodes what lies from `start` to `end`. Once it was `done` or `refused` it must not be fed again. */
  feed (buffer: Buffer, start: number, end: number): Fed
}

/** 13 digits stay below 2^53. */
const SIZE_DIGITS = 13
const EXTENSION_BYTES = 256
/** Of one body, so that tiny chunks with large extensions cannot go on for ever. */
const EXTENSIONS_BYTES = 16_384
const TRAILER_BYTES = 8192
const TRAILER_COUNT = 64

const QUOTED = String.raw`"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"`
// RFC 9112 §7.1.1, without the blanks that its grammar only tolerates
const EXTENSIONS = new RegExp(String.raw`^(?:;${TCHAR}+(?:=(?:${TCHAR}+|${QUOTED}))?)*\r\n$`)
const TRAILER = new RegExp(String.raw`^(${TCHAR}+):[\t -~\x80-\xff]*\r\n$`)
/** RFC 9110 §6.5.1: what frames or addresses a message, or steers the connection, cannot come after it. */
const NOT_TRAILERS: ReadonlySet<string> = new Set(['connection', 'content-length', 'host', 'proxy-connection', 'transfer-encoding', 'upgrade'])

/** A decoder for one body. Without a body it is done before it begins. */
export function createBodyDecoder (framing: Framing): BodyDecoder {
  return framing.kind === 'chunked' ? new ChunkedDecoder() : new LengthDecoder(framing.kind === 'length' ? framing.length : 0)
}

class LengthDecoder implements BodyDecoder {
  total = 0
  private readonly length: number

  constructor (length: number) {
    this.length = length
  }

  feed (buffer: Buffer, start: number, end: number): Fed {
    const consumed = Math.min(end - start, this.length - this.total)
    this.total += consumed
    return {
      kind: this.total === this.length ? 'done' : 'more',
      slices: consumed === 0 ? [] : [buffer.subarray(start, start + consumed)],
      consumed
    }
  }
}

/** What the next byte belongs to. `size` and `data` carry a count, `extension` and `trailer` the line so far. */
type State = 'size' | 'size-lf' | 'extension' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'done' | 'refused'

class ChunkedDecoder implements BodyDecoder {
  total = 0
  private state: State = 'size'
  /** Of the chunk: first its size as read so far, then what is left of it. */
  private left = 0
  private digits = 0
  private line = ''
  private extensionBytes = 0
  private trailerBytes = 0
  private trailers = 0

  feed (buffer: Buffer, start: number, end: number): Fed {
    const slices: Buffer[] = []
    let at = start
    while (at < end && this.state !== 'done' && this.state !== 'refused') {
      if (this.state === 'data') {
        const taken = Math.min(end - at, this.left)
        slices.push(buffer.subarray(at, at + taken))
        at += taken
        this.total += taken
        this.left -= taken
        if (this.left === 0) this.state = 'data-cr'
      } else if (this.state === 'extension' || this.state === 'trailer') {
        at = this.collect(buffer, at, end)
      } else {
        this.state = this.step(buffer[at++]!)
      }
    }
    if (this.state === 'refused') return { kind: 'refused', code: 'bad_chunk' }
    return { kind: this.state === 'done' ? 'done' : 'more', slices, consumed: at - start }
  }

  private step (byte: number): State {
    switch (this.state) {
      case 'size': return this.sizeByte(byte)
      case 'size-lf': return byte === LF ? this.afterSize() : 'refused'
      case 'data-cr': return byte === CR ? 'data-lf' : 'refused'
      case 'data-lf': return byte === LF ? 'size' : 'refused'
      default: return 'refused'
    }
  }

  private sizeByte (byte: number): State {
    const value = hexValue(byte)
    if (value !== -1) {
      this.left = this.left * 16 + value
      return ++this.digits > SIZE_DIGITS ? 'refused' : 'size'
    }
    if (this.digits === 0) return 'refused'
    if (byte === CR) return 'size-lf'
    if (byte !== 0x3b) return 'refused'
    this.line = ';'
    return 'extension'
  }

  private afterSize (): State {
    this.digits = 0
    return this.left === 0 ? 'trailer' : 'data'
  }

  /** Takes an extension's or a trailer's line up to its LF, or what there is of it; returns the offset past it. */
  private collect (buffer: Buffer, at: number, end: number): number {
    const extension = this.state === 'extension'
    const room = extension ? EXTENSION_BYTES - this.line.length : TRAILER_BYTES - this.trailerBytes
    const stop = Math.min(end, at + room)
    let to = at
    while (to < stop && buffer[to] !== LF) to++
    const whole = to < stop
    if (whole) to++
    this.line += buffer.toString('latin1', at, to)
    if (!extension) this.trailerBytes += to - at
    if (whole) this.state = extension ? this.extensionLine() : this.trailerLine()
    else if (to - at === room) this.state = 'refused'
    return to
  }

  private extensionLine (): State {
    const line = this.taken()
    this.extensionBytes += line.length
    return this.extensionBytes <= EXTENSIONS_BYTES && EXTENSIONS.test(line) ? this.afterSize() : 'refused'
  }

  private trailerLine (): State {
    const line = this.taken()
    if (line === '\r\n') return 'done'
    const name = TRAILER.exec(line)?.[1]
    if (name === undefined || NOT_TRAILERS.has(name.toLowerCase())) return 'refused'
    return ++this.trailers > TRAILER_COUNT ? 'refused' : 'trailer'
  }

  private taken (): string {
    const { line } = this
    this.line = ''
    return line
  }
}

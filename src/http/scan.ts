/**
 * Request heads (RFC 9112 §2–§5): one in a buffer becomes a request, is incomplete, or is refused with a code.
 *
 * Invariants: strict — what is accepted, every other strict parser reads alike. The bytes are judged from left to right
 * and the first one that cannot stand where it stands decides, so neither the verdict nor its code depends on how the
 * bytes were cut into packets. A head costs time linear in its length, however it was cut.
 */
import type { ErrorCode } from '../core/errors.js'
import type { HttpVersion, RequestFields } from '../core/types.js'
import { CR, INCOMPLETE, isDigit, LF, SPACE, TOKEN } from './bytes.js'
import { scanFieldLine, scanLineEnd, startLine, type FieldLine } from './field-line.js'
import { readSection } from './section.js'
import { readTarget, TARGET } from './target.js'

export interface ScanLimits {
  /** Bytes of a head, from its first to those of the blank line. */
  readonly headerBytes: number
  readonly headerCount: number
  /** Bytes of a request target. */
  readonly url: number
}

export interface RequestHead {
  readonly method: string
  /** Origin-form, or `*` of an OPTIONS; absolute-form has been reduced to path and query. */
  readonly target: string
  readonly version: HttpVersion
  /** The same object as of the last GET, or the last request by another method, that had it byte for byte. */
  readonly fields: RequestFields
  /** The connection may be used for another request (RFC 9112 §9.3). */
  readonly keepAlive: boolean
}

export type Scan =
  /** `end`: the offset past the blank line. */
  | { readonly kind: 'request', readonly head: RequestHead, readonly end: number }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'refused', readonly code: ErrorCode }

const LONGEST_METHOD = 32
/** Longer field sections are parsed anew each time rather than kept by every idle connection. */
const LONGEST_REMEMBERED = 4096
const AFTER_TARGET = Buffer.from(' HTTP/1.1', 'latin1')
const FIRST_DIGIT = 6
const MINOR = 8
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const INCOMPLETE_HEAD: Scan = { kind: 'incomplete' }

/** A field section as it came, and what it means to requests of one version. */
interface Remembered {
  readonly text: string
  /** The same as bytes, made when a second head asks. */
  bytes: Buffer | undefined
  readonly fields: RequestFields
  readonly version: HttpVersion
}

/** Scans the heads of one connection. */
export class HeadScanner {
  private readonly limits: ScanLimits
  private method = ''
  private target = ''
  private authority = ''
  private version: HttpVersion = '1.1'
  /** Offsets from the head's first byte, 0 while not reached: its target, its fields. */
  private targetAt = 0
  private fieldsAt = 0
  /** Likewise, where scanning goes on: a byte of the target, or the first line that has not ended. */
  private next = 0
  /** Classes of the target's bytes so far. */
  private seen = 0
  private lines = 0
  /** Of each line scanned: colon, begin and end of its value, its own end; from `fieldsAt`. */
  private readonly marks: number[] = []
  private readonly line: FieldLine = { scanned: 0, colon: 0, valueFrom: 0, valueTo: 0 }
  /** Of the last GET, and of the last request by another method: clients that read and write repeat each in turn. */
  private lastGet: Remembered | undefined
  private lastOther: Remembered | undefined

  constructor (limits: ScanLimits) {
    this.limits = limits
  }

  /**
   * Scans the head that begins at `start`; bytes at and past `end` are not looked at. After `incomplete`, call again with
   * the same bytes and more behind them, wherever they lie by then. After `refused` the connection is done for.
   */
  scan (buffer: Buffer, start: number, end: number): Scan {
    const head = skipEmptyLine(buffer, start, end)
    if (typeof head === 'string') return refuse(head)
    if (head === INCOMPLETE) return INCOMPLETE_HEAD
    const stop = Math.min(end, head + this.limits.headerBytes)
    if (this.fieldsAt === 0) {
      const at = this.scanRequestLine(buffer, head, stop)
      if (typeof at === 'string') return refuse(at)
      if (at === INCOMPLETE) return this.incomplete(head, stop)
      this.fieldsAt = this.next = at - head
      startLine(this.line)
    }
    const fieldsAt = head + this.fieldsAt
    const repeated = this.repeated(buffer, fieldsAt, stop)
    if (repeated !== undefined) return this.finish(repeated.fields, fieldsAt + repeated.text.length)
    const sectionEnd = this.scanFields(buffer, head, stop)
    if (typeof sectionEnd === 'string') return refuse(sectionEnd)
    if (sectionEnd === INCOMPLETE) return this.incomplete(head, stop)
    const fields = this.readFields(buffer.toString('latin1', fieldsAt, sectionEnd))
    return typeof fields === 'string' ? refuse(fields) : this.finish(fields, sectionEnd)
  }

  private incomplete (head: number, stop: number): Scan {
    return stop - head >= this.limits.headerBytes ? refuse('head_too_large') : INCOMPLETE_HEAD
  }

  private finish (fields: RequestFields, end: number): Scan {
    const { method, target, version, authority } = this
    this.targetAt = this.fieldsAt = this.lines = 0
    if (authority !== '' && authority.toLowerCase() !== fields.host) return refuse('host_mismatch')
    const keepAlive = version === '1.1' ? fields.connection !== 'close' : fields.connection === 'keep-alive'
    return { kind: 'request', head: { method, target, version, fields, keepAlive }, end }
  }

  /** RFC 9112 §3: exactly one space between its parts. Returns the offset past its CRLF. */
  private scanRequestLine (buffer: Buffer, head: number, stop: number): number | ErrorCode {
    if (this.targetAt === 0) {
      const from = this.scanMethod(buffer, head, stop)
      if (typeof from === 'string' || from === INCOMPLETE) return from
      this.targetAt = this.next = from - head
      this.seen = 0
    }
    const at = this.scanTarget(buffer, head, stop)
    return typeof at === 'string' || at === INCOMPLETE ? at : this.scanVersion(buffer, at, stop)
  }

  /** Returns the offset past the space behind the method. */
  private scanMethod (buffer: Buffer, from: number, stop: number): number | ErrorCode {
    let at = from
    while (at < stop && TOKEN[buffer[at]!] === 1) at++
    if (at - from > LONGEST_METHOD) return 'bad_method'
    if (at === stop) return INCOMPLETE
    if (buffer[at] !== SPACE || at === from) return isLineEnd(buffer[at]!) ? 'bad_request_line' : 'bad_method'
    const method = methodAt(buffer, from, at)
    if (method === undefined) return 'method_refused'
    this.method = method
    return at + 1
  }

  /** Returns the offset of the space behind the target. */
  private scanTarget (buffer: Buffer, head: number, stop: number): number | ErrorCode {
    const from = head + this.targetAt
    const tooLong = from + this.limits.url + 1
    const limit = Math.min(stop, tooLong)
    let at = head + this.next
    let { seen } = this
    for (let kind; at < limit && (kind = TARGET[buffer[at]!]!) !== 0; at++) seen |= kind
    this.seen = seen
    this.next = at - head
    if (at === tooLong) return 'url_too_long'
    if (at === stop) return INCOMPLETE
    if (buffer[at] !== SPACE) return isLineEnd(buffer[at]!) ? 'bad_request_line' : 'bad_target'
    if (at === from) return 'bad_request_line'
    const target = readTarget(buffer.toString('latin1', from, at), this.method, seen)
    if (typeof target === 'string') return target
    this.target = target.path
    this.authority = target.authority
    return at
  }

  private scanVersion (buffer: Buffer, at: number, stop: number): number | ErrorCode {
    for (let i = 0; i < AFTER_TARGET.length; i++, at++) {
      if (at === stop) return INCOMPLETE
      const byte = buffer[at]!
      if (byte === AFTER_TARGET[i] || (i === MINOR && byte === 0x30)) continue
      return (i === FIRST_DIGIT || i === MINOR) && isDigit(byte) ? 'bad_version' : 'bad_request_line'
    }
    this.version = buffer[at - 1] === 0x30 ? '1.0' : '1.1'
    return scanLineEnd(buffer, at, stop, 'bad_request_line')
  }

  private repeated (buffer: Buffer, at: number, stop: number): Remembered | undefined {
    const last = this.method === 'GET' ? this.lastGet : this.lastOther
    if (last === undefined || last.version !== this.version) return undefined
    const end = at + last.text.length
    if (end > stop) return undefined
    last.bytes ??= Buffer.from(last.text, 'latin1')
    return buffer.compare(last.bytes, 0, last.bytes.length, at, end) === 0 ? last : undefined
  }

  /** Scans the lines not yet scanned; returns the offset past the blank one. */
  private scanFields (buffer: Buffer, head: number, stop: number): number | ErrorCode {
    const { marks, line, fieldsAt } = this
    for (;;) {
      const at = head + this.next
      if (at < stop && isLineEnd(buffer[at]!)) return scanLineEnd(buffer, at, stop, 'bad_line_ending')
      if (at < stop && this.lines === this.limits.headerCount) return 'too_many_fields'
      const end = scanFieldLine(buffer, at, stop, line)
      if (typeof end === 'string' || end === INCOMPLETE) return end
      const mark = 4 * this.lines++
      const from = this.next - fieldsAt
      this.next = end - head
      marks[mark] = from + line.colon
      marks[mark + 1] = from + line.valueFrom
      marks[mark + 2] = from + line.valueTo
      marks[mark + 3] = this.next - fieldsAt
      startLine(line)
    }
  }

  /** Reads the section from its `text` and the marks, and remembers it. */
  private readFields (text: string): RequestFields | ErrorCode {
    const { marks, method, version } = this
    const raw: string[] = []
    for (let i = 0, from = 0; i < this.lines * 4; from = marks[i + 3]!, i += 4) {
      raw.push(text.slice(from, marks[i]), text.slice(marks[i + 1], marks[i + 2]))
    }
    const fields = readSection(raw, method, version)
    if (typeof fields === 'string') return fields
    const remembered = text.length > LONGEST_REMEMBERED ? undefined : { text, bytes: undefined, fields, version }
    if (method === 'GET') this.lastGet = remembered
    else this.lastOther = remembered
    return fields
  }
}

function refuse (code: ErrorCode): Scan {
  return { kind: 'refused', code }
}

function isLineEnd (byte: number): boolean {
  return byte === CR || byte === LF
}

/** RFC 9112 §2.2: one empty line before the request line is read past. */
function skipEmptyLine (buffer: Buffer, start: number, end: number): number | ErrorCode {
  if (start === end) return INCOMPLETE
  return buffer[start] === CR ? scanLineEnd(buffer, start, end, 'bad_line_ending') : start
}

/** The method; undefined for those a cache in front of an origin never serves, in whatever case an origin might read them. */
function methodAt (buffer: Buffer, from: number, to: number): string | undefined {
  if (to - from === 3 && buffer[from] === 0x47 && buffer[from + 1] === 0x45 && buffer[from + 2] === 0x54) return 'GET'
  const method = buffer.toString('latin1', from, to)
  if (METHODS.has(method)) return method
  const upper = method.toUpperCase()
  return upper === 'CONNECT' || upper === 'TRACE' || upper === 'TRACK' ? undefined : method
}

/**
 * One field line (RFC 9112 §5): `name:OWS value OWS CRLF`, nothing laxer. No blank before the colon, no folding, no bare
 * CR or LF, no control characters, no tab behind the value.
 */
import type { ErrorCode } from '../core/errors.js'
import { COLON, CR, FIELD_TEXT, INCOMPLETE, LF, SPACE, TAB, TOKEN } from './bytes.js'

/** A field line while it is scanned, and where its parts lie once it was; offsets from its first byte. */
export interface FieldLine { scanned: number, colon: number, valueFrom: number, valueTo: number }

/** As a FieldLine must be before its line is scanned. */
export function startLine (line: FieldLine): void {
  line.scanned = line.colon = 0
}

/**
 * Scans the line that begins at `from`, reading no byte at or past `stop`. Returns the offset past its CRLF, INCOMPLETE
 * (call again when there is more; it goes on where it stopped), or why the line can never be one, which the first byte
 * that makes it so decides.
 */
export function scanFieldLine (buffer: Uint8Array, from: number, stop: number, line: FieldLine): number | ErrorCode {
  let at = from + line.scanned
  if (line.colon === 0) {
    while (at < stop && TOKEN[buffer[at]!] === 1) at++
    line.scanned = at - from
    if (at === stop) return INCOMPLETE
    if (at === from || buffer[at] !== COLON) return buffer[at] === LF ? 'bad_line_ending' : 'bad_field_name'
    line.colon = at++ - from
  }
  while (at < stop && FIELD_TEXT[buffer[at]!] === 1) at++
  line.scanned = at - from
  const end = scanLineEnd(buffer, at, stop, 'bad_field_value')
  if (typeof end === 'string' || end === INCOMPLETE) return end
  return trimValue(buffer, from, at, line) ? end : 'bad_field_value'
}

/** Whether it could: a tab behind a value is legal, no client's habit, and some parsers take it for part of the value. */
function trimValue (buffer: Uint8Array, from: number, to: number, line: FieldLine): boolean {
  let first = from + line.colon + 1
  while (first < to && isBlank(buffer[first]!)) first++
  while (to > first && buffer[to - 1] === SPACE) to--
  line.valueFrom = first - from
  line.valueTo = to - from
  return to === first || buffer[to - 1] !== TAB
}

/** Scans the CRLF that must be at `at`. `otherwise` is the verdict on any byte that ends no line. */
export function scanLineEnd (buffer: Uint8Array, at: number, stop: number, otherwise: ErrorCode): number | ErrorCode {
  if (at >= stop) return INCOMPLETE
  if (buffer[at] !== CR) return buffer[at] === LF ? 'bad_line_ending' : otherwise
  if (at + 1 >= stop) return INCOMPLETE
  return buffer[at + 1] === LF ? at + 2 : 'bad_line_ending'
}

function isBlank (byte: number): boolean {
  return byte === SPACE || byte === TAB
}

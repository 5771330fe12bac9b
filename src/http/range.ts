/** Byte ranges (RFC 9110 §14). Only one range is ever served as a part; whatever else is asked is answered whole. */
import type { RawHeaders } from '../core/types.js'
import { fieldLines } from './fields.js'

/** Positions are inclusive and zero-based. */
export type RangeSelection =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part', readonly first: number, readonly last: number }
  | { readonly kind: 'unsatisfiable' }

const WHOLE: RangeSelection = { kind: 'whole' }
const UNSATISFIABLE: RangeSelection = { kind: 'unsatisfiable' }
const ONE_RANGE = /^bytes=(\d*)-(\d*)$/i
const MULTIPART = /^[\t ]*multipart\/byteranges/i
const RANGE_RESPONSE = /^bytes (\d{1,15})-(\d{1,15})\/(?:(\d{1,15})|\*)$/i

/** Where the content of a 206 lies in the representation; `total`: the complete length, where it was told. */
export interface ContentRange { readonly first: number, readonly last: number, readonly total: number | undefined }

/** What a Range field selects of `length` bytes (RFC 9110 §14.2). Malformed, another unit, several ranges: the whole. */
export function selectRange (range: string, length: number): RangeSelection {
  const spec = ONE_RANGE.exec(range)
  if (spec === null) return WHOLE
  const [, from, to] = spec as unknown as [string, string, string]
  return from === '' ? selectSuffix(to, length) : selectFrom(Number(from), to === '' ? Infinity : Number(to), length)
}

/** Content-Range of a 206 (RFC 9110 §14.4); `length`: of the whole representation, where it is known. */
export function contentRange (first: number, last: number, length: number | undefined): string {
  return `bytes ${first}-${last}/${length ?? '*'}`
}

/**
 * The one byte range these fields say is enclosed (RFC 9110 §14.4). Undefined: none, several (§15.3.7.2), another unit,
 * or an invalid one, which "MUST NOT" be recombined with anything: the last position before the first, or not before the
 * complete length. Also positions past 10^15: no body has them.
 */
export function parseContentRange (headers: RawHeaders): ContentRange | undefined {
  const lines = fieldLines(headers, 'content-range')
  const parsed = lines.length === 1 ? RANGE_RESPONSE.exec(lines[0]!) : null
  if (parsed === null || fieldLines(headers, 'content-type').some(type => MULTIPART.test(type))) return undefined
  const [first, last, total] = [Number(parsed[1]), Number(parsed[2]), parsed[3] === undefined ? undefined : Number(parsed[3])]
  return last < first || (total !== undefined && last >= total) ? undefined : { first, last, total }
}

/** Content-Range of a 416. */
export function unsatisfiedRange (length: number): string {
  return `bytes */${length}`
}

function selectFrom (first: number, last: number, length: number): RangeSelection {
  if (last < first) return WHOLE
  return first < length ? { kind: 'part', first, last: Math.min(last, length - 1) } : UNSATISFIABLE
}

function selectSuffix (digits: string, length: number): RangeSelection {
  if (digits === '') return WHOLE
  const wanted = Number(digits)
  if (wanted === 0) return UNSATISFIABLE
  // a suffix of nothing is satisfiable, but no Content-Range can say so
  return length === 0 ? WHOLE : { kind: 'part', first: Math.max(0, length - wanted), last: length - 1 }
}

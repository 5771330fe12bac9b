/** Byte ranges (RFC 9110 §14). Only one range is ever served as a part; whatever else is asked is answered whole. */

/** Positions are inclusive and zero-based. */
export type RangeSelection =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part', readonly first: number, readonly last: number }
  | { readonly kind: 'unsatisfiable' }

const WHOLE: RangeSelection = { kind: 'whole' }
const UNSATISFIABLE: RangeSelection = { kind: 'unsatisfiable' }
const ONE_RANGE = /^bytes=(\d*)-(\d*)$/i

/** What a Range field selects of `length` bytes (RFC 9110 §14.2). Malformed, another unit, several ranges: the whole. */
export function selectRange (range: string, length: number): RangeSelection {
  const spec = ONE_RANGE.exec(range)
  if (spec === null) return WHOLE
  const [, from, to] = spec as unknown as [string, string, string]
  return from === '' ? selectSuffix(to, length) : selectFrom(Number(from), to === '' ? Infinity : Number(to), length)
}

/** Content-Range of a 206 (RFC 9110 §14.4). */
export function contentRange (first: number, last: number, length: number): string {
  return `bytes ${first}-${last}/${length}`
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

/**
 * Incomplete responses (RFC 9111 §3.3, §3.4): what one may be stored as, what it can answer, and what completes it.
 *
 * Invariants: a part answers nothing but ranges that lie in it; only what shares its strong validator is combined with it.
 */
import type { Entry, EntryMeta, Lacking, Part, RawHeaders, RequestFacts } from '../core/types.js'
import { ifRangeHolds, strongValidator } from '../http/conditional.js'
import { fieldValue } from '../http/fields.js'
import { decodeHead } from '../http/head.js'
import { contentRange, parseContentRange, selectRange, type ContentRange } from '../http/range.js'

/** Which bytes a 206 encloses; undefined where it does not say, or says otherwise than its Content-Length does. */
export function enclosed (headers: RawHeaders): ContentRange | undefined {
  const range = parseContentRange(headers)
  const length = fieldValue(headers, 'content-length')
  return range !== undefined && (length === undefined || Number(length) === range.last + 1 - range.first) ? range : undefined
}

/** A 206 that encloses the whole is stored as the 200 it amounts to (RFC 9110 §15.3.7.3), any other as the part it is. */
export function storedAs (headers: RawHeaders, range: ContentRange): { status: 200 | 206, headers: RawHeaders, part: Part | undefined } {
  const { first, last, total } = range
  const others = withoutContentRange(headers)
  if (first === 0 && last + 1 === total) return { status: 200, headers: others, part: undefined }
  return { status: 206, headers: [...others, 'Content-Range', contentRange(first, last, total)], part: { first, total } }
}

/** Of a 200 it would mean nothing, and of another part something else. */
export function withoutContentRange (headers: RawHeaders): RawHeaders {
  return headers.filter((_, i) => headers[i & ~1]!.toLowerCase() !== 'content-range')
}

/** `nothing`: the request goes to the origin as if the part were not there. */
export type UseOfPart = { readonly kind: 'answers' } | { readonly kind: 'lacks', readonly lacking: Lacking } | { readonly kind: 'nothing' }

const ANSWERS: UseOfPart = { kind: 'answers' }
const NOTHING: UseOfPart = { kind: 'nothing' }

/** What a stored part can do for a GET or HEAD, whether it is fresh or not (RFC 9111 §3.3). */
export function useOfPart (method: string, facts: RequestFacts, entry: Entry, part: Part): UseOfPart {
  // RFC 9110 §14.2: Range means nothing to a HEAD, which is told the length of the whole
  if (method === 'HEAD') return part.total === undefined ? NOTHING : ANSWERS
  return facts.range === undefined ? ofWhole(entry, part) : ofRange(facts, facts.range, entry, part)
}

function ofWhole (entry: Entry, part: Part): UseOfPart {
  const ifRange = validatorOf(entry)
  const end = part.first + entry.length
  // one request asks for one range: a part in the middle lacks two
  if (part.first === 0) return { kind: 'lacks', lacking: { entry, first: end, last: undefined, ifRange } }
  if (ifRange === undefined || end !== part.total) return NOTHING
  return { kind: 'lacks', lacking: { entry, first: 0, last: part.first - 1, ifRange } }
}

function ofRange (facts: RequestFacts, range: string, entry: Entry, part: Part): UseOfPart {
  if (facts.ifRange !== undefined && !ifRangeHolds(facts.ifRange, validators(entry, decodeHead(entry.head).headers))) return NOTHING
  // of what has no known end, a suffix begins nowhere
  const wanted = selectRange(range, part.total ?? Infinity)
  if (wanted.kind === 'unsatisfiable') return part.total === undefined ? NOTHING : ANSWERS
  if (wanted.kind === 'whole') return NOTHING
  const { first, last } = wanted
  const end = part.first + entry.length
  if (first >= part.first && last < end) return ANSWERS
  // the origin must judge conditions that the part alone cannot
  if (facts.ifNoneMatch !== undefined || facts.ifModifiedSince !== undefined) return NOTHING
  const ifRange = validatorOf(entry)
  if (ifRange === undefined) return NOTHING
  if (first >= part.first && first <= end) return { kind: 'lacks', lacking: { entry, first: end, last: last === Infinity ? undefined : last, ifRange } }
  if (first < part.first && last < end && last >= part.first - 1) return { kind: 'lacks', lacking: { entry, first, last: part.first - 1, ifRange } }
  return NOTHING
}

/**
 * Which bytes a 206 adds to the part it was asked for to complete. Undefined: they are not to be combined, because it is
 * not what was asked for, or does not share the part's strong validator (RFC 9111 §3.4, RFC 9110 §15.3.7.3).
 */
export function completes ({ entry, first, last, ifRange }: Lacking, headers: RawHeaders): ContentRange | undefined {
  const range = enclosed(headers)
  if (range === undefined || ifRange === undefined || !ifRangeHolds(ifRange, validators(responseValidators(headers), headers))) return undefined
  const known = entry.part?.total
  const total = range.total ?? known
  if (total !== (known ?? total) || (total !== undefined && (entry.part?.first ?? 0) + entry.length > total)) return undefined
  const end = Math.min(last ?? Infinity, (total ?? Infinity) - 1)
  return range.first === first && range.last === end ? { first, last: end, total } : undefined
}

/** The union of a part and what completes it, which adjoins it on one side. */
export function union (entry: Entry, added: ContentRange): ContentRange {
  const first = entry.part?.first ?? 0
  return { first: Math.min(first, added.first), last: Math.max(first + entry.length - 1, added.last), total: added.total }
}

function validatorOf (entry: Entry): string | undefined {
  return strongValidator(validators(entry, decodeHead(entry.head).headers))
}

function validators (stored: Pick<EntryMeta, 'etag' | 'lastModified'>, headers: RawHeaders) {
  return { etag: stored.etag, lastModified: stored.lastModified, date: fieldValue(headers, 'date') }
}

function responseValidators (headers: RawHeaders): Pick<EntryMeta, 'etag' | 'lastModified'> {
  return { etag: fieldValue(headers, 'etag'), lastModified: fieldValue(headers, 'last-modified') }
}

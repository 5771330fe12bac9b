/** Answers that carry less than the stored response: 304, 206 and 416. */
import { SeawallError } from '../core/errors.js'
import type { Entry, Part, ProxyResponse, RawHeaders, RequestFacts } from '../core/types.js'
import { ifRangeHolds, notModified } from '../http/conditional.js'
import { fieldValue } from '../http/fields.js'
import { decodeHead, headText } from '../http/head.js'
import { contentRange, selectRange, unsatisfiedRange } from '../http/range.js'
import { withoutContentRange } from '../policy/partial.js'
import { cut } from './cut.js'
import type { Asked } from './recognise.js'

/** Describe a body that a 304 does not carry (RFC 9110 §15.4.5). */
const OF_THE_BODY = new Set(['content-type', 'content-encoding', 'content-language', 'content-range'])

const notModifiedHeads = new WeakMap<Entry, string>()

export function notModifiedHead (entry: Entry): string {
  let head = notModifiedHeads.get(entry)
  if (head === undefined) {
    const { headers } = decodeHead(entry.head)
    head = headText(304, headers.filter((_, i) => !OF_THE_BODY.has(headers[i & ~1]!.toLowerCase())))
    notModifiedHeads.set(entry, head)
  }
  return head
}

/** Whether the client has what is stored already (RFC 9111 §4.3.2). What the origin left undated bears the time it came. */
export function unmodified (facts: RequestFacts, entry: Entry): boolean {
  if (entry.lastModified !== undefined || facts.ifModifiedSince === undefined) return notModified(facts, entry)
  const { headers } = decodeHead(entry.head)
  // a Last-Modified that cannot be read tells of a date as well, if only not which
  const date = fieldValue(headers, 'last-modified') === undefined ? fieldValue(headers, 'date') : undefined
  return notModified(facts, { etag: entry.etag, lastModified: undefined, date })
}

/** What ranges are taken out of: a stored response, or one that is under way. */
export interface Source {
  readonly status: number
  readonly headers: RawHeaders
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  /** Of its body. */
  readonly length: number
  readonly part: Part | undefined
}

/**
 * The range a GET asks for of a 200, or of a part that holds it (RFC 9110 §14.2, §15.3.7, §15.5.17); `whole` as it is when
 * it asks for none. If-Range is not asked of a part again: it was before the part was chosen to answer.
 */
export function ranged (r: Asked, source: Source, whole: ProxyResponse): ProxyResponse {
  const { range, ifRange } = r.facts
  const { part, headers } = source
  if (range === undefined || r.request.method !== 'GET' || (source.status !== 200 && part === undefined)) return whole
  const stored = { etag: source.etag, lastModified: source.lastModified, date: fieldValue(headers, 'date') }
  if (part === undefined && ifRange !== undefined && !ifRangeHolds(ifRange, stored)) return whole
  const { first: start, total } = part ?? { first: 0, total: source.length }
  const selected = selectRange(range, total ?? Infinity)
  if (selected.kind === 'whole') return whole
  if (selected.kind === 'unsatisfiable') return unsatisfied(source, total!, whole)
  const { first, last } = selected
  if (first < start || last - start >= source.length) throw new SeawallError('internal', { detail: 'A part was to answer what it does not hold.' })
  return {
    ...whole,
    status: 206,
    head: headText(206, [...withoutContentRange(headers), 'Content-Range', contentRange(first, last, total)]),
    body: cut(whole.body, first - start, last + 1 - start)
  }
}

function unsatisfied ({ headers }: Source, total: number, whole: ProxyResponse): ProxyResponse {
  if (whole.body.kind === 'stream') whole.body.reader.cancel(new SeawallError('abandoned'))
  const kept = headers.filter((_, i) => !OF_THE_BODY.has(headers[i & ~1]!.toLowerCase()))
  return { ...whole, status: 416, head: headText(416, [...kept, 'Content-Range', unsatisfiedRange(total)]), body: { kind: 'bytes', chunks: [], length: 0 } }
}

/** What a HEAD is told of a part whose `total` is known: what the 200 would be (RFC 9110 §9.3.2). */
export function headOfWhole (entry: Entry, total: number | undefined): { status: 200, head: string, length: number | undefined } {
  return { status: 200, head: headText(200, withoutContentRange(decodeHead(entry.head).headers)), length: total }
}

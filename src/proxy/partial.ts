/** Answers that carry less than the stored response: 304, 206 and 416. */
import type { Entry, ProxyResponse, RequestFacts } from '../core/types.js'
import { ifRangeHolds, notModified } from '../http/conditional.js'
import { fieldValue } from '../http/fields.js'
import { decodeHead, headText } from '../http/head.js'
import { contentRange, selectRange } from '../http/range.js'
import type { Recognised } from './recognise.js'

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

/** The range a request asks for of a stored 200 (RFC 9110 §14.2, §15.3.7, §15.5.17); `whole` when it asks for none. */
export function ranged (r: Recognised, entry: Entry, whole: ProxyResponse): ProxyResponse {
  const { range, ifRange } = r.facts
  if (range === undefined || r.request.method !== 'GET' || entry.status !== 200) return whole
  const { headers } = decodeHead(entry.head)
  const stored = { etag: entry.etag, lastModified: entry.lastModified, date: fieldValue(headers, 'date') }
  if (ifRange !== undefined && !ifRangeHolds(ifRange, stored)) return whole
  const selected = selectRange(range, entry.length)
  if (selected.kind === 'whole') return whole
  if (selected.kind === 'unsatisfiable') {
    const kept = headers.filter((_, i) => !OF_THE_BODY.has(headers[i & ~1]!.toLowerCase()))
    return { ...whole, status: 416, head: headText(416, [...kept, 'Content-Range', `bytes */${entry.length}`]), body: { kind: 'bytes', chunks: [], length: 0 } }
  }
  const { first, last } = selected
  return {
    ...whole,
    status: 206,
    head: headText(206, [...headers, 'Content-Range', contentRange(first, last, entry.length)]),
    body: { kind: 'bytes', chunks: slice(entry.body, first, last + 1), length: last + 1 - first }
  }
}

function slice (chunks: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const out: Uint8Array[] = []
  let at = 0
  for (const chunk of chunks) {
    const a = Math.max(from - at, 0)
    const b = Math.min(to - at, chunk.length)
    if (a < b) out.push(chunk.subarray(a, b))
    at += chunk.length
  }
  return out
}

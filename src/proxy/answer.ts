/** The last step of every path: an answer as the writer wants it. */
import { toSeawallError, type SeawallError } from '../core/errors.js'
import type { Outcome } from '../core/reasons.js'
import type { Entry, Ms, ProxyRequest, ProxyResponse, RawHeaders } from '../core/types.js'
import { cacheStatus, type CacheStatus } from '../http/cache-status.js'
import { fieldValue } from '../http/fields.js'
import { decodeHead, headText } from '../http/head.js'
import { formatHttpDate } from '../http/date.js'
import { refusalResponse, SERVED } from '../http/refusal.js'
import type { FillHead } from './fill-plan.js'
import type { Fill } from './fill.js'
import { headOfWhole, notModifiedHead, ranged, unmodified } from './partial.js'
import type { Asked, Recognised } from './recognise.js'

export function statusField (status: CacheStatus): string {
  return `cache-status: ${cacheStatus(status)}\r\n`
}

/** Whole seconds of age (RFC 9111 §4.2.3) and of freshness left, at `now`. */
export function seconds (entry: Pick<Entry, 'policy'>, now: Ms): { age: number, ttl: number } {
  return {
    age: Math.max(0, Math.floor((now - entry.policy.bornAt) / 1000)),
    ttl: Math.floor((entry.policy.freshUntil - now) / 1000)
  }
}

/** An answer out of the store: whole, 304 to the client's own conditions, a range of it, or its head. `status` is given its ttl. */
export function fromEntry (r: Asked, entry: Entry, now: Ms, outcome: Outcome, status: CacheStatus): ProxyResponse {
  const { age, ttl } = seconds(entry, now)
  status.ttl = ttl
  const tail = `age: ${age}\r\n${statusField(status)}`
  const isHead = r.request.method === 'HEAD'
  const { status: code, head, length } = isHead && entry.part !== undefined ? headOfWhole(entry, entry.part.total) : entry
  const whole: ProxyResponse = {
    status: code, head, tail, outcome, age, body: isHead ? { kind: 'none', length } : { kind: 'bytes', chunks: entry.body, length: entry.length },
    again: undefined
  }
  if (r.facts.plain) return whole
  // Preconditions are for what would otherwise succeed (RFC 9110 §13.2.1).
  if (entry.status >= 200 && entry.status < 300 && unmodified(r.facts, entry)) {
    return { status: 304, head: notModifiedHead(entry), tail, outcome, age, body: { kind: 'none' }, again: undefined }
  }
  return r.facts.range === undefined ? whole : ranged(r, { ...entry, part: entry.part, headers: decodeHead(entry.head).headers }, whole)
}

/**
 * A fill's answer, streamed as it arrives; of one the origin was not asked for the request's range by, that range is taken
 * where its length is known. Takes the request's claim on the fill. `status` is given what the fill knows.
 */
export function fromFill (r: Recognised, fill: Fill, head: FillHead & { kind: 'answer' }, now: Ms, outcome: Outcome, status: CacheStatus): ProxyResponse {
  const bodiless = head.bodiless || r.request.method === 'HEAD'
  const age = head.meta === undefined ? undefined : seconds(head.meta, now).age
  // Reused for another request it is a stored response, and says its age; so is what came out of a cache before us.
  const aged = age !== undefined && (outcome === 'collapsed' || head.upstreamAge !== undefined)
  const ageField = aged ? `age: ${age}\r\n` : head.upstreamAge === undefined ? '' : `age: ${head.upstreamAge}\r\n`
  status.fwdStatus = head.fwdStatus
  status.stored = head.storing
  if (head.refusal !== undefined) status.detail = head.refusal
  if (bodiless) fill.release()
  const answer: ProxyResponse = {
    status: head.status,
    head: head.meta?.status === head.status ? head.meta.head : headText(head.status, head.headers),
    tail: ageField + statusField(status),
    body: bodiless ? { kind: 'none', length: head.length } : { kind: 'stream', reader: fill.open(), length: head.length },
    outcome,
    detail: status.detail,
    ...(aged ? { age } : {})
  }
  const { headers, length } = head
  if (r.facts.range === undefined || head.asRanged || length === undefined) return answer
  return ranged(r, { ...head, length, etag: fieldValue(headers, 'etag'), lastModified: fieldValue(headers, 'last-modified') }, answer)
}

/** `OPTIONS *` asks about this server, not about anything behind it (RFC 9110 §9.3.7). */
export function ofThisServer (wall: number): ProxyResponse {
  return { status: 204, head: headText(204, ['Date', formatHttpDate(wall), 'Allow', SERVED]), tail: '', body: { kind: 'none' }, outcome: 'pass' }
}

/** A failure answered as the origin put it: its status, and when to try again. Its body is for whom it was made. */
export function withStatus (response: ProxyResponse, status: number, headers: RawHeaders): ProxyResponse {
  const retryAfter = fieldValue(headers, 'retry-after')
  const { headers: own } = decodeHead(Buffer.from(response.head))
  return { ...response, status, head: headText(status, retryAfter === undefined ? own : [...own, 'Retry-After', retryAfter]) }
}

/** A failure as an answer a person can read. */
export function fromError (thrown: unknown, request: ProxyRequest, status: CacheStatus): ProxyResponse {
  const error: SeawallError = toSeawallError(thrown)
  const refusal = refusalResponse(error.code, request.fields.facts?.value('accept'), undefined, error.retryAfter)
  const body = request.method === 'HEAD' ? { kind: 'none' as const } : refusal.body
  const outcome: Outcome = error.side === 'client' ? 'refused' : 'error'
  return { ...refusal, body, outcome, code: error.code, tail: refusal.tail + statusField({ ...status, detail: error.code }) }
}

/**
 * Straight through: streamed both ways, nothing stored but a POST's answer where the route allows it. A write that
 * succeeded invalidates before its answer is seen.
 */
import { toSeawallError } from '../core/errors.js'
import type { PassReason } from '../core/reasons.js'
import type { Body, ProxyResponse, Scope } from '../core/types.js'
import type { CacheStatus } from '../http/cache-status.js'
import { fieldLines } from '../http/fields.js'
import { headText } from '../http/head.js'
import { responseHeaders } from '../policy/forward.js'
import type { OriginAnswer } from '../origin/contract.js'
import { fromError, statusField } from './answer.js'
import { updateByHead } from './head.js'
import { invalidatedBy } from './invalidate.js'
import type { Fills } from './fills.js'
import type { Parts } from './parts.js'
import { posted, storable, store } from './posted.js'
import type { Recognised } from './recognise.js'
import { passRequest } from './requests.js'

export async function pass (parts: Parts, fills: Fills, r: Recognised, why: PassReason): Promise<ProxyResponse> {
  const { request } = r
  const since = parts.log.head
  const exchange = parts.origins.ask(passRequest(parts, r))
  request.onGone = gone => { exchange.cancel(gone) }
  try {
    const answer = await exchange.answer
    if (why === 'head' && answer.status === 200) await updateByHead(parts, r, answer, since)
    const scopes = invalidatedBy(r, parts.route, answer.status, answer.headers)
    const stores = storable(parts, r, answer, since)
    const written = invalidate(parts, scopes)
    const fill = stores ? store(parts, fills, r, exchange) : undefined
    await written
    if (fill !== undefined) {
      request.onGone = undefined
      return await posted(parts, r, fill)
    }
    return passed(r, answer, parts.clock.wall(), { fwd: why === 'method' ? 'method' : 'bypass', fwdStatus: answer.status, detail: why })
  } catch (thrown) {
    exchange.cancel(toSeawallError(thrown))
    return fromError(thrown, r.request, { fwd: why === 'method' ? 'method' : 'bypass' })
  }
}

async function invalidate (parts: Parts, scopes: readonly Scope[]): Promise<void> {
  if (scopes.length === 0) return
  parts.counters.writeInvalidations++
  await parts.log.appendWrite(scopes)
}

/** An answer as it came. */
export function passed (r: Recognised, answer: OriginAnswer, wall: number, status: CacheStatus): ProxyResponse {
  const age = fieldLines(answer.headers, 'age').map(value => `age: ${value}\r\n`).join('')
  return {
    status: answer.status,
    head: headText(answer.status, responseHeaders(answer.headers, r.route.stripResponse, wall)),
    tail: age + statusField(status),
    body: r.request.method === 'HEAD' ? { kind: 'none', length: answer.length } : bodyOf(answer),
    outcome: 'pass',
    detail: status.detail
  }
}

/** What came whole with its head goes out with its head. */
export function bodyOf ({ framing, length, body }: OriginAnswer): Body {
  if (framing === 'none') return { kind: 'none', length }
  const chunks = length === undefined ? undefined : body.whole?.()
  return chunks === undefined ? { kind: 'stream', reader: body, length } : { kind: 'bytes', chunks, length: length! }
}

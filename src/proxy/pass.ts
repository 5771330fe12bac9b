/** Straight through: streamed both ways, nothing stored. A write that succeeded invalidates before its answer is seen. */
import type { Outcome, PassReason } from '../core/reasons.js'
import type { ProxyResponse } from '../core/types.js'
import { fieldLines } from '../http/fields.js'
import { headText } from '../http/head.js'
import { forwardHeaders, responseHeaders } from '../policy/forward.js'
import type { OriginAnswer, OriginRequest } from '../origin/contract.js'
import { fromError, statusField } from './answer.js'
import { invalidatedBy } from './invalidate.js'
import type { Parts } from './parts.js'
import type { Recognised } from './recognise.js'

export async function pass (parts: Parts, r: Recognised, why: PassReason): Promise<ProxyResponse> {
  const { request } = r
  const exchange = parts.origins.ask({
    ...passRequest(parts, r),
    onInterim: (status, headers) => { request.interim(status, headers) }
  })
  request.onGone = gone => { exchange.cancel(gone) }
  try {
    const answer = await exchange.answer
    const scopes = invalidatedBy(r, answer.status, answer.headers)
    if (scopes.length > 0) {
      parts.counters.writeInvalidations++
      await parts.log.appendWrite(scopes)
    }
    return passed(r, answer, why, parts.clock.wall())
  } catch (thrown) {
    return fromError(thrown, r, { fwd: why === 'method' ? 'method' : 'bypass' })
  }
}

export function passRequest (parts: Parts, r: Recognised): OriginRequest {
  const { request, facts, route } = r
  return {
    origin: route.origin,
    method: request.method,
    target: r.target,
    headers: forwardHeaders({
      fields: request.fields, facts, peer: request.peer, version: request.version,
      originHost: parts.originHost(route.origin, facts.host), surrogate: route.targets.includes('surrogate-control')
    }, 'pass'),
    body: request.body
  }
}

export function passed (r: Recognised, answer: OriginAnswer, why: PassReason, wall: number): ProxyResponse {
  const bodiless = answer.framing === 'none' || r.request.method === 'HEAD'
  const outcome: Outcome = 'pass'
  const age = fieldLines(answer.headers, 'age').map(value => `age: ${value}\r\n`).join('')
  return {
    status: answer.status,
    head: headText(answer.status, responseHeaders(answer.headers, r.route.stripResponse, wall)),
    tail: age + statusField({ fwd: why === 'method' ? 'method' : 'bypass', fwdStatus: answer.status, detail: why }),
    body: bodiless ? { kind: 'none', length: answer.length } : { kind: 'stream', reader: answer.body, length: answer.length },
    outcome
  }
}

/** What an origin is asked: a client's own request passed on, or the GET of a fill. */
import type { Entry, Lacking, Ms, RawHeaders, RequestBody } from '../core/types.js'
import { endToEnd } from '../http/fields.js'
import { FieldNames } from '../http/names.js'
import type { OriginRequest } from '../origin/contract.js'
import { forwardHeaders, type ForwardInput } from '../policy/forward.js'
import { asIs, asRanged, type FillPlan } from './fill-plan.js'
import type { Parts } from './parts.js'
import type { Recognised } from './recognise.js'

/** A fill, as far as its request goes. `unattended`: since when nobody waits for it. */
interface Attended { readonly plan: FillPlan, readonly unattended: Ms | undefined }

export function passRequest (parts: Parts, r: Recognised): OriginRequest {
  return asked(r, r.request.method, passHeaders(parts, r), r.request.body, () => r.request.leftAt)
}

/** Of the same field section, over the same route, they are the same. */
function passHeaders (parts: Parts, r: Recognised): RawHeaders {
  const { facts, route, request: { version } } = r
  const { passedOn } = facts
  if (passedOn !== undefined && passedOn.route === route && passedOn.version === version) return passedOn.headers
  const headers = forwardHeaders(forwarded(parts, r), 'pass')
  facts.passedOn = { route, version, headers }
  return headers
}

/** `entry`: validated by it, where it has validators. `lacking`: what is asked for in place of the whole. */
export function fillRequest (parts: Parts, fill: Attended, entry: Entry | undefined, lacking: Lacking | undefined): OriginRequest {
  const { plan } = fill
  const { r } = plan
  const own = asIs(plan) && lacking === undefined
  const headers = forwardHeaders(forwarded(parts, r), own ? 'pass' : 'fill', entry)
  if (lacking !== undefined) headers.push(...rangeFields(`bytes=${lacking.first}-${lacking.last ?? ''}`, lacking.ifRange))
  else if (!own && asRanged(plan)) headers.push(...rangeFields(r.facts.range!, r.facts.ifRange))
  return asked(r, 'GET', headers, undefined, () => fill.unattended ?? (plan.shared ? undefined : r.request.leftAt))
}

function rangeFields (range: string, ifRange: string | undefined): string[] {
  return ifRange === undefined ? ['Range', range] : ['Range', range, 'If-Range', ifRange]
}

function asked (r: Recognised, method: string, headers: RawHeaders, body: RequestBody | undefined, unattended: () => Ms | undefined): OriginRequest {
  return { origin: r.route.origin, method, target: r.target, headers, body, unattended, onInterim: (status, raw) => { interim(r, status, raw) } }
}

function forwarded (parts: Parts, { request, facts, route }: Recognised): ForwardInput {
  return {
    fields: request.fields, facts, peer: request.peer, version: request.version,
    id: parts.id, originHost: parts.originHost(route.origin, facts.host), clientDirectives: route.clientDirectives,
    keyed: route.key.headers,
    surrogate: route.targets.includes('surrogate-control')
  }
}

/**
 * Passes a 1xx on to the one client whose request it answers (RFC 9110 §15.2), never to those who share the answer. It
 * has no content, and must not announce any (§8.6).
 */
function interim ({ request, route }: Recognised, status: number, headers: RawHeaders): void {
  request.interim(status, endToEnd(headers, new FieldNames([...route.stripResponse, 'content-length'])))
}

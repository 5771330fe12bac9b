/**
 * Whether a response is stored, and the instants that decide its reuse (RFC 9111 §3, §4.2). Judged once; a hit only
 * compares numbers. After a 304 the merged fields are judged again, with the stored status and the 304's timing.
 */
import type { StoreRefusal } from '../core/reasons.js'
import type { RouteRules } from '../core/route.js'
import type { Ms, Policy, RawHeaders, RequestFacts } from '../core/types.js'
import type { ContentRange } from '../http/range.js'
import { initialAge } from './age.js'
import { lifetime, type Lifetime } from './lifetime.js'
import { enclosed } from './partial.js'
import { readRest, readSaid, type ResponseRead, type ResponseSaid } from './response.js'
import { secondOpinion } from './semantics.js'
import { heuristicallyCacheable, incidental, storable, understood } from './statuses.js'
import { flagsOf, staleWindows } from './windows.js'

export interface StoreTimeInput {
  readonly method: string
  readonly facts: RequestFacts
  readonly route: RouteRules
  readonly status: number
  /** Without what Connection names; Age included. */
  readonly headers: RawHeaders
  readonly askedAt: Ms
  readonly answeredAt: Ms
  /** Wall time at `answeredAt`. */
  readonly wall: number
  /** [0, 1): by how much of the route's jitter the lifetime is shortened. */
  readonly random: number
  /** A range was asked for, and not under If-Range: a 206 has all the fields a 200 would (RFC 9110 §15.3.7). */
  readonly ranged?: boolean
}

/** It may be stored, and under what. */
export interface StoreTerms {
  readonly kind: 'store', readonly policy: Policy, readonly vary: readonly string[]
  readonly etag: string | undefined, readonly lastModified: string | undefined
  /** Which bytes a 206 encloses. */
  readonly range: ContentRange | undefined
}

/** `intrinsic`: the response itself is uncacheable, so that it is worth remembering; not what the request or a failing origin caused. */
export interface Refused { readonly kind: 'refuse', readonly why: StoreRefusal, readonly intrinsic: boolean }

export type StoreTime = StoreTerms | Refused

/** Never throws, whatever the fields hold. */
export function storeTime (input: StoreTimeInput): StoreTime {
  const { route, facts } = input
  // RFC 9111 §3: only what a GET brought answers a GET; a HEAD's answer lacks the content
  if (input.method !== 'GET') return refuse('method', false)
  const range = input.status === 206 && input.ranged === true ? enclosed(input.headers) : undefined
  // RFC 9111 §3.3: what says which part it is is judged as the whole would be; what does not is nothing to keep
  if (input.status === 206 && range === undefined) return refuse(input.ranged === true ? 'no-content-range' : 'partial', false)
  const status = range === undefined ? input.status : 200
  if (!storable(status)) return refuse('status', false)
  const intrinsic = !incidental(status)
  const said = readSaid(status, input.headers, route.targets)
  const own = forbidden(said, route)
  if (own !== undefined) return refuse(own, intrinsic)

  const response = readRest(said, input.headers, input.wall)
  const given = lifetime(response, route.freshness)
  const opinion = secondOpinion(response, given, facts, { heuristic: route.freshness.heuristic, understood: lifted(response) })
  const policy = policyOf(input, response, given, Math.min(given?.ms ?? 0, opinion.lifetime))
  const useless = uselessness(response, given, policy, input.askedAt)
  if (useless !== undefined) return refuse(useless, intrinsic)

  // What the request causes comes last: what is the response's own fault is worth remembering.
  if (facts.authorization && !sharedByWord(response)) return refuse('authorization', false)
  if (facts.directives.noStore && route.clientDirectives === 'honor') return refuse('request-no-store', false)
  if (!opinion.storable) return refuse('no-store', false)
  return { kind: 'store', policy, vary: response.vary as readonly string[], etag: response.etag, lastModified: response.lastModified, range }
}

function refuse (why: StoreRefusal, intrinsic: boolean): Refused {
  return { kind: 'refuse', why, intrinsic }
}

/** RFC 9111 §5.2.2.3: beside must-understand, no-store concerns caches that do not understand the status. */
function lifted ({ directives, status }: ResponseSaid): boolean {
  return directives.mustUnderstand && understood(status)
}

/** RFC 9111 §3: what the response says against being stored by a shared cache. */
function forbidden (response: ResponseSaid, route: RouteRules): StoreRefusal | undefined {
  const { directives, vary } = response
  if (directives.mustUnderstand && !understood(response.status)) return 'must-understand' // §5.2.2.3
  if (directives.noStore && !lifted(response)) return 'no-store' // §5.2.2.5
  if (directives.private) return 'private' // §5.2.2.7, the qualified form too
  if (vary === '*') return 'vary-star' // §4.1
  if (vary === 'bad') return 'bad-vary'
  if (response.setsCookie && route.setCookie === 'refuse') return 'set-cookie' // §7.3
  return undefined
}

/** RFC 9111 §3.5: what lets a response to a request with Authorization answer others. */
function sharedByWord ({ directives }: ResponseRead): boolean {
  return directives.public || directives.sMaxage !== undefined || directives.mustRevalidate
}

function policyOf (input: StoreTimeInput, response: ResponseRead, given: Lifetime | undefined, ms: Ms): Policy {
  const { route, askedAt, answeredAt } = input
  const bornAt = answeredAt - initialAge(response, { askedAt, answeredAt, receivedAt: input.wall })
  const freshUntil = bornAt + ms * (1 - route.freshness.jitter * input.random)
  const { swr, sie } = staleWindows(response.directives, given !== undefined, route.stale)
  const revalidatable = validated(response) ? Math.max(freshUntil, answeredAt) + route.keepStale : 0
  return {
    bornAt,
    freshUntil,
    swrUntil: freshUntil + swr,
    sieUntil: freshUntil + sie,
    keepUntil: Math.max(freshUntil + Math.max(swr, sie), revalidatable),
    askedAt,
    flags: flagsOf(response.directives)
  }
}

/**
 * Why storing it would serve nobody: stale already, outside its windows, and nothing to revalidate it with. What is
 * silent is refused even with a validator: nobody said that another's request may be answered with it.
 */
function uselessness (response: ResponseRead, given: Lifetime | undefined, policy: Policy, now: Ms): StoreRefusal | undefined {
  const { directives, status } = response
  // RFC 9111 §3: without a lifetime, public, or a status that allows it, a response is not to be stored
  if (given === undefined && !directives.public && !heuristicallyCacheable(status)) return 'status'
  if (given === undefined && !directives.public && !directives.noCache) return 'no-freshness'
  if (validated(response)) return undefined
  if (given === undefined || directives.noCache) return 'no-freshness'
  return Math.max(policy.freshUntil, policy.swrUntil, policy.sieUntil) > now ? undefined : 'expired'
}

function validated (response: ResponseRead): boolean {
  return response.etag !== undefined || response.lastModified !== undefined
}

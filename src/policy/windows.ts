/** For how long past its freshness a response may be used, and how that ends early. */
import type { RouteRules } from '../core/route.js'
import { POLICY, type Ms, type Policy } from '../core/types.js'
import type { ResponseDirectives } from '../http/cache-control.js'

export interface Windows { readonly swr: Ms, readonly sie: Ms }

const NONE: Windows = { swr: 0, sie: 0 }
const NO_ROUTE: RouteRules['stale'] = { whileRevalidate: 0, ifError: 0 }

/** `Policy.flags` */
export function flagsOf (directives: ResponseDirectives): number {
  // s-maxage "incorporates the semantics of proxy-revalidate" (RFC 9111 §5.2.2.10)
  const revalidate = directives.mustRevalidate || directives.proxyRevalidate || directives.sMaxage !== undefined
  return (directives.noCache ? POLICY.noCache : 0) | (revalidate ? POLICY.mustRevalidate : 0) |
    (directives.immutable ? POLICY.immutable : 0)
}

/**
 * stale-while-revalidate and stale-if-error (RFC 5861 §3, §4): the response's own, else the route's, each by itself.
 * Never past no-cache, must-revalidate or proxy-revalidate (RFC 9111 §4.2.4). Past s-maxage, which
 * implies proxy-revalidate (§5.2.2.10), only the origin's own word reaches, being as explicit as what it goes beyond.
 * The route's need a lifetime to follow on (`given`): they never make reusable what nobody called fresh.
 */
export function staleWindows (directives: ResponseDirectives, given: boolean, route: RouteRules['stale']): Windows {
  if (directives.noCache || directives.mustRevalidate || directives.proxyRevalidate) return NONE
  const ours = given && directives.sMaxage === undefined ? route : NO_ROUTE
  return {
    swr: directives.staleWhileRevalidate ?? ours.whileRevalidate,
    sie: directives.staleIfError ?? ours.ifError
  }
}

/**
 * A policy whose freshness ended at `since`, unless it had ended before: the stale windows count from there. What the
 * origin did not grant nobody may take: a client's max-stale does not reach past a purge.
 */
export function softened (policy: Policy, since: Ms): Policy {
  const early = Math.max(0, policy.freshUntil - since)
  return {
    ...policy, freshUntil: policy.freshUntil - early, swrUntil: policy.swrUntil - early, sieUntil: policy.sieUntil - early,
    flags: policy.flags | POLICY.mustRevalidate
  }
}

/** Step one of every request: which route serves it, and under which keys. Pure; the facts are kept with the fields. */
import type { RouteRules } from '../core/route.js'
import type { ProxyRequest, RequestFacts, StoreKey } from '../core/types.js'
import { forwardTarget, primaryKey, selection, urlKey } from '../policy/key.js'
import { readFacts } from '../policy/request.js'

export interface Recognised {
  readonly request: ProxyRequest
  readonly facts: RequestFacts
  readonly route: RouteRules
  /** What is forwarded, and what was keyed. */
  readonly target: string
  readonly url: StoreKey
  readonly primary: StoreKey
}

/** What of it decides which part of a stored response is sent. */
export type Asked = Pick<Recognised, 'request' | 'facts'>

export type RouteTable = (host: string, path: string) => RouteRules | undefined

/** Read once for each field section. */
export function factsOf ({ fields, peer }: ProxyRequest): RequestFacts {
  return fields.facts ??= readFacts(fields, peer)
}

/** Undefined: no route serves this host (421, RFC 9110 §15.5.20). */
export function recognise (request: ProxyRequest, routes: RouteTable): Recognised | undefined {
  const facts = factsOf(request)
  const route = routes(hostname(facts.host), pathOf(request.target))
  if (route === undefined) return undefined
  const target = forwardTarget(request.target, route.key.query)
  const url = urlKey(facts.site, target)
  return { request, facts, route, target, url, primary: primaryKey(url, route.key, facts) }
}

/** Its no-cache counts: what was asked for before it came is not new enough. */
export function demandsNew ({ facts, route }: Recognised): boolean {
  return facts.directives.noCache && route.clientDirectives === 'honor'
}

/** The key of the variant it selects; `names` as its Vary record has them. */
export function variantOf (r: Recognised, names: readonly string[]): StoreKey {
  return r.primary + selection(r.facts, names, r.route.vary) as StoreKey
}

export function hostname (host: string): string {
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':')
  return end > 0 ? host.slice(0, end) : host
}

export function pathOf (target: string): string {
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}

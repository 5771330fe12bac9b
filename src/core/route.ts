/** A route as the rules see it: everything the config said, in plain units, defaults filled in. */
import type { Ms, VaryRule } from './types.js'

export interface Freshness {
  /** Lifetime of an answer that carries none. */
  readonly default: Ms | undefined
  /** Lifetime of a 404 or 410 that carries none. */
  readonly negative: Ms | undefined
  /** Fraction (0 to 1) of the time since Last-Modified (RFC 9111 §4.2.2); 0 guesses nothing. */
  readonly heuristic: number
  /** Fraction (0 to 1) by which lifetimes are shortened at random, so that not all expire at once. */
  readonly jitter: number
  readonly max: Ms | undefined
  /** Replaces whatever lifetime the origin gave. */
  readonly override: Ms | undefined
}

export interface QueryRules {
  readonly ignore: readonly string[]
  readonly only: readonly string[] | undefined
  readonly sort: boolean
}

export interface RouteRules {
  /** Path pattern; `*` stands for any run of characters. */
  readonly match: string
  /** Lower-case hosts; empty serves all. `*.example.com` is any subdomain. */
  readonly hosts: readonly string[]
  /** Name of an origin of the config. */
  readonly origin: string
  readonly cache: boolean
  /** Not cached, since an origin may take the path for another route's. */
  readonly ambiguous?: true
  readonly freshness: Freshness
  /** What applies when the response itself is silent. */
  readonly stale: { readonly whileRevalidate: Ms, readonly ifError: Ms }
  readonly key: { readonly query: QueryRules, readonly headers: readonly string[], readonly cookies: readonly string[] }
  readonly vary: VaryRule
  readonly setCookie: 'refuse' | 'store' | 'strip'
  /** Whether the answer to a POST may be stored as the answer to GETs (RFC 9110 §9.3.3). */
  readonly storePost: boolean
  /** Lower-case names of the targeted fields that replace Cache-Control, in order (RFC 9213). */
  readonly targets: readonly string[]
  readonly clientDirectives: 'honor' | 'ignore'
  readonly tags: readonly string[]
  /** How long an expired entry with a validator is kept for revalidation. */
  readonly keepStale: Ms
  /** How long an uncacheable answer is remembered. */
  readonly passRecord: Ms
  /** Lower-case names of fields taken off responses on their way to clients (Surrogate-Key and the like). */
  readonly stripResponse: readonly string[]
}

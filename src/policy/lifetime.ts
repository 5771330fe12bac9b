/** How long a response is fresh (RFC 9111 §4.2.1, §4.2.2), and what a route says of that. */
import type { Freshness } from '../core/route.js'
import type { Ms } from '../core/types.js'
import type { ResponseRead } from './response.js'
import { heuristicallyCacheable, lasting } from './statuses.js'

/** A guess is never trusted longer than a day (the age past which RFC 7234 §5.5.4 had warned of one). */
const LONGEST_GUESS: Ms = 86_400_000

/** `by`: who decided. The origin's explicit word is not to be mistaken for a guess or for the operator's. */
export interface Lifetime { readonly ms: Ms, readonly by: 'origin' | 'route' | 'guess' }

/**
 * The freshness lifetime in ms, counted as the age is; undefined where nothing gives one. `override` concerns what
 * succeeds or redirects; `default` the same, where the origin says nothing; `negative` 404 and 410, where it says
 * nothing. An origin's explicit lifetime for any other status stands.
 */
export function lifetime (response: ResponseRead, rules: Freshness): Lifetime | undefined {
  const found = chosen(response, rules)
  return found === undefined || rules.max === undefined || found.ms <= rules.max ? found : { ms: rules.max, by: found.by }
}

function chosen (response: ResponseRead, rules: Freshness): Lifetime | undefined {
  const { status, directives } = response
  // RFC 9111 §4.2.1: the first that is there, even if it is 0 because it could not be read
  const explicit = directives.sMaxage ?? directives.maxAge ?? response.expires
  const positive = lasting(status) || (status < 400 && (explicit !== undefined || directives.public))
  if (rules.override !== undefined && positive) return { ms: rules.override, by: 'route' }
  if (explicit !== undefined) return { ms: explicit, by: 'origin' }
  if (rules.negative !== undefined && (status === 404 || status === 410)) return { ms: rules.negative, by: 'route' }
  const guessed = guess(response, rules.heuristic)
  if (guessed !== undefined) return { ms: guessed, by: 'guess' }
  if (rules.default !== undefined && positive) return { ms: rules.default, by: 'route' }
  return undefined
}

/** RFC 9111 §4.2.2: a fraction of the time since Last-Modified, for statuses that allow it or what is marked public. */
function guess (response: ResponseRead, fraction: number): Ms | undefined {
  const { modifiedAt, date } = response
  if (fraction <= 0 || modifiedAt === undefined || modifiedAt >= date) return undefined
  if (!heuristicallyCacheable(response.status) && !response.directives.public) return undefined
  return Math.min((date - modifiedAt) * fraction, LONGEST_GUESS)
}

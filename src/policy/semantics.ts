/**
 * A second opinion: http-cache-semantics, asked once when a response is stored, never on a hit. The stricter verdict
 * counts.
 *
 * It reads directive names case-sensitively, splits inside quotes, and takes time quadratic in some values, so it sees
 * nothing as received: only canonical fields written from what our own parser read. Where we depart from it on purpose,
 * the point does not reach it:
 *   - statuses it does not understand are put as 200: any final status may be stored with explicit freshness (RFC 9111 §3);
 *   - proxy-revalidate, which it takes for a lifetime of 0: it forbids only stale use (RFC 9111 §5.2.2.8);
 *   - Set-Cookie and Vary: the route's, and the key's, to judge;
 *   - no-store beside an understood must-understand (RFC 9111 §5.2.2.3);
 *   - a lifetime the route gave is put as the origin's own.
 */
import CachePolicy from 'http-cache-semantics'
import type { Ms } from '../core/types.js'
import type { ResponseDirectives } from '../http/cache-control.js'
import { formatHttpDate } from '../http/date.js'
import type { Lifetime } from './lifetime.js'
import type { ResponseRead } from './response.js'

/** http-cache-semantics 4.3 `understoodStatuses`. */
const ITS_STATUSES: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501])

/** `lifetime` in ms; Infinity where it is not storable, of which the library has no opinion. */
export interface Opinion { readonly storable: boolean, readonly lifetime: Ms }

/** `heuristic`: the route's fraction. `understood`: must-understand lifts no-store. */
export function secondOpinion (
  response: ResponseRead, ours: Lifetime | undefined, request: { readonly authorization: boolean },
  options: { readonly heuristic: number, readonly understood: boolean }
): Opinion {
  const policy = new CachePolicy(
    { method: 'GET', url: '/', headers: request.authorization ? { authorization: 'sent' } : {} },
    { status: ITS_STATUSES.has(response.status) ? response.status : 200, headers: canonical(response, ours, options.understood) },
    { shared: true, cacheHeuristic: options.heuristic, immutableMinTimeToLive: 0 }
  )
  const storable = policy.storable()
  return { storable, lifetime: storable ? policy.maxAge() * 1000 : Infinity }
}

function canonical (response: ResponseRead, ours: Lifetime | undefined, understood: boolean): Record<string, string> {
  const headers: Record<string, string> = { date: formatHttpDate(response.date) }
  const cacheControl = directives(response.directives, ours, understood)
  if (cacheControl !== '') headers['cache-control'] = cacheControl
  if (response.expires !== undefined && ours?.by !== 'route') headers.expires = formatHttpDate(response.date + response.expires)
  if (response.modifiedAt !== undefined) headers['last-modified'] = formatHttpDate(response.modifiedAt)
  return headers
}

function directives (said: ResponseDirectives, ours: Lifetime | undefined, understood: boolean): string {
  const out: string[] = []
  if (said.noStore && !understood) out.push('no-store')
  if (said.noCache) out.push('no-cache')
  if (said.private) out.push('private')
  if (said.public) out.push('public')
  if (said.mustRevalidate) out.push('must-revalidate')
  const [sMaxage, maxAge] = ours?.by !== 'route'
    ? [said.sMaxage, said.maxAge]
    : said.sMaxage === undefined ? [undefined, ours.ms] : [ours.ms, undefined]
  if (sMaxage !== undefined) out.push(`s-maxage=${Math.ceil(sMaxage / 1000)}`)
  if (maxAge !== undefined) out.push(`max-age=${Math.ceil(maxAge / 1000)}`)
  return out.join(', ')
}

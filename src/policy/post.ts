/** When the answer to a POST is the answer to GETs too (RFC 9110 §9.3.3). */
import type { RouteRules } from '../core/route.js'
import type { Ms, RawHeaders, StoreKey } from '../core/types.js'
import { fieldValue } from '../http/fields.js'
import { forwardTarget, urlKey } from './key.js'
import { readResponse } from './response.js'

export interface PostAnswer {
  readonly route: RouteRules
  /** Of the request, as it is keyed. */
  readonly site: string
  readonly target: string
  readonly url: StoreKey
  readonly status: number
  readonly headers: RawHeaders
  /** Wall time, in ms, at which it came. */
  readonly wall: Ms
}

/**
 * RFC 9110 §9.3.3: it names its lifetime, and as Content-Location the very URL it was sent to (§8.7). Only 200: what
 * other statuses say is said of the act. Whether it may be stored is for `storeTime` to judge as of any answer.
 */
export function answersGets ({ route, site, target, url, status, headers, wall }: PostAnswer): boolean {
  if (!route.storePost || status !== 200) return false
  const location = fieldValue(headers, 'content-location')
  if (location === undefined || !URL.canParse(site) || !URL.canParse(location, site + target)) return false
  const { origin, pathname, search } = new URL(location, site + target)
  if (origin !== new URL(site).origin || urlKey(site, forwardTarget(pathname + search, route.key.query)) !== url) return false
  const { directives, expires } = readResponse(status, headers, wall, route.targets)
  return (directives.sMaxage ?? directives.maxAge ?? expires) !== undefined
}

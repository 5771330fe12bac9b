/** What a write makes untrue (RFC 9111 §4.4). */
import type { RawHeaders, Scope } from '../core/types.js'
import { fieldValue } from '../http/fields.js'
import { groupTags } from '../http/tags.js'
import { forwardTarget, urlKey } from '../policy/key.js'
import { hostname, type Recognised, type RouteTable } from './recognise.js'

/** The safe methods; and PURGE, which is the admin listener's: whoever sends it to the public one must not reach the cache. */
const EVICT_NOTHING = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PURGE'])

/**
 * The URL of a successful unsafe request (unknown methods count as unsafe), the Location and Content-Location of its
 * answer where they have the same origin, and the groups its Cache-Group-Invalidation names there (RFC 9875 §3).
 */
export function invalidatedBy (r: Recognised, routes: RouteTable, status: number, headers: RawHeaders): Scope[] {
  if (EVICT_NOTHING.has(r.request.method) || status < 200 || status >= 400) return []
  const { site, host } = r.facts
  const scopes: Scope[] = [{ url: r.url }, ...groupTags(headers, 'cache-group-invalidation', site).map(tag => ({ tag }))]
  for (const name of ['location', 'content-location']) {
    const value = fieldValue(headers, name)
    const url = value === undefined ? undefined : ofSameOrigin(value, site, r.target)
    if (url === undefined) continue
    const route = routes(hostname(host), url.pathname)
    if (route !== undefined) scopes.push({ url: urlKey(site, forwardTarget(url.pathname + url.search, route.key.query)) })
  }
  return scopes
}

/** HTTP/1.0 may do without Host, and not every Host is one that URLs can name: nothing has the same origin then. */
function ofSameOrigin (reference: string, site: string, target: string): URL | undefined {
  const base = site + target
  if (!URL.canParse(site) || !URL.canParse(reference, base)) return undefined
  const url = new URL(reference, base)
  return url.origin === new URL(site).origin ? url : undefined
}

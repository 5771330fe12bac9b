/** What a write makes untrue (RFC 9111 §4.4). */
import type { RawHeaders, Scope } from '../core/types.js'
import { fieldValue } from '../http/fields.js'
import { forwardTarget, urlKey } from '../policy/key.js'
import type { Recognised } from './recognise.js'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/**
 * The URL of a successful unsafe request (unknown methods count as unsafe), and the Location and Content-Location of
 * its answer where they have the same origin.
 */
export function invalidatedBy (r: Recognised, status: number, headers: RawHeaders): Scope[] {
  if (SAFE.has(r.request.method) || status < 200 || status >= 400) return []
  const scopes: Scope[] = [{ url: r.url }]
  for (const name of ['location', 'content-location']) {
    const value = fieldValue(headers, name)
    const base = `${r.facts.site}${r.target}`
    const url = value === undefined || !URL.canParse(value, base) ? undefined : new URL(value, base)
    if (url === undefined || url.origin !== new URL(r.facts.site).origin) continue
    scopes.push({ url: urlKey(r.facts.site, forwardTarget(url.pathname + url.search, r.route.key.query)) })
  }
  return scopes
}

/** Purges name URLs as clients do; they are keyed as requests are. */
import type { PurgeKeys } from '../admin/purge.js'
import type { StoreKey } from '../core/types.js'
import { forwardTarget, urlKey } from '../policy/key.js'
import { hostname, pathOf, type RouteTable } from '../proxy/recognise.js'

export function purgeKeys (routes: RouteTable): PurgeKeys {
  const parse = (absolute: string): URL | undefined => {
    // what a URL object would mend, it would mend to another URL than `targetOf` reads
    const spelled = /^https?:\/\/[^/\\?#@]+(?:[/?#]|$)/i.test(absolute)
    return spelled && URL.canParse(absolute) ? new URL(absolute) : undefined
  }
  return {
    url (absolute: string): StoreKey | undefined {
      const url = parse(absolute)
      if (url === undefined) return undefined
      const target = targetOf(absolute)
      const route = routes(hostname(url.host), pathOf(target))
      return urlKey(url.origin, route === undefined ? target : forwardTarget(target, route.key.query))
    },
    prefix (absolute: string): string | undefined {
      const url = parse(absolute)
      return url === undefined ? undefined : url.origin + targetOf(absolute)
    }
  }
}

/** Path and query byte for byte as written: a URL object would re-encode them, and keys are byte-exact. */
function targetOf (absolute: string): string {
  const rest = absolute.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/#.*$/s, '')
  return rest.startsWith('/') ? rest : `/${rest}`
}

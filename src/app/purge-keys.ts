/**
 * Purges name URLs as clients do; they are keyed as requests are. What no request could name is refused, not mended: a purge
 * of what is stored under another spelling would look done.
 */
import { domainToASCII } from 'node:url'
import type { PurgeKeys } from '../admin/purge.js'
import type { StoreKey } from '../core/types.js'
import { isHost } from '../http/host.js'
import { readTarget, TARGET } from '../http/target.js'
import { forwardTarget, urlKey } from '../policy/key.js'
import { withoutDefaultPort } from '../policy/request.js'
import { hostname, pathOf, type RouteTable } from '../proxy/recognise.js'

interface Named { readonly site: string, readonly host: string, readonly target: string }

const ABSOLUTE = /^(https?):\/\/([^/\\?#]*)([^#]*)/i
const ASCII = /^[\x21-\x7e]*$/

export function purgeKeys (routes: RouteTable): PurgeKeys {
  return {
    url (absolute: string): StoreKey | undefined {
      const named = parse(absolute)
      if (named === undefined) return undefined
      const { site, host, target } = named
      const route = routes(hostname(host), pathOf(target))
      return urlKey(site, route === undefined ? target : forwardTarget(target, route.key.query))
    },
    prefix (absolute: string): string | undefined {
      const named = parse(absolute)
      return named && named.site + named.target
    }
  }
}

function parse (absolute: string): Named | undefined {
  const parts = ABSOLUTE.exec(absolute)
  if (parts === null) return undefined
  const scheme = parts[1]!.toLowerCase() as 'http' | 'https'
  const authority = asciiAuthority(parts[2]!)
  const target = targetOf(parts[3]!)
  if (!isHost(authority) || target === undefined) return undefined
  const host = withoutDefaultPort(authority, scheme)
  return { site: `${scheme}://${host}`, host, target }
}

/** Lower-case, and as clients send it where it is written in another script. */
function asciiAuthority (authority: string): string {
  if (ASCII.test(authority)) return authority.toLowerCase()
  const [name, port] = authority.split(':', 2)
  return domainToASCII(name!) + (port === undefined ? '' : `:${port}`)
}

/** Path and query byte for byte; what clients escape, because a request cannot carry it, is escaped as they do. */
function targetOf (rest: string): string | undefined {
  const written = rest.startsWith('/') ? rest : `/${rest}`
  const target = written.replace(/[^\x21-\x7e]+/g, escaped)
  let seen = 0
  for (let i = 0; i < target.length; i++) {
    const kind = TARGET[target.charCodeAt(i)]!
    if (kind === 0) return undefined
    seen |= kind
  }
  return typeof readTarget(target, 'GET', seen) === 'string' ? undefined : target
}

function escaped (text: string): string {
  return Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '%$&')
}

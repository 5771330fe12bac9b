/**
 * Which route serves a request. Routes are compiled once; a single route for everything costs nothing to find.
 * Invariant: matching takes time linear in the path, whatever the pattern.
 */
import type { RouteRules } from '../core/route.js'

/** `host` is lower-case without port, `path` without query. */
export type FindRoute = (host: string, path: string) => RouteRules | undefined

type Matches = (text: string) => boolean

interface Compiled { readonly route: RouteRules, readonly host: Matches | undefined, readonly path: Matches | undefined }

/**
 * The first route that serves host and path. Undefined where none does: 421 (RFC 9110 §15.5.20), since a host whose
 * routes leave a path out is not served there.
 */
export function compileRoutes (routes: readonly RouteRules[]): FindRoute {
  const compiled = routes.map(route => ({ route, host: hostMatcher(route.hosts), path: pathMatcher(route.match) }))
  const [first] = compiled
  if (first !== undefined && first.host === undefined && first.path === undefined) return () => first.route
  return (host, path) => find(compiled, host, path)
}

function find (compiled: readonly Compiled[], host: string, path: string): RouteRules | undefined {
  for (const { route, host: hostMatches, path: pathMatches } of compiled) {
    if ((hostMatches === undefined || hostMatches(host)) && (pathMatches === undefined || pathMatches(path))) return route
  }
  return undefined
}

function hostMatcher (hosts: readonly string[]): Matches | undefined {
  if (hosts.length === 0) return undefined
  const exact = new Set(hosts.filter(host => !host.startsWith('*.')))
  const suffixes = hosts.filter(host => host.startsWith('*.')).map(host => host.slice(1))
  return host => exact.has(host) || suffixes.some(suffix => host.length > suffix.length && host.endsWith(suffix))
}

/** Undefined: the pattern matches everything. */
function pathMatcher (pattern: string): Matches | undefined {
  if (pattern === '*' || pattern === '/*') return undefined
  const pieces = pattern.split('*')
  const prefix = pieces[0]!
  if (pieces.length === 1) return path => path === pattern
  const suffix = pieces.at(-1)!
  const middle = pieces.slice(1, -1).filter(piece => piece !== '')
  return path => {
    const end = path.length - suffix.length
    if (end < prefix.length || !path.startsWith(prefix) || !path.endsWith(suffix)) return false
    let at = prefix.length
    for (const piece of middle) {
      const found = path.indexOf(piece, at)
      if (found < 0 || found + piece.length > end) return false
      at = found + piece.length
    }
    return true
  }
}

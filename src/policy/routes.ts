/**
 * Which route serves a request. Routes are compiled once; a single route for everything costs nothing to find.
 * Invariants: matching takes time linear in the path, whatever the pattern; what is stored by a route's rules is what that
 * route serves, however the origin reads the path.
 */
import type { RouteRules } from '../core/route.js'
import { decoded, resolved } from './resolved.js'

/** `host` is lower-case without port, `path` without query. */
export type FindRoute = (host: string, path: string) => RouteRules | undefined

type Matches = (text: string) => boolean

interface Compiled {
  readonly route: RouteRules
  /** The same, for paths that an origin may take for another route's: nothing of these is stored. */
  readonly uncached: RouteRules
  readonly host: Matches | undefined
  readonly path: Matches | undefined
  /** For a path that was resolved. */
  readonly resolvedPath: Matches | undefined
}

/**
 * The first route that serves host and path. Undefined where none does: 421 (RFC 9110 §15.5.20), since a host whose
 * routes leave a path out is not served there.
 */
export function compileRoutes (routes: readonly RouteRules[]): FindRoute {
  const compiled = routes.map(compile)
  const [first] = compiled
  if (first !== undefined && first.host === undefined && first.path === undefined) return () => first.route
  return (host, path) => {
    const found = find(compiled, 'path', host, path)
    if (found === undefined) return undefined
    const other = resolved(path)
    return other === path || find(compiled, 'resolvedPath', host, other) === found ? found.route : found.uncached
  }
}

function compile (route: RouteRules): Compiled {
  const pieces = route.match.split('*')
  return {
    route, uncached: { ...route, cache: false, ambiguous: true }, host: hostMatcher(route.hosts),
    path: pathMatcher(pieces), resolvedPath: pathMatcher(pieces.map(decoded))
  }
}

function find (compiled: readonly Compiled[], by: 'path' | 'resolvedPath', host: string, path: string): Compiled | undefined {
  return compiled.find(one => (one.host === undefined || one.host(host)) && (one[by] === undefined || one[by](path)))
}

function hostMatcher (hosts: readonly string[]): Matches | undefined {
  if (hosts.length === 0) return undefined
  const exact = new Set(hosts.filter(host => !host.startsWith('*.')))
  const suffixes = hosts.filter(host => host.startsWith('*.')).map(host => host.slice(1))
  return host => exact.has(host) || suffixes.some(suffix => host.length > suffix.length && host.endsWith(suffix))
}

/** `pieces`: what stands between the `*`. Undefined: everything matches. */
function pathMatcher (pieces: readonly string[]): Matches | undefined {
  const prefix = pieces[0]!
  if (pieces.length === 1) return path => path === prefix
  if (pieces.length === 2 && (prefix === '' || prefix === '/') && pieces[1] === '') return undefined
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

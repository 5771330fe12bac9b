/**
 * What is well-formed and still cannot be meant: routes nothing reaches, rules that have no effect, listeners in each
 * other's way. Each check looks only at the sections it needs, so that one bad section does not hide what is wrong
 * with the others.
 */
import { collide, formatAddress, isLoopback, leadsTo } from './address.js'
import { formatPath, isObject, type Path } from './path.js'
import { nearest, unknownKey, type Problem } from './problems.js'
import { configSchema, ORIGIN_URL, originSchema, routeSchema, type Config, type OriginConfig, type RouteConfig } from './schema.js'
import type { Address } from './settings.js'
import { formatDuration, formatSize } from './units.js'

/** The sections that are well-formed by themselves. */
export interface Sound {
  readonly listen: Config['listen'] | undefined
  readonly admin: Config['admin'] | undefined
  readonly cache: Config['cache'] | undefined
  readonly origins: Readonly<Config['origins']>
  /** All that the file names, well-formed or not. */
  readonly originNames: readonly string[]
  readonly routes: readonly (RouteConfig | undefined)[]
  /** The routes as they were written, without defaults. */
  readonly written: readonly unknown[]
}

export function soundParts (raw: unknown): Sound {
  const parts = isObject(raw) ? raw : {}
  const { listen, admin, cache } = configSchema.shape
  const origins = isObject(parts['origins']) ? parts['origins'] : {}
  const written = Array.isArray(parts['routes']) ? parts['routes'] as unknown[] : []
  const sound: Config['origins'] = Object.create(null)
  for (const [name, origin] of Object.entries(origins)) {
    const { data } = originSchema.safeParse(origin)
    if (data !== undefined) sound[name] = data
  }
  return {
    listen: listen.safeParse(parts['listen']).data,
    admin: admin.safeParse(parts['admin']).data,
    cache: cache.safeParse(parts['cache']).data,
    origins: sound,
    originNames: Object.keys(origins),
    routes: written.map(route => routeSchema.safeParse(route).data),
    written
  }
}

/** `adminToken`: the one of the environment. */
export function check (parts: Sound, adminToken: string | undefined): Problem[] {
  return [
    ...checkListeners(parts, adminToken), ...checkOrigins(parts), ...checkCache(parts),
    ...parts.routes.flatMap((route, i) => route === undefined ? [] : [...checkRoute(route, i, parts), ...checkReach(route, i, parts)])
  ]
}

function checkListeners ({ listen, admin }: Sound, adminToken: string | undefined): Problem[] {
  const problems: Problem[] = []
  if (admin === undefined) return problems
  const path = ['admin', 'listen']
  if (listen !== undefined && collide(listen, admin.listen)) {
    problems.push({ path, text: `found ${formatAddress(admin.listen)}, which is where clients are served (listen ${formatAddress(listen)}); allowed: another port` })
  }
  if (!isLoopback(admin.listen.host) && admin.token === undefined && adminToken === undefined) {
    problems.push({ path, text: `found ${formatAddress(admin.listen)}, which others can reach; allowed: loopback, or with admin.token or SEAWALL_ADMIN_TOKEN set` })
  }
  return problems
}

function checkOrigins ({ origins, originNames, routes, listen, admin }: Sound): Problem[] {
  const problems: Problem[] = []
  if (originNames.length === 0) problems.push({ path: ['origins'], text: 'missing; allowed: at least one origin, or --origin URL' })
  // zod passes over this one key of a record
  if (originNames.includes('__proto__')) problems.push(unknownKey(['origins'], '__proto__'))
  const listeners: [string, Address | undefined][] = [['listen', listen], ['admin.listen', admin?.listen]]
  for (const [name, origin] of Object.entries(origins)) {
    problems.push(...checkAddresses(['origins', name], origin, listeners))
  }
  if (routes.length === 0) {
    if (originNames.length > 1) problems.push({ path: ['routes'], text: `missing; with several origins (${originNames.join(', ')}) routes say which answers what` })
    return problems
  }
  const used = new Set(routes.map(route => route?.origin))
  const spare = routes.includes(undefined) || originNames.length === 1 ? [] : originNames.filter(name => !used.has(name) && name !== '__proto__')
  return [...problems, ...spare.map(name => ({ path: ['origins', name], text: 'no route names it; allowed: origins that are used' }))]
}

function checkAddresses (at: Path, { url, urls = [] }: OriginConfig, listeners: readonly [string, Address | undefined][]): Problem[] {
  if (url === undefined && urls.length === 0) return [{ path: [...at, 'url'], text: `missing; allowed: ${ORIGIN_URL}` }]
  if (url !== undefined && urls.length > 0) return [{ path: [...at, 'url'], text: 'found beside urls; allowed: one of them' }]
  const written: [Path, string][] = url === undefined ? urls.map((each, i) => [[...at, 'urls', i], each]) : [[[...at, 'url'], url]]
  return written.flatMap(([path, text], i) => {
    if (urls.indexOf(text) < i && url === undefined) return [{ path, text: `found ${JSON.stringify(text)} twice; allowed: each address once` }]
    return listeners.filter(([, address]) => address !== undefined && leadsTo(addressOf(text), address))
      .map(([which]) => ({ path, text: `found ${JSON.stringify(text)}, which is this proxy's own ${which}; allowed: the address of a server behind it` }))
  })
}

function addressOf (url: string): Address {
  const { hostname, port, protocol } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port !== '' ? Number(port) : protocol === 'https:' ? 443 : 80 }
}

function checkCache ({ cache }: Sound): Problem[] {
  if (cache?.maxObject === undefined || cache.maxObject <= cache.memory) return []
  return [{ path: ['cache', 'maxObject'], text: `found ${formatSize(cache.maxObject)}; allowed: at most cache.memory, which is ${formatSize(cache.memory)}` }]
}

/** Keys that say how answers are stored: without effect where none is. */
const STORING = ['freshness', 'stale', 'vary', 'setCookie', 'storePost', 'clientDirectives', 'tags']

function checkRoute (route: RouteConfig, i: number, { originNames, written }: Sound): Problem[] {
  const problems: Problem[] = []
  const at = (...path: string[]) => ['routes', i, ...path]
  if (route.origin === undefined ? originNames.length > 1 : !originNames.includes(route.origin)) {
    const near = route.origin === undefined ? undefined : nearest(route.origin, originNames)
    const found = route.origin === undefined ? 'missing' : `found ${JSON.stringify(route.origin)}, which no origin is called`
    problems.push({ path: at('origin'), text: `${found}${near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`}; allowed: ${originNames.join(', ') || 'a name from origins, which is empty'}` })
  }
  if (!route.cache) {
    const idle = STORING.filter(key => Object.hasOwn(written[i] as object, key))
    problems.push(...idle.map(key => ({ path: at(key), text: 'has no effect, since cache is false here; allowed: only with cache true' })))
  }
  const { query } = route.key
  if (query.only !== undefined && query.ignore.length > 0) {
    problems.push({ path: at('key', 'query'), text: 'found both only and ignore; allowed: one of them (only drops all others by itself)' })
  }
  const { max, ...lifetimes } = route.freshness
  if (lifetimes.override !== undefined && lifetimes.default !== undefined) {
    problems.push({ path: at('freshness', 'default'), text: 'has no effect beside override, which every answer it concerns gets; allowed: one of them' })
  }
  for (const name of ['default', 'negative', 'override'] as const) {
    const lifetime = lifetimes[name]
    if (max !== undefined && lifetime !== undefined && lifetime > max) {
      problems.push({ path: at('freshness', name), text: `found ${formatDuration(lifetime)}; allowed: at most freshness.max, which is ${formatDuration(max)}` })
    }
  }
  return problems
}

function checkReach (route: RouteConfig, i: number, { routes }: Sound): Problem[] {
  const before = routes.findIndex((other, j) => j < i && other !== undefined && coversPath(other.match, route.match) && coversHosts(other.hosts, route.hosts))
  if (before === -1) return []
  const { match, hosts } = routes[before]!
  const reach = `${JSON.stringify(match)}${hosts.length === 0 ? '' : ` on ${hosts.join(', ')}`}`
  return [{ path: ['routes', i], text: `no request reaches it, since ${formatPath(['routes', before])} (${reach}) comes first and takes all of ${JSON.stringify(route.match)}; allowed: the narrower route first` }]
}

/**
 * Whether every path of `narrow` is one of `wide`: it is if `wide` matches `narrow` with each `*` taken as a character
 * that only a `*` can match.
 */
export function coversPath (wide: string, narrow: string): boolean {
  if (wide === '*' || wide === '/*') return true
  const text = narrow.replaceAll('*', '\0')
  let [w, t, star, resume] = [0, 0, -1, 0]
  while (t < text.length) {
    if (wide[w] === '*') [star, resume] = [w++, t]
    else if (wide[w] === text[t]) { w++; t++ }
    else if (star !== -1) [w, t] = [star + 1, ++resume]
    else return false
  }
  while (wide[w] === '*') w++
  return w === wide.length
}

function coversHosts (wide: readonly string[], narrow: readonly string[]): boolean {
  if (wide.length === 0) return true
  const covers = (pattern: string, host: string) => pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)))
  return narrow.length > 0 && narrow.every(host => wide.some(pattern => covers(pattern, host)))
}

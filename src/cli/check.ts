/** `seawall check`: whether a configuration can be used, and what it comes to. */
import { formatAddress } from '../config/address.js'
import { defaults } from '../config/compile.js'
import { loadConfig } from '../config/load.js'
import type { LimitSettings, Settings } from '../config/settings.js'
import { formatDuration, formatSize } from '../config/units.js'
import type { RouteRules } from '../core/route.js'
import type { RedisSettings } from '../redis/target.js'
import { EXIT, type Io } from './io.js'

/** Throws ConfigError with all that is wrong. */
export async function check (file: string, io: Io): Promise<number> {
  const settings = loadConfig({ file, env: io.env })
  io.stdout.write(`ok: ${file}\n${summary(settings)}`)
  return EXIT.ok
}

export function summary (settings: Settings): string {
  const { listen, workers, tls, admin, trustedProxies, origins, cache, routes } = settings
  const origin = Object.entries(origins).map(([name, { urls, host }]) => [name, urls.join(', '), host === 'preserve' ? 'keeps Host' : 'sends its own Host'])
  const route = routes.map((rules, i) => [`${i + 1}`, `${rules.match}${rules.hosts.length === 0 ? '' : ` on ${rules.hosts.join(', ')}`}`, `-> ${rules.origin}`, describe(rules)])
  return [
    ...section('listen', [[`${formatAddress(listen)}${tls.length === 0 ? '' : `, TLS with ${tls.length === 1 ? 'a certificate' : `${tls.length} certificates`}`}${workers === 1 ? '' : `, ${workers} workers`}`]]),
    ...section('admin', [[`${formatAddress(admin)}, ${admin.token === undefined ? 'no token' : 'with a token'}`]]),
    ...listed('trusted', trustedProxies),
    ...listed('limits', limitsOf(settings)),
    ...listed('log', logOf(settings)),
    ...section('origins', origin),
    ...section('cache', [[`${formatSize(cache.memory)} of memory, bodies up to ${formatSize(cache.maxObject)}, ${cache.maxVariants} variants a URL`]]),
    ...(cache.redis === undefined ? [] : section('redis', [[describeRedis(cache.redis)]])),
    ...section('routes', route)
  ].map(line => `${line.trimEnd()}\n`).join('')
}

/** Nothing where there is nothing to say. */
function listed (heading: string, parts: readonly string[]): string[] {
  return parts.length === 0 ? [] : section(heading, [[parts.join(', ')]])
}

const LIMITS: Readonly<Record<keyof LimitSettings, (value: number) => string>> = {
  headerBytes: formatSize, headerCount: String, url: formatSize, headerTimeout: formatDuration, idle: formatDuration, bodyTimeout: formatDuration,
  writeStall: formatDuration, pipelined: String, body: formatSize, drain: formatDuration
}

/** Those that are not the defaults. */
function limitsOf ({ limits, connections }: Settings): string[] {
  const usual = defaults().limits
  const names = Object.keys(LIMITS) as (keyof LimitSettings)[]
  const parts = names.filter(name => limits[name] !== usual[name]).map(name => `${name} ${LIMITS[name](limits[name]!)}`)
  return connections === undefined ? parts : [...parts, `connections ${connections}`]
}

function logOf ({ log: { level, access } }: Settings): string[] {
  const usual = defaults().log
  return [...(level === usual.level ? [] : [`from ${level}`]), ...(access ? [] : ['no access lines'])]
}

/** Without what may be secret in it. */
function describeRedis ({ target, namespace, maxObject, maxLag, strictPurge }: RedisSettings): string {
  const host = (url: string) => new URL(url).host
  const where = target.kind === 'url' ? host(target.url) : target.kind === 'cluster' ? `cluster at ${target.nodes.map(host).join(', ')}` : `${target.master} of the sentinels ${target.sentinels.map(formatAddress).join(', ')}`
  return `${where}, keys of ${namespace}, bodies up to ${formatSize(maxObject)}, lag at most ${formatDuration(maxLag)}${strictPurge ? ', strict purges' : ''}`
}

/** Rows under a heading, columns aligned. */
function section (heading: string, rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map((row, i) => `${(i === 0 ? heading : '').padEnd(9)}${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`)
}

/** What a route does, its defaults left unsaid. */
function describe (route: RouteRules): string {
  if (!route.cache) return 'not cached'
  const { freshness, stale, key } = route
  const parts = ['cached']
  if (freshness.override !== undefined) parts.push(`fresh ${formatDuration(freshness.override)} whatever the origin says`)
  if (freshness.default !== undefined) parts.push(`fresh ${formatDuration(freshness.default)} by default`)
  if (freshness.negative !== undefined) parts.push(`404 and 410 ${formatDuration(freshness.negative)}`)
  if (freshness.heuristic > 0) parts.push(`heuristic ${freshness.heuristic}`)
  if (freshness.max !== undefined) parts.push(`at most ${formatDuration(freshness.max)}`)
  if (freshness.jitter > 0) parts.push(`jitter ${freshness.jitter}`)
  if (stale.whileRevalidate > 0) parts.push(`stale ${formatDuration(stale.whileRevalidate)} while revalidating`)
  if (stale.ifError > 0) parts.push(`stale ${formatDuration(stale.ifError)} on errors`)
  if (key.query.only !== undefined) parts.push(`query only ${key.query.only.join(' ') || 'none'}`)
  if (key.query.ignore.length > 0) parts.push(`query without ${key.query.ignore.join(' ')}`)
  if (key.query.sort) parts.push('query sorted')
  if (key.headers.length > 0) parts.push(`by header ${key.headers.join(' ')}`)
  if (key.cookies.length > 0) parts.push(`by cookie ${key.cookies.join(' ')}`)
  if (route.vary === 'normalize') parts.push('Vary normalized')
  if (route.storePost) parts.push('POST answers stored')
  if (route.setCookie !== 'refuse') parts.push(`Set-Cookie: ${route.setCookie}`)
  if (route.clientDirectives === 'ignore') parts.push('clients\' Cache-Control ignored')
  if (route.tags.length > 0) parts.push(`tags ${route.tags.join(' ')}`)
  return parts.join(', ')
}

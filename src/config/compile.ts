/** A checked configuration to settings. */
import { resolve } from 'node:path'
import { availableParallelism } from 'node:os'
import type { RouteRules } from '../core/route.js'
import { compileRedis } from './redis.js'
import { configSchema, routeSchema, type Config, type OriginConfig, type RouteConfig } from './schema.js'
import type { CertificateFiles, OriginSettings, Settings } from './settings.js'

/** What is meant for caches in front of the origin, not for clients. */
const CACHE_FIELDS = ['surrogate-key', 'surrogate-control', 'cache-tag', 'xkey']

const DEFAULT_MAX_OBJECT = 16 * 2 ** 20
const NO_LIFETIMES = { default: undefined, negative: undefined, max: undefined, override: undefined }

/** What a file that says nothing comes to. */
export function defaults (): Settings {
  return compile(configSchema.parse({}), undefined, '')
}

/** `config` has passed `check`; `adminToken` is the one of the environment; files are looked for from `folder`. */
export function compile (config: Config, adminToken: string | undefined, folder: string): Settings {
  const { listen, workers, admin, trustedProxies, log } = config
  const { connections, body, ...limits } = config.limits
  const { memory, maxObject = Math.min(DEFAULT_MAX_OBJECT, memory), maxVariants, passRecord, keepStale, redis } = config.cache
  const origins: Record<string, OriginSettings> = Object.create(null)
  for (const [name, origin] of Object.entries(config.origins)) origins[name] = compileOrigin(origin)
  const [only = ''] = Object.keys(origins)
  const routes = config.routes.length === 0 ? [routeSchema.parse({})] : config.routes
  return {
    listen,
    workers: workers === 'auto' ? availableParallelism() : workers,
    tls: compileTls(config.tls, folder),
    admin: { ...admin.listen, token: admin.token ?? adminToken },
    origins,
    cache: { memory, maxObject, maxVariants, passRecord, keepStale, ...(redis === undefined ? {} : { redis: compileRedis(redis) }) },
    routes: routes.map(route => compileRoute(route, route.origin ?? only, config.cache)),
    limits: { ...limits, body: body === 'none' ? undefined : body },
    connections: connections === 'none' ? undefined : connections,
    trustedProxies,
    log
  }
}

function compileTls (tls: Config['tls'], folder: string): CertificateFiles[] {
  if (tls === undefined) return []
  const list = Array.isArray(tls) ? tls : [tls]
  return list.map(({ cert, key, hosts }, i) => ({
    at: Array.isArray(tls) ? `tls[${i}]` : 'tls', cert: resolve(folder, cert), key: resolve(folder, key), hosts
  }))
}

function compileOrigin ({ url, urls, timeouts, health, ...rest }: OriginConfig): OriginSettings {
  return {
    ...rest,
    urls: urls ?? [url!],
    timeouts: { total: undefined, ...timeouts },
    health: { path: undefined, ...health }
  }
}

function compileRoute (route: RouteConfig, origin: string, cache: Config['cache']): RouteRules {
  return {
    ...route,
    origin,
    freshness: { ...NO_LIFETIMES, ...route.freshness },
    key: { ...route.key, query: { only: undefined, ...route.key.query } },
    keepStale: cache.keepStale,
    passRecord: cache.passRecord,
    targets: cache.targetedControl,
    stripResponse: cache.exposeTags ? [] : CACHE_FIELDS
  }
}

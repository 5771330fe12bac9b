/**
 * The admin listener: purges, metrics, statistics and health, on an address of its own over node:http. Nothing of it
 * can be reached through the public listener.
 *
 * Invariants: everything but /livez and /readyz passes the guards first; every answer is `no-store`; a purge is answered
 * 200 only when the log acknowledged it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/logger.js'
import type { InvalidationLog } from '../invalidation/contract.js'
import type { Store } from '../store/contract.js'
import { hostGuard, originGuard, tokenGuard, type Guard } from './guard.js'
import { createMetrics, type Metrics, type Workers } from './metrics.js'
import type { OriginsSource } from './origins.js'
import { carriesTags, readHeaderOrder } from './purge-headers.js'
import { readJsonOrder, type PurgeKeys, type PurgeOrder } from './purge.js'
import { AdminRefusal } from './refusal.js'
import { sharedStats, type SharedSources } from './shared.js'
import { statsOf } from './stats.js'

export interface AdminOptions {
  readonly log: InvalidationLog
  readonly purgeKeys: PurgeKeys
  readonly counters: Counters
  readonly origins?: OriginsSource | undefined
  /** Where purges are counted, if not in `counters`. */
  readonly purged?: Pick<Counters, 'purges'> | undefined
  readonly store: Pick<Store, 'stats'>
  /** Undefined: this process serves itself. */
  readonly workers?: Workers | undefined
  /** Brings the numbers up to date before they are told. */
  readonly collect?: (() => Promise<void>) | undefined
  /** Undefined: this process shares with nobody. */
  readonly shared?: SharedSources | undefined
  readonly ready: () => { readonly ready: boolean, readonly details: Record<string, unknown> }
  /** undefined: whoever reaches the listener may use it, web pages excepted. For loopback only. */
  readonly token: string | undefined
  readonly logger: Logger
  /** Unix time in ms; now, unless given. */
  readonly started?: number
  readonly version?: string
}

export interface Admin {
  /** Rejects with the system's error (EADDRINUSE, EACCES, …). Port 0 takes a free one. */
  listen (host: string, port: number): Promise<{ readonly host: string, readonly port: number }>
  /** Accepts no more, lets what is under way finish for a second, then ends it. */
  close (): Promise<void>
}

interface Reply { readonly status: number, readonly body: object | string, readonly headers?: Readonly<Record<string, string>> }
type Handler = (request: IncomingMessage) => Reply | Promise<Reply>
interface Endpoint { readonly method: 'GET' | 'POST', readonly open: boolean, readonly handle: Handler }

const GRACE_MS = 1000
/** PURGE carries its tags in the head; purgers send hundreds at once. */
const HEAD_LIMIT = 64 * 1024

export function createAdmin (options: AdminOptions): Admin {
  const endpoints = endpointsOf(options)
  let guards: readonly Guard[] = []
  const server = createServer({ maxHeaderSize: HEAD_LIMIT, headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 },
    (request, response) => void answer(request, response))

  async function answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    send(response, await dispatch(request).catch((error: unknown) => failure(error, options.logger)))
  }

  async function dispatch (request: IncomingMessage): Promise<Reply> {
    const path = (request.url ?? '').split('?', 1)[0]!
    const endpoint = request.method === 'PURGE' ? undefined : endpoints.get(path)
    if (endpoint?.open !== true) for (const guard of guards) guard(request)
    if (request.method === 'PURGE') return purge(options, readHeaderOrder(request, options.purgeKeys))
    if (endpoint === undefined) return { status: 404, body: { error: 'not_found', paths: listing(endpoints) } }
    const allowed = endpoint.method === 'GET' ? ['GET', 'HEAD'] : [endpoint.method]
    if (!allowed.includes(request.method ?? '')) {
      const allow = allowed.join(', ')
      return { status: 405, body: { error: 'method_not_allowed', message: `${path} takes ${allow}` }, headers: { allow } }
    }
    return endpoint.handle(request)
  }

  return {
    listen (host, port) {
      const access = options.token === undefined ? hostGuard(host, r => r.method === 'PURGE' && !carriesTags(r)) : tokenGuard(options.token)
      guards = [access, originGuard]
      return new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          server.on('error', err => options.logger.error({ err }, 'admin listener failed'))
          const { address, port } = server.address() as AddressInfo
          resolve({ host: address, port })
        })
      })
    },
    close () {
      const force = setTimeout(() => server.closeAllConnections(), GRACE_MS)
      return new Promise(resolve => server.close(() => {
        clearTimeout(force)
        resolve()
      }))
    }
  }
}

function endpointsOf (options: AdminOptions): ReadonlyMap<string, Endpoint> {
  const { counters, store, log, origins, ready, shared, workers, started = Date.now(), version = 'unknown' } = options
  let metrics: Metrics | undefined
  return new Map<string, Endpoint>([
    ['/purge', { method: 'POST', open: false, handle: async request => purge(options, await readJsonOrder(request, options.purgeKeys)) }],
    ['/metrics', { method: 'GET', open: false, handle: async () => {
      await options.collect?.()
      metrics ??= createMetrics({ counters, store, log, origins, ready, version, shared, workers })
      return { status: 200, body: await metrics.text(), headers: { 'content-type': metrics.contentType } }
    } }],
    ['/stats', { method: 'GET', open: false, handle: async () => {
      await options.collect?.()
      const uptime = (Date.now() - started) / 1000
      return { status: 200, body: statsOf({ counters, store: store.stats(), log: log.stats(), origins: origins?.(), workers, version, uptime, shared: shared && sharedStats(shared) }) }
    } }],
    ['/livez', { method: 'GET', open: true, handle: () => ({ status: 200, body: { live: true } }) }],
    ['/readyz', { method: 'GET', open: true, handle: () => {
      const { ready: isReady, details } = ready()
      return { status: isReady ? 200 : 503, body: { ...details, ready: isReady } }
    } }]
  ])
}

function listing (endpoints: ReadonlyMap<string, Endpoint>): string[] {
  return [...[...endpoints].map(([path, { method }]) => `${method} ${path}`), 'PURGE /{path}']
}

async function purge ({ log, counters, purged = counters, logger }: AdminOptions, { scopes, mode, wait }: PurgeOrder): Promise<Reply> {
  const { seq, applied, unreachable } = await log.append(scopes, mode, wait).catch((err: unknown) => {
    logger.warn({ err, scopes: scopes.length, mode }, 'purge not durable')
    throw new AdminRefusal(503, 'not_durable', 'The purge could not be recorded; what was to be purged may still be served. Send it again.')
  })
  purged.purges++
  logger.info({ seq, mode, scopes: scopes.length, first: scopes[0], unreachable: unreachable.length }, 'purged')
  return { status: 200, body: { seq, applied, unreachable } }
}

function failure (error: unknown, logger: Logger): Reply {
  if (error instanceof AdminRefusal) return { status: error.status, body: error, headers: error.headers }
  logger.error({ err: error }, 'admin request failed')
  return { status: 500, body: { error: 'internal', message: 'The request failed; the log says how.' } }
}

function send (response: ServerResponse, { status, body, headers }: Reply): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body) + '\n'
  response.writeHead(status, {
    'content-type': 'application/json',
    ...headers,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff'
  })
  response.end(text)
}

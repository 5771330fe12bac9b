/**
 * Everything behind the public listener, built and wired: origins, the paths of a request, the sweep, the listener.
 *
 * Ends in order: the listener drains first, then the origins, then the log and the store.
 */
import type { Settings } from '../config/settings.js'
import { compileTrusted } from '../config/address.js'
import { readCertificates } from '../config/certificates.js'
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import { SeawallError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { Ms, ProxyCore, ProxyRequest } from '../core/types.js'
import type { InvalidationLog, SweepableLog } from '../invalidation/contract.js'
import { createSweeper } from '../invalidation/sweep.js'
import type { Access } from '../observe/access.js'
import { createOrigins, originHost } from '../origin/origins.js'
import { compileRoutes } from '../policy/routes.js'
import { createCore } from '../proxy/core.js'
import { Fills } from '../proxy/fills.js'
import type { Parts } from '../proxy/parts.js'
import { hostname, pathOf } from '../proxy/recognise.js'
import { Certificates } from '../server/certificates.js'
import { createListener } from '../server/listener.js'
import type { Store } from '../store/contract.js'
import type { Leases } from '../store/leases.js'
import type { MemoryStore } from '../store/memory.js'

export interface ServingOptions {
  /** As `Parts` has it. */
  readonly id: string
  readonly settings: Settings
  readonly certificates: Certificates | undefined
  readonly clock: Clock
  /** [0, 1) */
  readonly random: () => number
  readonly counters: Counters
  readonly logger: Logger
  readonly access: Access | undefined
  readonly memory: MemoryStore
  /** `memory`, or what it is in front of. */
  readonly store: Store
  readonly log: InvalidationLog & SweepableLog
  readonly leases?: Leases | undefined
  /** See `Parts`. */
  readonly onRefetched?: Parts['onRefetched']
  /** What stands before this process's own way of answering. */
  readonly before?: ((core: ProxyCore, parts: Parts) => ProxyCore) | undefined
}

export interface Serving {
  readonly parts: Parts
  /** This process's own way of answering. */
  readonly core: ProxyCore
  readonly secure: boolean
  /** Rejects with the system's error where the address cannot be listened on. */
  listen (): Promise<{ readonly host: string, readonly port: number }>
  connections (): number
  /** Lets what is in flight finish until `deadline`. */
  drain (deadline: Ms, settled?: Promise<void>): Promise<void>
  /** Connections since it listens. */
  accepted (): number
  /** Resets what is in flight. */
  stop (): void
  /** Closes origins, log and store, once nothing is served any more. */
  close (): Promise<void>
  /** Reads the certificates again; where they cannot be served, those in use stay. */
  reload (): void
}

/** Undefined: the public listener speaks plain HTTP. Throws a ConfigError for what cannot be served. */
export function certificatesOf ({ tls, file }: Settings): Certificates | undefined {
  return tls.length === 0 ? undefined : new Certificates(readCertificates(tls, file))
}

export function createServing (options: ServingOptions): Serving {
  const { id, settings, certificates, clock, random, counters, logger, access, memory, store, log, leases, onRefetched, before } = options
  const origins = createOrigins(settings.origins, { clock, counters, log: logger })
  const hosts = new Map(Object.entries(settings.origins).map(([name, origin]) => [name, originHost(origin)]))
  const parts: Parts = {
    id, clock, counters, logger, store, log, origins, random, leases, onRefetched, strictPurge: settings.cache.redis?.strictPurge ?? false,
    route: compileRoutes(settings.routes),
    // HTTP/1.0 may do without Host
    originHost: (name, host) => hosts.get(name) ?? (host === '' ? new URL(settings.origins[name]!.urls[0]!).host : host)
  }
  const fills = new Fills(parts)
  const core = createCore(parts, fills)
  const sweeper = createSweeper({
    log, clock,
    // what is shared is judged when it is read
    records: () => memory.records(),
    remove: key => { void memory.delete(key) },
    settle: (entry, policy, checkedAt) => memory.settle(entry, policy, checkedAt),
    openFills: () => fills.judged()
  })
  const listener = createListener({
    certificates, core: before?.(core, parts) ?? core, limits: { ...settings.limits, connections: connectionsOf(settings) }, clock, counters, log: logger,
    trusted: compileTrusted(settings.trustedProxies),
    onAnswer: access && ((request, response, end, peer) => {
      access(request, response, end, peer, response?.outcome === 'hit' ? undefined : originOf(request, parts))
    })
  })
  return {
    parts, core, secure: certificates !== undefined,
    listen: () => listener.listen(settings.listen.host, settings.listen.port),
    connections: () => listener.connections(),
    accepted: () => listener.accepted(),
    drain: (deadline, settled) => listener.drain(deadline, settled),
    stop () {
      listener.close()
      origins.destroy(new SeawallError('draining'))
    },
    async close () {
      // what is still being fetched is for nobody
      origins.destroy(new SeawallError('draining'))
      sweeper.close()
      await log.close()
      await store.close()
    },
    reload: () => { if (certificates !== undefined) reload(certificates, settings, logger) }
  }
}

/** Of one process: each has as many connections as any other, for they are handed out in turn. */
function connectionsOf ({ connections, workers }: Settings): number | undefined {
  return connections && Math.ceil(connections / workers)
}

/** Which origin is behind what was asked; undefined where none is, or it was not looked for. */
function originOf (request: ProxyRequest | undefined, { route }: Parts): string | undefined {
  const facts = request?.fields.facts
  return facts && route(hostname(facts.host), pathOf(request!.target))?.origin
}

function reload (certificates: Certificates, { tls, file }: Settings, logger: Logger): void {
  try {
    certificates.replace(readCertificates(tls, file))
    logger.info({ certificates: certificates.describe() }, 'certificates read again')
  } catch (err) {
    logger.error({ err }, 'the certificates cannot be used; those read before stay')
  }
}

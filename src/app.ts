/**
 * The composition root: every part built from the settings and wired, nothing decided.
 *
 * Ends in order: the public listener drains first, then the origins, the log and the store, the admin listener last, so
 * that /readyz says "draining" and purges are taken until the end.
 */
import { randomInt } from 'node:crypto'
import { getHeapStatistics } from 'node:v8'
import { createAdmin } from './admin/server.js'
import { sharedDetails } from './admin/shared.js'
import { purgeKeys } from './app/purge-keys.js'
import { share } from './app/sharing.js'
import { compileTrusted, formatAddress } from './config/address.js'
import { readCertificates } from './config/certificates.js'
import type { Settings } from './config/settings.js'
import { systemClock, type Clock } from './core/clock.js'
import { Counters } from './core/counters.js'
import { SeawallError } from './core/errors.js'
import type { Logger } from './core/logger.js'
import { createLocalLog } from './invalidation/log.js'
import { createSweeper } from './invalidation/sweep.js'
import { createLog } from './observe/log.js'
import { createOrigins, originHost } from './origin/origins.js'
import { compileRoutes } from './policy/routes.js'
import { createCore } from './proxy/core.js'
import { Fills } from './proxy/fills.js'
import type { Parts } from './proxy/parts.js'
import { Certificates } from './server/certificates.js'
import { createListener } from './server/listener.js'
import { createMemoryStore } from './store/memory.js'
import { version } from './version.js'

export interface AppIo {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  /** NO_COLOR is honoured. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface RunningApp {
  readonly listen: { readonly host: string, readonly port: number }
  readonly admin: { readonly host: string, readonly port: number }
  /** Stops accepting, lets what is in flight finish until the configured deadline, then closes everything. */
  drain (): Promise<void>
  /** Ends at once. */
  destroy (): void
  /** Reads the certificates again; where they cannot be served, those in use stay. */
  reload (): void
}

/** What tests put in the place of time and chance. */
export interface Surroundings { readonly clock: Clock, readonly random: () => number }

/** Of what V8 lets the heap grow to, for what is stored: its bodies lie elsewhere, its keys and objects do not. */
const HEAP_SHARE = 0.4

const nature: Surroundings = { clock: systemClock, random: Math.random }

/** Rejects with the system's error where an address cannot be listened on. */
export async function startApp (settings: Settings, io: AppIo, { clock, random }: Surroundings = nature): Promise<RunningApp> {
  const certificates = settings.tls.length === 0 ? undefined : new Certificates(readCertificates(settings.tls, settings.file))
  const counters = new Counters()
  const tty = io.stdout.isTTY === true
  const output = createLog({ level: settings.log.level, access: settings.log.access, tty, color: tty && !io.env['NO_COLOR'], stream: io.stdout, counters, clock })
  const { logger } = output
  const { memory: limit, maxObject, maxVariants, redis } = settings.cache
  const memory = createMemoryStore({ limit, heapLimit: getHeapStatistics().heap_size_limit * HEAP_SHARE, maxObject, maxVariants, clock })
  const sharing = redis === undefined ? undefined : share(redis, memory, clock, logger)
  const store = sharing?.store ?? memory
  const log = sharing?.log ?? createLocalLog({ clock, epoch: randomInt(1, 2 ** 47) })
  const origins = createOrigins(settings.origins, { clock, counters, log: logger })
  const hosts = new Map(Object.entries(settings.origins).map(([name, origin]) => [name, originHost(origin)]))
  const parts: Parts = {
    clock, counters, logger, store, log, origins, random, leases: sharing?.leases, strictPurge: redis?.strictPurge ?? false,
    route: compileRoutes(settings.routes),
    // HTTP/1.0 may do without Host
    originHost: (name, host) => hosts.get(name) ?? (host === '' ? new URL(settings.origins[name]!.url).host : host)
  }
  const fills = new Fills(parts)
  const sweeper = createSweeper({
    log, clock,
    // what is shared is judged when it is read
    records: () => memory.records(),
    remove: key => { void memory.delete(key) },
    settle: (entry, policy) => memory.settle(entry, policy),
    openFills: () => fills.judged()
  })
  const listener = createListener({
    certificates,
    core: createCore(parts, fills), limits: settings.limits, clock, counters, log: logger,
    trusted: compileTrusted(settings.trustedProxies),
    onAnswer: output.access === undefined ? undefined : (request, response, end) => { if (request && response) output.access!(request, response, end) }
  })
  // Node then prints the error, runs what is to be done at exit (the log is written out) and ends with 1.
  const fatal = (error: unknown, origin: string): void => logger.error({ error, origin }, 'an error nobody expected: the process ends')
  process.on('uncaughtExceptionMonitor', fatal)
  let draining = false
  const admin = createAdmin({
    log, store, counters, logger, shared: sharing?.sources, version: version(), token: settings.admin.token,
    purgeKeys: purgeKeys(parts.route),
    ready: () => ({ ready: !draining, details: { ...(draining ? { draining } : {}), ...(sharing && sharedDetails(sharing.sources)) } })
  })

  async function close (): Promise<void> {
    process.off('uncaughtExceptionMonitor', fatal)
    sweeper.close()
    await log.close()
    await store.close()
    sharing?.close()
    await admin.close()
    await output.close()
  }

  try {
    const adminAddress = await admin.listen(settings.admin.host, settings.admin.port)
    const listen = await listener.listen(settings.listen.host, settings.listen.port)
    logger.info({ config: settings.file, listen: `${certificates === undefined ? 'http' : 'https'}://${formatAddress(listen)}`, admin: `http://${formatAddress(adminAddress)}` }, 'listening')
    return {
      listen,
      admin: adminAddress,
      async drain () {
        draining = true
        logger.info({ connections: listener.connections() }, 'draining')
        await listener.drain(settings.limits.drain)
        // what is still being fetched is for nobody
        origins.destroy(new SeawallError('draining'))
        await close()
      },
      destroy () {
        listener.close()
        origins.destroy(new SeawallError('draining'))
        void close()
      },
      reload: () => { if (certificates !== undefined) reload(certificates, settings, logger) }
    }
  } catch (error) {
    listener.close()
    await origins.close()
    await close()
    throw error
  }
}

function reload (certificates: Certificates, { tls, file }: Settings, logger: Logger): void {
  try {
    certificates.replace(readCertificates(tls, file))
    logger.info({ certificates: certificates.describe() }, 'certificates read again')
  } catch (error) {
    logger.error({ error }, 'the certificates cannot be used; those read before stay')
  }
}

/**
 * The composition root of several processes: this one holds the log they share, or joins Redis' beside them, and the admin
 * listener; workers (`worker.ts`) serve.
 */
import { randomInt } from 'node:crypto'
import { createAdmin } from '../admin/server.js'
import { sharedDetails, type SharedSources } from '../admin/shared.js'
import type { AppIo, RunningApp } from '../app.js'
import { formatAddress } from '../config/address.js'
import type { Settings } from '../config/settings.js'
import { systemClock } from '../core/clock.js'
import { Counters } from '../core/counters.js'
import type { Logger } from '../core/logger.js'
import { LogHub } from '../invalidation/hub.js'
import { createSharedLog, type SharedLog } from '../invalidation/shared-log.js'
import type { OriginStats } from '../origin/contract.js'
import { compileRoutes } from '../policy/routes.js'
import { RedisCounters } from '../redis/counters.js'
import type { StoreStats } from '../store/contract.js'
import { createMemoryStore } from '../store/memory.js'
import { version } from '../version.js'
import { serveLog } from '../workers/channel-backend.js'
import { socketFolder } from '../workers/owners.js'
import { add } from '../workers/sum.js'
import { Supervisor, WORKER } from '../workers/supervisor.js'
import { readiness, type Phase } from './phase.js'
import { outputOf } from './process.js'
import { purgeKeys } from './purge-keys.js'
import { share } from './sharing.js'
import { MAX_LAG, TIMEOUT } from './worker.js'

type OriginsStats = Readonly<Record<string, OriginStats>>

interface Report { readonly counters: Counters, readonly store: StoreStats, readonly origins: OriginsStats, readonly redis: RedisCounters | undefined }

const NOTHING: StoreStats = { entries: 0, records: 0, bytes: 0, limit: 0, evictions: 0, refusals: 0 }

/** What all workers count together, as of the last time they were asked. */
class Sums {
  /** What this process counts itself: purges. */
  readonly own = new Counters()
  readonly counters = new Counters()
  readonly redis = new RedisCounters()
  store = NOTHING
  origins: OriginsStats = {}

  /** Asks every worker; one that does not answer is left out. */
  async collect (supervisor: Supervisor, logger: Logger): Promise<void> {
    const reports = await Promise.all(supervisor.channels.map(channel => channel.ask<Report>('counters', undefined, TIMEOUT).catch((err: unknown) => {
      logger.warn({ err }, 'a worker does not say what it has counted')
      return undefined
    })))
    Object.assign(this.counters, new Counters())
    Object.assign(this.redis, new RedisCounters())
    const store = { ...NOTHING }
    add(this.counters, this.own)
    for (const report of reports) {
      if (report === undefined) continue
      add(this.counters, report.counters)
      add(store, report.store)
      if (report.redis !== undefined) add(this.redis, report.redis)
    }
    this.store = store
    this.origins = worst(reports.flatMap(report => report === undefined ? [] : [report.origins]))
  }
}

const BREAKER_WORSE: readonly OriginStats['breaker'][] = ['closed', 'half-open', 'open']

/** Of each origin, as the worker sees it that sees it worst; what is under way or was refused is added up. */
function worst (reports: readonly OriginsStats[]): OriginsStats {
  const all: Record<string, OriginStats> = {}
  for (const [name, one] of reports.flatMap(report => Object.entries(report))) {
    const other = all[name]
    all[name] = other === undefined ? one : {
      breaker: BREAKER_WORSE[Math.max(BREAKER_WORSE.indexOf(one.breaker), BREAKER_WORSE.indexOf(other.breaker))]!,
      addresses: one.addresses, healthy: Math.min(one.healthy, other.healthy), active: one.active + other.active, queued: one.queued + other.queued,
      rejected: { busy: one.rejected.busy + other.rejected.busy, unavailable: one.rejected.unavailable + other.rejected.unavailable }
    }
  }
  return all
}

/** `count`: more than one. Rejects with the system's error where an address cannot be listened on. */
export async function startWorkers (settings: Settings, io: AppIo, count: number): Promise<RunningApp> {
  const clock = systemClock
  const sums = new Sums()
  const output = outputOf(settings, io, sums.own, clock)
  const { logger } = output
  const { redis } = settings.cache
  const hub = new LogHub(clock, randomInt(2 ** 47, 2 ** 48))
  const sharing = redis === undefined ? undefined : share(redis, createMemoryStore({ limit: 65_536, maxObject: 1, maxVariants: 1, clock }), clock, logger)
  const log = sharing?.log ?? ownLog(hub, logger)
  const shared: SharedSources | undefined = sharing && { ...sharing.sources, counters: sums.redis }
  const supervisor = new Supervisor({
    count, clock, logger,
    env: { [WORKER.sockets]: socketFolder() },
    onBegin: (channel, id) => {
      serveLog(channel, hub, id)
      channel.on('outdated', key => { supervisor.tell('outdated', key, channel) })
    },
    onEnd: id => { hub.leave(id) }
  })
  let phase: Phase = 'starting'
  const admin = createAdmin({
    log, counters: sums.counters, purged: sums.own, logger, shared, version: version(), token: settings.admin.token,
    store: { stats: () => sums.store }, origins: () => sums.origins,
    collect: () => sums.collect(supervisor, logger),
    purgeKeys: purgeKeys(compileRoutes(settings.routes)),
    ready: () => readiness(phase, { workers: supervisor.channels.length, ...(shared && sharedDetails(shared)) })
  })

  async function close (): Promise<void> {
    await log.close()
    sharing?.close()
    await admin.close()
    await output.close()
  }

  try {
    const adminAddress = await admin.listen(settings.admin.host, settings.admin.port)
    const listen = await supervisor.start()
    phase = 'serving'
    const scheme = settings.tls.length === 0 ? 'http' : 'https'
    logger.info({ config: settings.file, listen: `${scheme}://${formatAddress(listen)}`, admin: `http://${formatAddress(adminAddress)}`, workers: count }, 'listening')
    return {
      listen, admin: adminAddress,
      async drain () {
        phase = 'draining'
        logger.info({ workers: supervisor.channels.length }, 'draining')
        await supervisor.drain(settings.limits.drain)
        await close()
      },
      destroy () {
        supervisor.stop()
        void close()
      },
      reload: () => { supervisor.tell('reload') }
    }
  } catch (error) {
    supervisor.stop()
    await close()
    throw error
  }
}

function ownLog (hub: LogHub, logger: Logger): SharedLog {
  const id = 'supervisor'
  const log = createSharedLog({ backend: hub.backend(id), clock: systemClock, maxLag: MAX_LAG, timeout: TIMEOUT, id, logger })
  log.start()
  return log
}

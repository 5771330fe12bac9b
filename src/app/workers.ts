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
import type { Logger } from '../core/logger.js'
import { LogHub } from '../invalidation/hub.js'
import { createSharedLog, type SharedLog } from '../invalidation/shared-log.js'
import { compileRoutes } from '../policy/routes.js'
import { createMemoryStore } from '../store/memory.js'
import { version } from '../version.js'
import { serveLog } from '../workers/channel-backend.js'
import { socketFolder } from '../workers/owners.js'
import { Supervisor, WORKER } from '../workers/supervisor.js'
import { Handouts } from './handout.js'
import { Memberships } from './memberships.js'
import { TIMEOUT } from './peers.js'
import { readiness, type Phase } from './phase.js'
import { outputOf } from './process.js'
import { purgeKeys } from './purge-keys.js'
import { share } from './sharing.js'
import { Sums } from './sums.js'
import { MAX_LAG } from './worker.js'

/** `count`: more than one. Rejects with the system's error where an address cannot be listened on. */
export async function startWorkers (settings: Settings, io: AppIo, count: number): Promise<RunningApp> {
  const { redis } = settings.cache
  const env: Record<string, string> = redis === undefined ? { [WORKER.sockets]: socketFolder() } : {}
  const clock = systemClock
  const sums = new Sums()
  const output = outputOf(settings, io, sums.own, clock)
  const { logger } = output
  const hub = new LogHub(clock, randomInt(2 ** 47, 2 ** 48))
  const sharing = redis === undefined ? undefined : share(redis, createMemoryStore({ limit: 65_536, maxObject: 1, maxVariants: 1, clock }), clock, logger)
  const log = sharing?.log ?? ownLog(hub, logger)
  const shared: SharedSources | undefined = sharing && { ...sharing.sources, counters: sums.redis }
  const handouts = new Handouts(settings)
  const memberships = new Memberships(async member => sharing?.remove(member), logger)
  const supervisor = supervise(count, { env, logger, hub, handouts, memberships, sums })
  let phase: Phase = 'starting'
  const admin = createAdmin({
    log, counters: sums.counters, purged: sums.own, logger, shared, version: version(), token: settings.admin.token,
    store: { stats: () => sums.store }, origins: () => sums.origins, workers: supervisor,
    collect: () => sums.collect(supervisor.channels, TIMEOUT, logger),
    purgeKeys: purgeKeys(compileRoutes(settings.routes)),
    ready: () => readiness(phase, { workers: supervisor.accepting, ...(shared && sharedDetails(shared)) }, supervisor.accepting > 0)
  })

  async function close (): Promise<void> {
    await memberships.settled()
    await log.close()
    sharing?.close()
    await admin.close()
    await output.close()
  }

  try {
    const adminAddress = await admin.listen(settings.admin.host, settings.admin.port)
    const listen = await supervisor.start()
    handouts.listening(listen.port)
    phase = 'serving'
    const scheme = settings.tls.length === 0 ? 'http' : 'https'
    logger.info({ config: settings.file, listen: `${scheme}://${formatAddress(listen)}`, admin: `http://${formatAddress(adminAddress)}`, workers: count }, 'listening')
    return {
      listen, admin: adminAddress,
      async drain () {
        phase = 'draining'
        logger.info({ workers: supervisor.channels.size }, 'draining')
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

interface Watched {
  readonly env: Readonly<Record<string, string>>
  readonly logger: Logger
  readonly hub: LogHub
  readonly handouts: Handouts
  readonly memberships: Memberships
  readonly sums: Sums
}

/** What each worker is given and answered, and what is done about one that has ended. */
function supervise (count: number, { env, logger, hub, handouts, memberships, sums }: Watched): Supervisor {
  const supervisor = new Supervisor({
    count, clock: systemClock, logger, env,
    handout: () => handouts.next(supervisor.accepting),
    onBegin: (channel, id) => {
      serveLog(channel, hub, id)
      memberships.begun(channel, id)
      channel.on('outdated', key => { supervisor.tell('outdated', key, channel) })
    },
    onEnd: (id, number) => {
      supervisor.tell('orphaned', number)
      hub.leave(id)
      memberships.ended(id)
      sums.ended(id)
    }
  })
  return supervisor
}

function ownLog (hub: LogHub, logger: Logger): SharedLog {
  const id = 'supervisor'
  const log = createSharedLog({ backend: hub.backend(id), clock: systemClock, maxLag: MAX_LAG, timeout: TIMEOUT, id, logger })
  log.start()
  return log
}

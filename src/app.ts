/**
 * The composition root of one process: what serves and the admin listener, built from the settings and wired, nothing
 * decided. Several processes are composed in `app/workers.ts`.
 *
 * Ends in order: what serves first, the admin listener last, so that /readyz says "draining" and purges are taken until
 * the end.
 */
import { randomInt } from 'node:crypto'
import { originDetails, type OriginsSource } from './admin/origins.js'
import { createAdmin } from './admin/server.js'
import { sharedDetails } from './admin/shared.js'
import { newInstance } from './app/handout.js'
import { readiness, type Phase } from './app/phase.js'
import { createMemory, outputOf } from './app/process.js'
import { purgeKeys } from './app/purge-keys.js'
import { certificatesOf, createServing } from './app/serving.js'
import { share } from './app/sharing.js'
import { formatAddress } from './config/address.js'
import type { Settings } from './config/settings.js'
import { systemClock, type Clock } from './core/clock.js'
import { Counters } from './core/counters.js'
import { createLocalLog } from './invalidation/log.js'
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

const nature: Surroundings = { clock: systemClock, random: Math.random }

/** Rejects with the system's error where an address cannot be listened on. */
export async function startApp (settings: Settings, io: AppIo, { clock, random }: Surroundings = nature): Promise<RunningApp> {
  const certificates = certificatesOf(settings)
  const counters = new Counters()
  const output = outputOf(settings, io, counters, clock)
  const { logger } = output
  const memory = createMemory(settings, 1, clock)
  const { redis } = settings.cache
  const sharing = redis === undefined ? undefined : share(redis, memory, clock, logger)
  const store = sharing?.store ?? memory
  const log = sharing?.log ?? createLocalLog({ clock, epoch: randomInt(1, 2 ** 47) })
  const serving = createServing({ id: newInstance(), settings, certificates, clock, random, counters, logger, access: output.access, memory, store, log, leases: sharing?.leases })
  const origins = (): ReturnType<OriginsSource> => serving.parts.origins.stats()
  let phase: Phase = 'starting'
  const admin = createAdmin({
    log, store, counters, logger, origins, shared: sharing?.sources, version: version(), token: settings.admin.token,
    purgeKeys: purgeKeys(serving.parts.route),
    ready: () => readiness(phase, { ...originDetails(origins), ...(sharing && sharedDetails(sharing.sources)) })
  })

  async function close (): Promise<void> {
    await serving.close()
    sharing?.close()
    await admin.close()
    await output.close()
  }

  try {
    const adminAddress = await admin.listen(settings.admin.host, settings.admin.port)
    const listen = await serving.listen()
    phase = 'serving'
    logger.info({ config: settings.file, listen: `${serving.secure ? 'https' : 'http'}://${formatAddress(listen)}`, admin: `http://${formatAddress(adminAddress)}` }, 'listening')
    return {
      listen,
      admin: adminAddress,
      async drain () {
        phase = 'draining'
        logger.info({ connections: serving.connections() }, 'draining')
        await serving.drain(settings.limits.drain)
        await close()
      },
      destroy () {
        serving.stop()
        void close()
      },
      reload: () => { serving.reload() }
    }
  } catch (error) {
    serving.stop()
    await close()
    throw error
  }
}

/** The composition root of a worker: what serves, until it is told to end. */
import { Counters } from '../core/counters.js'
import { systemClock } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import { createSharedLog, type SharedLog } from '../invalidation/shared-log.js'
import { Channel } from '../workers/channel.js'
import { channelBackend } from '../workers/channel-backend.js'
import { snapshot } from '../workers/sum.js'
import { WORKER } from '../workers/supervisor.js'
import { receive, type Handout } from './handout.js'
import { servePeers, tellOutdated, TIMEOUT } from './peers.js'
import { createMemory, outputOf } from './process.js'
import { certificatesOf, createServing } from './serving.js'
import { share } from './sharing.js'
import type { Report } from './sums.js'
import type { AppIo } from '../app.js'

/** A worker that stands still for so long uses nothing older unasked; a purge waits at most so long for it. */
export const MAX_LAG: Ms = 5_000

/** Serves until it is told to drain, or until the process that began it is gone. Resolves when it has ended. */
export async function runWorker (io: AppIo): Promise<void> {
  const [self, count] = [Number(io.env[WORKER.number]), Number(io.env[WORKER.count])]
  const channel = new Channel({
    send: message => { process.send!(message) },
    onMessage: take => { process.on('message', take) }
  })
  // whoever is told before it listens is to end all the same
  const ending: Ending = { draining: told(channel, 'drain'), settled: told(channel, 'settled'), drained: told(channel, 'drained') }
  channel.on('pulse', () => true)
  try {
    await serve(await receive(channel), io, channel, ending, self, count)
  } catch (thrown) {
    const { message, code, address, port } = thrown as NodeJS.ErrnoException & { address?: string, port?: number }
    channel.tell('failed', { message, code, address, port })
    throw thrown
  }
}

/** What this process is told of its end. */
interface Ending { readonly draining: Promise<void>, readonly settled: Promise<void>, readonly drained: Promise<void> }

async function serve ({ settings, id, port }: Handout, io: AppIo, channel: Channel, ending: Ending, self: number, count: number): Promise<void> {
  const certificates = certificatesOf(settings)
  const clock = systemClock
  const counters = new Counters()
  const output = outputOf(settings, io, counters, clock)
  const { logger } = output
  const memory = createMemory(settings, count, clock, tellOutdated(channel, self, count))
  const { redis } = settings.cache
  const sharing = redis === undefined ? undefined : share(redis, memory, clock, logger)
  if (sharing !== undefined) channel.tell('member', sharing.id)
  const log = sharing?.log ?? joinedLog(channel, io.env[WORKER.id]!, logger)
  const common = { id, settings, certificates, clock, random: Math.random, counters, logger, access: output.access, memory, log }
  const { serving, owner } = sharing === undefined
    ? await servePeers(common, { channel, folder: io.env[WORKER.sockets]!, self, count })
    : { serving: createServing({ ...common, store: sharing.store, leases: sharing.leases }), owner: undefined }

  // what was stored before the log is read would be unsure after
  await log.catchUp()
  channel.on('counters', (): Report => ({ counters: snapshot(counters), store: serving.parts.store.stats(), origins: serving.parts.origins.stats(), redis: sharing && snapshot(sharing.sources.counters) }))
  channel.on('reload', () => { serving.reload() })
  channel.on('accepted', () => serving.accepted())
  const listening = await serving.listen()
  // the others ended as this one began, and what they had shared with them
  if (port !== undefined && listening.port !== port) throw new Error(`listens on port ${listening.port}, not ${port}`)
  channel.tell('listening', listening)
  await ending.draining
  await serving.drain(settings.limits.drain, ending.settled)
  // others may still be passing on what comes from here
  channel.tell('drained')
  await ending.drained
  owner?.close()
  await serving.close()
  sharing?.close()
  await output.close()
  process.disconnect?.()
}

/** Resolves when this process is told, and when nobody is left to tell it. */
function told (channel: Channel, topic: string): Promise<void> {
  return new Promise(resolve => {
    channel.on(topic, () => { resolve() })
    process.once('disconnect', () => { resolve() })
  })
}

function joinedLog (channel: Channel, id: string, logger: Logger): SharedLog {
  const log = createSharedLog({ backend: channelBackend(channel), clock: systemClock, maxLag: MAX_LAG, timeout: TIMEOUT, id, logger, writesSpread: true })
  log.start()
  return log
}

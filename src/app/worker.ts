/** The composition root of a worker: what serves, and what the other workers ask of it. */
import { Counters } from '../core/counters.js'
import type { OriginSettings, Settings } from '../config/settings.js'
import { systemClock } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import type { Ms, StoreKey, SweptEntry } from '../core/types.js'
import { createSharedLog, type SharedLog } from '../invalidation/shared-log.js'
import { HEADS } from '../origin/config.js'
import { createOrigins } from '../origin/origins.js'
import { createListener } from '../server/listener.js'
import { Channel } from '../workers/channel.js'
import { channelBackend } from '../workers/channel-backend.js'
import { Copies } from '../workers/copies.js'
import { createOwnerCore } from '../workers/owner-core.js'
import { clearSocket, nameOf, ownerOf, socketOf } from '../workers/owners.js'
import { createRelay } from '../workers/relay.js'
import { snapshot } from '../workers/sum.js'
import { WORKER } from '../workers/supervisor.js'
import { receive, type Handout } from './handout.js'
import { givenInstance } from './instance.js'
import { createMemory, outputOf } from './process.js'
import { certificatesOf, createServing, type Serving } from './serving.js'
import { share } from './sharing.js'
import type { Report } from './sums.js'
import type { AppIo } from '../app.js'

/** A worker that stands still for so long uses nothing older unasked; a purge waits at most so long for it. */
export const MAX_LAG: Ms = 5_000
/** What is waited for another process of this machine, where it can be done without. */
export const TIMEOUT: Ms = 1_000

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

async function serve ({ settings, port }: Handout, io: AppIo, channel: Channel, ending: Ending, self: number, count: number): Promise<void> {
  const certificates = certificatesOf(settings)
  const clock = systemClock
  const counters = new Counters()
  const output = outputOf(settings, io, counters, clock)
  const { logger } = output
  const outdated = ({ url, key }: SweptEntry): void => { if (ownerOf(url, count) === self) channel.tell('outdated', key) }
  const memory = createMemory(settings, count, clock, outdated)
  const { redis } = settings.cache
  const sharing = redis === undefined ? undefined : share(redis, memory, clock, logger)
  const log = sharing?.log ?? joinedLog(channel, io.env[WORKER.id]!, logger)
  const common = { id: givenInstance(io.env), settings, certificates, clock, random: Math.random, counters, logger, access: output.access, memory, log }
  let serving: Serving
  let owner: { close (): void } | undefined
  if (sharing !== undefined) serving = createServing({ ...common, store: sharing.store, leases: sharing.leases })
  else {
    const folder = io.env[WORKER.sockets]!
    const owners = createOrigins(ownersOf(folder, count, settings), { clock, counters: new Counters(), log: logger })
    const copies = new Copies(memory, clock)
    channel.on<StoreKey>('outdated', key => copies.outdated(key))
    channel.on<number>('orphaned', owner => copies.orphaned(url => ownerOf(url, count) === owner))
    serving = createServing({ ...common, store: memory, onRefetched: outdated, before: (core, parts) => createRelay({ core, parts, owners, self, count, copies, log, clock }) })
    const listener = createListener({
      core: createOwnerCore(serving.core, serving.parts, log, clock), clock, counters: new Counters(), log: logger, trusted: () => false,
      // the other workers have checked what their clients sent, and add to it
      limits: { ...settings.limits, headerBytes: 2 * settings.limits.headerBytes + 4096, headerCount: settings.limits.headerCount + 8, idle: 600_000 }
    })
    const path = socketOf(folder, self)
    clearSocket(path)
    await listener.listenAt(path)
    owner = listener
  }

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

/** Each worker as an origin of the others. They wait as long as the owner may wait for the real origin, and then some. */
function ownersOf (folder: string, count: number, { origins }: Settings): Parameters<typeof createOrigins>[0] {
  const waits = Object.values(origins)
  const longest = (of: (origin: OriginSettings) => Ms): Ms => Math.max(...waits.map(of))
  const headers = 3 * longest(({ queue, timeouts }) => queue.wait + timeouts.connect + timeouts.headers) + TIMEOUT
  return Object.fromEntries(Array.from({ length: count }, (_, number) => [nameOf(number), {
    urls: ['http://worker'], socket: socketOf(folder, number), host: 'preserve' as const, balance: 'round-robin' as const,
    timeouts: { connect: TIMEOUT, headers, body: longest(({ timeouts }) => timeouts.body) + TIMEOUT, total: undefined },
    // an origin's own, what is added to it, and what is told of a copy: key, URL and tags, which are in it too
    heads: { bytes: 16 * HEADS.bytes, fields: 2 * HEADS.fields, interims: HEADS.interims + 1 },
    // each client has one request under way; a limit of all would have slow ones of one key keep others from every key
    connections: Infinity, queue: { length: 0, wait: headers },
    // one that is gone is known at once, and asked again with the next request
    breaker: { failures: 0, probe: TIMEOUT },
    health: { path: undefined, interval: TIMEOUT, timeout: TIMEOUT, unhealthy: 1, healthy: 1 }
  }]))
}

/** What the workers of one machine are to one another: owners of keys, who are asked for them and keep no others for long. */
import type { OriginSettings, Settings } from '../config/settings.js'
import { Counters } from '../core/counters.js'
import type { Ms, StoreKey, SweptEntry } from '../core/types.js'
import type { SharedLog } from '../invalidation/shared-log.js'
import { HEADS } from '../origin/config.js'
import { createOrigins } from '../origin/origins.js'
import { createListener } from '../server/listener.js'
import type { Channel } from '../workers/channel.js'
import { Copies } from '../workers/copies.js'
import { createOwnerCore } from '../workers/owner-core.js'
import { clearSocket, nameOf, ownerOf, socketOf } from '../workers/owners.js'
import { createRelay } from '../workers/relay.js'
import { createServing, type Serving, type ServingOptions } from './serving.js'

/** What is waited for another process of this machine, where it can be done without. */
export const TIMEOUT: Ms = 1_000

export interface Place {
  readonly channel: Channel
  /** Where the sockets are at which they listen for one another. */
  readonly folder: string
  readonly self: number
  readonly count: number
}

/** Resolves once the others are listened for; `owner` is who does. */
export async function servePeers (common: Omit<ServingOptions, 'store'> & { readonly log: SharedLog }, { channel, folder, self, count }: Place): Promise<{ serving: Serving, owner: { close (): void } }> {
  const { settings, clock, logger, memory, log } = common
  const owners = createOrigins(ownersOf(folder, count, settings), { clock, counters: new Counters(), log: logger })
  const copies = new Copies(memory, clock)
  channel.on<StoreKey>('outdated', key => copies.outdated(key))
  channel.on<number>('orphaned', owner => copies.orphaned(url => ownerOf(url, count) === owner))
  const serving = createServing({
    ...common, store: memory, onRefetched: tellOutdated(channel, self, count),
    before: (core, parts) => createRelay({ core, parts, owners, self, count, copies, log, clock })
  })
  const owner = createListener({
    core: createOwnerCore(serving.core, serving.parts, log, clock), clock, counters: new Counters(), log: logger, trusted: () => false,
    // the other workers have checked what their clients sent, and add to it
    limits: { ...settings.limits, headerBytes: 2 * settings.limits.headerBytes + 4096, headerCount: settings.limits.headerCount + 8, idle: 600_000 }
  })
  const path = socketOf(folder, self)
  clearSocket(path)
  await owner.listenAt(path)
  return { serving, owner }
}

/** Copies that others have of what this worker owns are outdated. */
export function tellOutdated (channel: Channel, self: number, count: number): (entry: Pick<SweptEntry, 'url' | 'key'>) => void {
  return ({ url, key }) => { if (ownerOf(url, count) === self) channel.tell('outdated', key) }
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

/** What a process shares with others through Redis: the store below its memory, the log of purges, the right to fetch. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { SharedSources } from '../admin/shared.js'
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import { createRedisBackend } from '../invalidation/redis-backend.js'
import { createSharedLog, type SharedLog } from '../invalidation/shared-log.js'
import { openClient } from '../redis/connect.js'
import { RedisCounters } from '../redis/counters.js'
import { watchHealth } from '../redis/health.js'
import { keySpace } from '../redis/keys.js'
import { RedisLink } from '../redis/link.js'
import { Subscriber } from '../redis/subscriber.js'
import type { RedisSettings } from '../redis/target.js'
import { RedisTime } from '../redis/time.js'
import type { Store } from '../store/contract.js'
import type { Leases } from '../store/leases.js'
import type { MemoryStore } from '../store/memory.js'
import { createRedisLeases } from '../store/redis-leases.js'
import { createRedisStore } from '../store/redis.js'
import { createTieredStore } from '../store/tiered.js'

export interface Sharing {
  /** Names this process among the members of the log. */
  readonly id: string
  /** Takes another out of the log, which has ended. */
  remove (id: string): Promise<void>
  readonly store: Store
  readonly log: SharedLog
  readonly leases: Leases
  readonly sources: SharedSources
  /** Ends the connections; the log and the store have been closed by then. */
  close (): void
}

/** What is put together for Redis alone, where memory has no room for it, as a share of memory and beside it. */
const BESIDE_MEMORY = 1 / 8

/** Never rejects, nor waits, for a Redis that is not there: it is joined when it comes. */
export function share (settings: RedisSettings, memory: MemoryStore, clock: Clock, logger: Logger): Sharing {
  const { target, namespace, timeout, maxLag, breaker, maxObject, compress } = settings
  const id = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`
  const counters = new RedisCounters()
  const keys = keySpace(namespace)
  // silence means a server that is gone: a deadline was missed by far
  const silence = Math.max(1_000, 10 * timeout)
  const client = openClient(target, { name: `${namespace}-store`, silence, counters, log: logger })
  const link = new RedisLink({ client, name: 'store', timeout, breaker, clock, counters, log: logger })
  const subscriber = new Subscriber(openClient(target, { name: `${namespace}-hints`, silence, counters, log: logger }), keys.channel, counters)
  const health = watchHealth(link, clock, logger)
  const backend = createRedisBackend({ settings, hints: subscriber, id, clock, counters, logger })
  const log = createSharedLog({ backend, clock, maxLag, timeout, id, logger })
  const room = Math.floor(memory.stats().limit * BESIDE_MEMORY)
  const shared = createRedisStore({ link, time: new RedisTime(link, clock), keys, maxObject, room, compress, clock, counters })
  log.start()
  return {
    id, log,
    remove: member => backend.remove(member),
    store: createTieredStore(memory, shared),
    leases: createRedisLeases({ link, keys, subscriber, clock, counters }),
    sources: {
      counters,
      state: () => link.state,
      health: () => health.health,
      log: () => ({ ...log.stats(), lag: log.details().lag })
    },
    close () {
      health.close()
      subscriber.close()
      link.close()
    }
  }
}

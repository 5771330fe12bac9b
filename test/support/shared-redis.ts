/** What a process needs of Redis, wired as the app wires it, over a real server. */
import { onTestFinished } from 'vitest'
import { systemClock, type Clock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { openClient } from '../../src/redis/connect.js'
import { RedisCounters } from '../../src/redis/counters.js'
import { keySpace, type KeySpace } from '../../src/redis/keys.js'
import { RedisLink } from '../../src/redis/link.js'
import { Subscriber } from '../../src/redis/subscriber.js'
import { RedisTime } from '../../src/redis/time.js'
import { createRedisLeases } from '../../src/store/redis-leases.js'
import { createRedisStore, type RedisStore } from '../../src/store/redis.js'
import type { Leases } from '../../src/store/leases.js'
import { until } from './barrier.js'
import type { TestRedis } from './redis.js'

export interface Process {
  readonly link: RedisLink
  readonly counters: RedisCounters
  readonly keys: KeySpace
  readonly store: RedisStore
  readonly leases: Leases
}

export interface ProcessOptions {
  readonly clock?: Clock
  /** Generous, since a busy machine is no fault; the tests of deadlines set their own. */
  readonly timeout?: number
  readonly maxObject?: number
  readonly compress?: number
  readonly room?: number
  readonly leaseLife?: number
  readonly namespace?: string
}

/** Connected when it resolves. */
export async function joinRedis (redis: TestRedis | { readonly url: string }, options: ProcessOptions = {}): Promise<Process> {
  const { clock = systemClock, timeout = 5_000, maxObject = 1e6, compress, room = 1e8, leaseLife, namespace = 'test' } = options
  const target = { kind: 'url', url: redis.url } as const
  const counters = new RedisCounters()
  const keys = keySpace(namespace)
  const client = openClient(target, { name: 'test', silence: 10_000, counters, log: silentLogger })
  const listening = openClient(target, { name: 'test', silence: 10_000, counters, log: silentLogger })
  const link = new RedisLink({ client, name: 'test', timeout, breaker: { failures: 1000, probe: 100 }, clock, counters, log: silentLogger })
  const subscriber = new Subscriber(listening, keys.channel, counters)
  onTestFinished(() => {
    link.close()
    subscriber.close()
  })
  await until('redis is there', () => link.state === 'ready' && listening.status === 'ready')
  const store = createRedisStore({ link, time: new RedisTime(link, clock), keys, maxObject, room, compress, clock, counters })
  const leases = createRedisLeases({ link, keys, subscriber, clock, counters, ...(leaseLife === undefined ? {} : { life: leaseLife }) })
  return { link, counters, keys, store, leases }
}

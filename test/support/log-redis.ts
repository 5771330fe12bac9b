/** Shared logs over a real Redis, for the length of one test. */
import { onTestFinished } from 'vitest'
import { systemClock, type Clock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { createRedisBackend } from '../../src/invalidation/redis-backend.js'
import { ClusterLog } from '../../src/invalidation/shared-log.js'
import { openClient } from '../../src/redis/connect.js'
import { RedisCounters } from '../../src/redis/counters.js'
import { keySpace } from '../../src/redis/keys.js'
import { SEAL } from '../../src/invalidation/scripts.js'
import { Subscriber } from '../../src/redis/subscriber.js'
import { until } from './barrier.js'
import { startRedis, type TestRedis } from './redis.js'

export interface LogOptions {
  readonly maxLag?: number
  /** Of a command; long, since machines that run tests are busy. */
  readonly deadline?: number
  readonly clock?: Clock
  /** Events kept. */
  readonly events?: number
}

/** Lua: the hash `meta` as a server that wrote it itself would have it. */
export const RESEALED = `
${SEAL}
local function reseal (meta)
  local held = redis.call('HMGET', meta, 'epoch', 'run', 'began')
  redis.call('HSET', meta, 'seal', sealOf(held[1], held[2], held[3]))
end
`

export interface LogCluster {
  readonly redis: TestRedis
  readonly meta: string
  readonly events: string
  /** Another process; started, not yet joined. */
  join (id: string): ClusterLog
  /** Joined, as if the epoch had begun long ago: purges are acknowledged as soon as everyone has applied them. */
  settle (...logs: ClusterLog[]): Promise<void>
  members (): string[]
  /** A field of the hash is another, as if a script had written it. */
  rewrite (field: 'epoch' | 'run' | 'began', value: string): void
}

export async function logCluster (options: LogOptions = {}): Promise<LogCluster> {
  const redis = await startRedis()
  const space = keySpace('test')
  const meta = space.log('meta')
  const rewrite = (field: string, value: string): void => {
    redis.cli('EVAL', `${RESEALED} redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) reseal(KEYS[1])`, '1', meta, field, value)
  }
  return {
    redis, meta, rewrite, events: space.log('events'),
    join (id) {
      const log = logOver(redis.url, id, options)
      onTestFinished(() => log.close())
      return log
    },
    async settle (...logs) {
      for (const log of logs) await until('joined', () => log.joined)
      rewrite('began', '0')
      for (const log of logs) await log.follower.poll().then(() => log.follower.poll())
    },
    members: () => redis.cli('HKEYS', meta).split('\n').filter(name => name.startsWith('m:')).map(name => name.slice(2)).sort()
  }
}

function logOver (url: string, id: string, { maxLag = 500, deadline = 3_000, clock = systemClock, events }: LogOptions): ClusterLog {
  const target = { kind: 'url', url } as const
  const counters = new RedisCounters()
  const listener = openClient(target, { name: 'hints', silence: deadline, counters, log: silentLogger })
  const backend = createRedisBackend({
    settings: { target, namespace: 'test', timeout: deadline, maxLag, breaker: { failures: 3, probe: 20 } },
    hints: new Subscriber(listener, keySpace('test').channel, counters),
    id, clock, counters, logger: silentLogger, ...(events === undefined ? {} : { events })
  })
  onTestFinished(() => { listener.disconnect() })
  const log = new ClusterLog({ backend, clock, maxLag, timeout: 100, id, logger: silentLogger })
  log.start()
  return log
}

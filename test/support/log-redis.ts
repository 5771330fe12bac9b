/** A Redis of a test's own, and shared logs over it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, type Clock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { createRedisBackend } from '../../src/invalidation/redis-backend.js'
import { ClusterLog } from '../../src/invalidation/shared-log.js'
import { openClient, type RedisClient } from '../../src/redis/connect.js'
import { RedisCounters } from '../../src/redis/counters.js'
import { until } from './barrier.js'
import { portToGive, startProgram, type Program } from './program.js'

export interface LogRedis {
  readonly url: string
  readonly client: RedisClient
  /** Ends it and begins again, empty. */
  restart (): Promise<void>
  signal (signal: NodeJS.Signals): void
  stop (): Promise<void>
}

export async function startLogRedis (): Promise<LogRedis> {
  const dir = mkdtempSync(join(tmpdir(), 'seawall-redis-'))
  const port = await portToGive()
  const start = (): Promise<Program> => startProgram('redis-server',
    ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'], { ready: /Ready to accept connections/ })
  let program = await start()
  const url = `redis://127.0.0.1:${port}`
  const client = openClient({ kind: 'url', url }, { name: 'test', timeout: 5_000, silence: 5_000 })
  const connected = (): Promise<void> => until('the test reaches redis', () => client.status === 'ready')
  await connected()
  return {
    url, client,
    async restart () {
      await program.stop('SIGKILL')
      await until('the test noticed', () => client.status !== 'ready')
      program = await start()
      await connected()
    },
    signal: signal => { program.signal(signal) },
    async stop () {
      client.disconnect()
      await program.stop('SIGKILL')
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

export interface LogOverRedis {
  readonly url: string
  readonly namespace: string
  readonly id: string
  readonly maxLag?: number
  /** Deadline of a command; long, since machines that run tests are busy. */
  readonly deadline?: number
  readonly clock?: Clock
  readonly events?: number
  readonly maxScopes?: number
}

/** Started, not yet joined. */
export function logOver ({ url, namespace, id, maxLag = 300, deadline = 3_000, clock = systemClock, events, maxScopes }: LogOverRedis): ClusterLog {
  const backend = createRedisBackend({
    settings: { target: { kind: 'url', url }, namespace, timeout: deadline, maxLag, breaker: { failures: 3, probe: 20 } },
    id, clock, counters: new RedisCounters(), logger: silentLogger, ...(events === undefined ? {} : { events })
  })
  const log = new ClusterLog({ backend, clock, maxLag, timeout: 100, id, logger: silentLogger, ...(maxScopes === undefined ? {} : { maxScopes }) })
  log.start()
  return log
}

export const keysOf = (namespace: string) => ({ meta: `${namespace}:v1:{log}:meta`, events: `${namespace}:v1:{log}:events` })

/** As if the epoch had begun long ago: purges are acknowledged as soon as everyone has applied them. */
export async function settled (redis: LogRedis, namespace: string, ...logs: ClusterLog[]): Promise<void> {
  for (const log of logs) await until('joined', () => log.joined)
  await redis.client.call('HSET', keysOf(namespace).meta, 'began', 0)
  for (const log of logs) await log.follower.poll().then(() => log.follower.poll())
}

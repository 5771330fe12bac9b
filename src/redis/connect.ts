/**
 * Opens connections to Redis: the only importer of ioredis.
 *
 * A command is never sent twice (`maxRetriesPerRequest: 0`: a resent INCR would count twice) and never queued while there
 * is no connection. A connection whose server has gone silent is given up (`socketTimeout`): the deadlines of commands
 * (`link.ts`) alone would leave it open with a growing queue.
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import type { RedisCounters } from './counters.js'
import type { RedisTarget } from './target.js'

export type RedisClient = Redis | Cluster

export interface ConnectOptions {
  /** Shown in CLIENT LIST. */
  readonly name: string
  /** Silence, while something is awaited, after which the connection is given up. */
  readonly silence: Ms
  readonly counters: RedisCounters
  readonly log: Logger
}

const FIRST_RETRY: Ms = 50
const SLOWEST_RETRY: Ms = 1_000
const CONNECT: Ms = 2_000

/** Begins to connect, and connects again whenever the connection is lost. Never throws for a server that is not there. */
export function openClient (target: RedisTarget, options: ConnectOptions): RedisClient {
  const { name, counters, log } = options
  return clientOf(target, options).on('error', (error: Error) => {
    counters.connectionErrors++
    log.debug({ connection: name, err: error }, 'a connection to redis failed')
  })
}

function clientOf (target: RedisTarget, options: ConnectOptions): RedisClient {
  const common = commonOptions(options)
  switch (target.kind) {
    case 'url': return new Redis(target.url, common)
    case 'sentinels': {
      const { master, sentinels, username, password, sentinelPassword, tls } = target
      return new Redis({
        ...common, name: master, sentinels: [...sentinels],
        ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }),
        ...(sentinelPassword === undefined ? {} : { sentinelPassword }), ...(tls ? { tls: {}, enableTLSForSentinelMode: true } : {}),
        sentinelRetryStrategy: retryDelay
      })
    }
    case 'cluster': {
      const urls = target.nodes.map(node => new URL(node))
      const { username, password, protocol } = urls[0]!
      const { enableOfflineQueue, retryStrategy: clusterRetryStrategy, ...redisOptions } = common
      const each = {
        ...redisOptions,
        ...(username === '' ? {} : { username: decodeURIComponent(username) }), ...(password === '' ? {} : { password: decodeURIComponent(password) }),
        ...(protocol === 'rediss:' ? { tls: {} } : {})
      }
      return new Cluster(urls.map(url => ({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || 6379 })), {
        enableOfflineQueue, clusterRetryStrategy, redisOptions: each,
        retryDelayOnFailover: FIRST_RETRY, retryDelayOnClusterDown: FIRST_RETRY
      })
    }
  }
}

function commonOptions ({ name, silence }: ConnectOptions) {
  return {
    connectionName: name,
    protocol: 2 as const,
    enableOfflineQueue: false,
    // whoever subscribes does so anew: that it could not is an unhandled rejection in ioredis, which ends a process
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: CONNECT,
    socketTimeout: silence,
    retryStrategy: retryDelay,
    // a master that became a replica: its name leads elsewhere now
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY')
  } satisfies RedisOptions
}

function retryDelay (times: number): Ms {
  return Math.min(SLOWEST_RETRY, FIRST_RETRY * 2 ** Math.min(times, 10))
}

/** How Redis itself is doing, looked at now and then: for the metrics, and for warnings of what would surprise later. */
import type { Clock, Timer } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import { RedisFailure } from './failure.js'
import type { RedisLink } from './link.js'

/** As of the last look. Bytes. */
export interface RedisHealth {
  readonly usedMemory: number
  /** 0: no limit. */
  readonly maxMemory: number
  readonly evictedKeys: number
  readonly warnings: readonly string[]
}

export interface HealthMonitor {
  /** Undefined until it was looked at. */
  readonly health: RedisHealth | undefined
  close (): void
}

const EVERY: Ms = 10_000

export function watchHealth (link: RedisLink, clock: Clock, log: Logger): HealthMonitor {
  const warned = new Set<string>()
  let health: RedisHealth | undefined
  let timer: Timer | undefined
  let closed = false

  async function look (): Promise<void> {
    try {
      const [info, fsync] = [await link.call('INFO'), await appendFsync(link)]
      health = readHealth(String(info), fsync)
      for (const warning of health.warnings) {
        if (!warned.has(warning)) log.warn({ warning }, 'redis is set up in a way that may surprise')
        warned.add(warning)
      }
    } catch (thrown) {
      // the link has counted and logged it
      if (!(thrown instanceof RedisFailure)) throw thrown
    }
    if (!closed) timer = clock.after(health === undefined ? EVERY / 10 : EVERY, () => void look())
  }

  void look()
  return {
    get health () { return health },
    close () {
      closed = true
      timer?.cancel()
    }
  }
}

/** Who offers Redis as a service often forbids CONFIG: then it is not known. */
async function appendFsync (link: RedisLink): Promise<string | undefined> {
  try {
    const reply = await link.call('CONFIG', 'GET', 'appendfsync')
    return Array.isArray(reply) && reply.length === 2 ? String(reply[1]) : undefined
  } catch (thrown) {
    if (thrown instanceof RedisFailure && (thrown.fault === 'reply' || thrown.fault === 'denied')) return undefined
    throw thrown
  }
}

/** `info`: the text of INFO. */
export function readHealth (info: string, appendFsync: string | undefined): RedisHealth {
  const fields = new Map(info.split('\r\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
  const number = (name: string): number => Number(fields.get(name) ?? 0)
  const maxMemory = number('maxmemory')
  const warnings: string[] = []
  if (maxMemory > 0 && fields.get('maxmemory_policy') === 'noeviction') {
    warnings.push('maxmemory-policy is noeviction: once memory is full nothing more is stored; allkeys-lfu or volatile-ttl suits a cache')
  }
  if (maxMemory === 0) warnings.push('maxmemory is not set: Redis will take all memory there is')
  if (fields.get('aof_enabled') === '1' && appendFsync === 'always') warnings.push('appendfsync is always: every write waits for the disk')
  return { usedMemory: number('used_memory'), maxMemory, evictedKeys: number('evicted_keys'), warnings }
}

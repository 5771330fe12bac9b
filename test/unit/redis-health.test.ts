/** What is read from Redis' own account of itself, and what of it is worth a warning. */
import { describe, expect, it } from 'vitest'
import { readHealth } from '../../src/redis/health.js'

const info = (fields: Record<string, string | number>): string => `# Memory\r\n${Object.entries(fields).map(([name, value]) => `${name}:${value}\r\n`).join('')}`
const QUIET = { used_memory: 1000, maxmemory: 2000, maxmemory_policy: 'allkeys-lfu', evicted_keys: 3, aof_enabled: 0 }

describe('readHealth', () => {
  it('reads memory, its limit and what was evicted', () => {
    expect(readHealth(info(QUIET), undefined)).toEqual({ usedMemory: 1000, maxMemory: 2000, evictedKeys: 3, warnings: [] })
    expect(readHealth('', undefined)).toMatchObject({ usedMemory: 0, maxMemory: 0, evictedKeys: 0 })
  })

  it.each([
    ['a full memory that evicts nothing', { maxmemory_policy: 'noeviction' }, undefined, 'noeviction'],
    ['no limit', { maxmemory: 0, maxmemory_policy: 'noeviction' }, undefined, 'maxmemory is not set'],
    ['a disk in every write', { aof_enabled: 1 }, 'always', 'appendfsync']
  ])('warns of %s', (_, changes, fsync, words) => {
    const { warnings } = readHealth(info({ ...QUIET, ...changes }), fsync)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(words)
  })

  it('says nothing of a disk that writes once a second', () => {
    expect(readHealth(info({ ...QUIET, aof_enabled: 1 }), 'everysec').warnings).toEqual([])
  })
})

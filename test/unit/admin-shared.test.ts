/** What is told of a shared Redis: every number in its place, and every name in the documentation. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { sharedDetails, sharedMetrics, sharedStats, type SharedSources } from '../../src/admin/shared.js'
import type { Read, Sample } from '../../src/admin/samples.js'
import { RedisCounters } from '../../src/redis/counters.js'

const counters = Object.assign(new RedisCounters(), { hits: 1, misses: 2, writes: 3, writesRefused: 4, undecodable: 5, connectionErrors: 13, leasesHeld: 6, leasesWaited: 7 })
counters.count('timeout')
const health = { usedMemory: 8, maxMemory: 9, evictedKeys: 10, warnings: ['w'] }
const sources: SharedSources = {
  counters, state: () => 'open', health: () => health,
  log: () => ({ epoch: 1, seq: 2, events: 0, prefixes: 0, sweeps: 0, joined: true, contactAge: 1500, lag: 11, members: 12, epochs: 14 })
}

const reads = new Map<string, Read>()
sharedMetrics((_, name, __, read) => { reads.set(name, read) }, sources)
const value = (name: string): unknown => {
  const read = reads.get(`seawall_${name}`)!()
  return typeof read === 'number' ? read : Object.fromEntries((read as Sample[]).map(s => [Object.values(s.labels ?? {}).join(), s.value]))
}

it('counts each thing under its own name', () => {
  expect(value('redis_state')).toEqual({ ready: 0, down: 0, open: 1 })
  expect(value('redis_errors_total')).toMatchObject({ timeout: 1, down: 0 })
  expect(value('redis_lookups_total')).toEqual({ hit: 1, miss: 2 })
  expect(['redis_writes_total', 'redis_writes_refused_total', 'redis_undecodable_total', 'redis_connection_errors_total'].map(value)).toEqual([3, 4, 5, 13])
  expect(value('redis_leases_total')).toEqual({ here: 6, elsewhere: 7 })
  expect(['redis_used_memory_bytes', 'redis_max_memory_bytes', 'redis_evicted_keys', 'redis_warnings'].map(value)).toEqual([8, 9, 10, 1])
  expect(['log_joined', 'log_contact_age_seconds', 'log_lag', 'log_members', 'log_epochs_total'].map(value)).toEqual([1, 1.5, 11, 12, 14])
})

it('has every metric in docs/metrics.md', () => {
  const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  expect([...reads.keys()].filter(name => !text.includes(`\`${name}\``))).toEqual([])
})

it('tells a person the same', () => {
  expect(sharedStats(sources)).toMatchObject({ state: 'open', lookups: { hits: 1, misses: 2 }, errors: { timeout: 1 }, usedMemory: 8, warnings: ['w'], log: { joined: true, lag: 11, epochs: 14 } })
  expect(sharedDetails(sources)).toEqual({ redis: 'open', log: { joined: true, contactAge: 1500, members: 12 } })
})

/** That what is done is garbage at once: what passes through must not be carried on by tables that once named it. */
import { GCProfiler } from 'node:v8'
import { expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.js'
import { systemClock } from '../../src/core/clock.js'
import { Counters } from '../../src/core/counters.js'
import { NOWHERE } from '../../src/core/crowd.js'
import { silentLogger } from '../../src/core/logger.js'
import type { PassRecord, StoreKey } from '../../src/core/types.js'
import { createLocalLog } from '../../src/invalidation/log.js'
import type { OriginAnswer } from '../../src/origin/contract.js'
import { Gate, type Tenant } from '../../src/origin/gate.js'
import { compileRoutes } from '../../src/policy/routes.js'
import { createCore } from '../../src/proxy/core.js'
import { Fills } from '../../src/proxy/fills.js'
import { RedisCounters } from '../../src/redis/counters.js'
import type { KeySpace } from '../../src/redis/keys.js'
import type { RedisLink } from '../../src/redis/link.js'
import type { RedisTime } from '../../src/redis/time.js'
import { encode } from '../../src/store/codec.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { createRedisStore } from '../../src/store/redis.js'
import { fieldsOf, PEER } from '../support/policy.js'

/** Under way at one time. */
const TOGETHER = 32

/** Bytes that collections of the young generation move to the old one, for each of so many that come and go. */
async function carriedOn (count: number, step: (i: number) => Promise<void>): Promise<number> {
  let next = 0
  const flow = async (): Promise<void> => { while (next < count) await step(next++) }
  const profiler = new GCProfiler()
  profiler.start()
  await Promise.all(Array.from({ length: TOGETHER }, flow))
  let bytes = 0
  for (const { gcType, beforeGC, afterGC } of profiler.stop().statistics) {
    if (gcType !== 'Scavenge') continue
    const old = (spaces: typeof beforeGC.heapSpaceStatistics): number => spaces.find(space => space.spaceName === 'old_space')!.spaceUsedSize
    bytes += Math.max(0, old(afterGC.heapSpaceStatistics) - old(beforeGC.heapSpaceStatistics))
  }
  return bytes / count
}

/** What is held now has then outlived some collections. */
async function grownOld (): Promise<void> {
  await carriedOn(100_000, async () => { await Promise.resolve(Array.from({ length: 100 }, () => 0)) })
}

it('lets go of whom it let in to an origin', async () => {
  const gate = new Gate(100, { length: 0, wait: 1 }, systemClock, () => undefined)
  await grownOld()
  const bytes = await carriedOn(100_000, async () => {
    const tenant: Tenant & { readonly load: number[] } = { place: NOWHERE, enter: () => undefined, lag: () => 0, cancel: () => undefined, load: Array.from({ length: 100 }, () => 0) }
    gate.add(tenant)
    await new Promise(resolve => { setImmediate(resolve) })
    gate.remove(tenant)
  })
  expect(bytes).toBeLessThan(100)
})

it('lets go of fills and their answers', async () => {
  const store = createMemoryStore({ limit: 1_000_000, maxObject: 100_000, maxVariants: 4, clock: systemClock })
  const fields = { ...fieldsOf(['Host', 'shop.example']), host: 'shop.example' }
  const headers = ['Content-Type', 'text/plain', 'Cache-Control', 'max-age=3600', 'Content-Length', '1024']
  const ask = async (): Promise<OriginAnswer> => {
    const askedAt = systemClock.now()
    await new Promise(resolve => { setImmediate(resolve) })
    const chunks = [Buffer.alloc(1024, 'a')]
    const body = { read: () => Promise.resolve(chunks.shift() ?? null), cancel: () => undefined }
    return { status: 200, headers, askedAt, answeredAt: systemClock.now(), framing: 'length', length: 1024, body }
  }
  const parts = {
    clock: systemClock, counters: new Counters(), logger: silentLogger, random: Math.random, id: 'test', strictPurge: false, originHost: (_: string, host: string) => host,
    store, log: createLocalLog({ clock: systemClock }), leases: undefined, origins: { ask: () => ({ answer: ask(), cancel: () => undefined }) } as never,
    route: compileRoutes(loadConfig({ file: undefined, flags: { origin: 'http://127.0.0.1:1' }, env: {} }).routes)
  }
  const core = createCore(parts, new Fills(parts))
  const bytes = await carriedOn(30_000, async i => {
    const response = await core.handle({
      method: 'GET', target: `/item/${i}`, version: '1.1', fields, arrivedAt: systemClock.now(), body: undefined, onGone: undefined, peer: PEER, interim: () => undefined
    })
    if (response.body.kind === 'stream') while (await response.body.reader.read() !== null);
  })
  await store.close()
  expect(bytes).toBeLessThan(700)
})

it('lets go of what it looked up in Redis', async () => {
  const clock = systemClock
  const tags = Array.from({ length: 100 }, (_, i) => `tag-${i}`)
  const keepUntil = clock.now() + 600_000
  const valueOf = (key: StoreKey): Buffer => {
    const record: PassRecord = { kind: 'pass', key, url: key, tags, keepUntil, filledAt: { epoch: 1, seq: 1 }, checkedAt: undefined, generation: 0 }
    return encode(record, { here: clock.now(), there: 0 }, { start: 0, copy: '0' })
  }
  const key = '/a' as StoreKey
  const keys = { name: String, record: String } as unknown as KeySpace
  const link = {
    call: async (_: string, name: string) => {
      await new Promise(resolve => { setImmediate(resolve) })
      return valueOf(name as StoreKey)
    }
  } as unknown as RedisLink
  const time = { ready: () => undefined, late: () => 1 } as unknown as RedisTime
  const store = createRedisStore({ link, time, keys, maxObject: 1e6, compress: undefined, clock, counters: new RedisCounters() })
  expect(await store.get(key)).toMatchObject({ kind: 'pass', tags })
  await grownOld()
  const bytes = await carriedOn(30_000, async i => { await store.get(`/${i}` as StoreKey) })
  expect(bytes).toBeLessThan(100)
})

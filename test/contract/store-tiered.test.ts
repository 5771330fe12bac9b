/** Memory over Redis keeps the store contract, and what it promises beside it. */
import { expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import type { Entry, EntryMeta } from '../../src/core/types.js'
import type { Store } from '../../src/store/contract.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { createTieredStore } from '../../src/store/tiered.js'
import { until } from '../support/barrier.js'
import { fill, keyOf, metaOf, policyOf, present, stampOf, text, varyOf } from '../support/records.js'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js'
import { joinRedis, type Process } from '../support/shared-redis.js'
import { LIMITS, storeContract } from './store.js'

const { now } = systemClock
const meta = (name: string, changes: Partial<EntryMeta> = {}): EntryMeta => metaOf(name, policyOf(now()), changes)

interface Tiers extends Process { readonly tiers: Store }

async function tiered (redis: TestRedis, limits = LIMITS): Promise<Tiers> {
  const process = await joinRedis(redis, { maxObject: limits.maxObject })
  return { ...process, tiers: createTieredStore(createMemoryStore({ ...limits, clock: systemClock }), process.store) }
}

async function pair (limits = LIMITS): Promise<{ redis: TestRedis, a: Tiers, b: Tiers }> {
  const redis = await startRedis()
  return { redis, a: await tiered(redis, limits), b: await tiered(redis, limits) }
}

const put = (p: Tiers, name: string, body: string, changes: Partial<EntryMeta> = {}): Promise<Entry | undefined> =>
  fill(p.tiers.begin(meta(name, changes), body.length), body)
const get = async (p: Tiers, name: string): Promise<Entry> => present(await p.tiers.get(keyOf(name))) as Entry

describeWithRedis('memory over Redis', () => {
  storeContract('tiered', async limits => {
    const { tiers, link } = await tiered(await startRedis(), limits)
    const time = async (): Promise<number> => Number((await link.call('TIME') as [Buffer, Buffer])[0])
    return {
      store: tiers, now,
      advance: async ms => {
        const [end, redisEnd] = [now() + ms, await time() + Math.ceil(ms / 1000)]
        await until('time passes', async () => now() >= end && await time() >= redisEnd)
      }
    }
  }, 'shared')

  it('fills memory from below, keeping the stamp and not the memo, and asks below no more', async () => {
    const { redis, a, b } = await pair()
    await put(a, 'x', 'abc', { filledAt: { epoch: 3, seq: 4, pos: 5 }, checkedAt: stampOf(9) })
    expect(await get(b, 'x')).toMatchObject({ filledAt: { epoch: 3, seq: 4 }, checkedAt: undefined })
    redis.pause()
    expect(text((b.tiers.peek(keyOf('x')) as Entry).body)).toBe('abc')
    expect(text((await get(b, 'x')).body)).toBe('abc')
    expect(b.counters.hits).toBe(1)
  })

  it('has shared what it took before it says so', async () => {
    const { a, b } = await pair()
    await put(a, 'x', 'abc')
    expect(text((await get(b, 'x')).body)).toBe('abc')
  })

  it('keeps in memory what is too large to share, and shares what memory has no room for', async () => {
    const redis = await startRedis()
    const [a, b] = [await joinRedis(redis, { maxObject: 10 }), await joinRedis(redis)]
    const large = createTieredStore(createMemoryStore({ ...LIMITS, clock: systemClock }), a.store)
    await fill(large.begin(meta('x'), 20), 'x'.repeat(20))
    expect(large.peek(keyOf('x'))).toBeDefined()
    expect(await b.store.get(keyOf('x'))).toBeUndefined()
    const small = createTieredStore(createMemoryStore({ limit: 1_000, maxObject: 1_000, maxVariants: 1, clock: systemClock }), b.store)
    await fill(small.begin(meta('y'), 900), 'y'.repeat(900))
    expect(small.peek(keyOf('y'))).toBeUndefined()
    expect(await small.get(keyOf('y'))).toMatchObject({ length: 900 })
  })

  it('sees past its own copy when asked to', async () => {
    const { a, b } = await pair()
    await put(a, 'x', 'old')
    await get(b, 'x')
    await put(b, 'x', 'new', { filledAt: stampOf(2) })
    expect(text((await get(a, 'x')).body)).toBe('old')
    expect(text((await a.tiers.reread(keyOf('x')) as Entry).body)).toBe('new')
    expect(text((a.tiers.peek(keyOf('x')) as Entry).body)).toBe('new')
  })

  it('does not give up what is newer here', async () => {
    const { redis, a, b } = await pair()
    await put(a, 'x', 'old')
    const value = redis.cli('--no-raw', 'DUMP', a.keys.record(a.keys.name(keyOf('x'))))
    expect(value).not.toBe('(nil)')
    redis.cli('CONFIG', 'SET', 'maxmemory', '1')
    await put(b, 'x', 'newer', { filledAt: stampOf(2) })
    redis.cli('CONFIG', 'SET', 'maxmemory', '0')
    expect(text((await b.tiers.reread(keyOf('x')) as Entry).body)).toBe('newer')
    expect(text((b.tiers.peek(keyOf('x')) as Entry).body)).toBe('newer')
  })

  it('refreshes both, in the place of the copy it knows', async () => {
    const { a, b } = await pair()
    const old = present(await put(a, 'x', 'abc'))
    expect(await a.tiers.refresh(old, meta('x', { tags: ['fresh'], generation: 2 }))).toMatchObject({ tags: ['fresh'] })
    expect((await get(b, 'x')).tags).toEqual(['fresh'])
    const seen = await get(b, 'x')
    // asked for later by more than clocks are read apart by way of Redis
    expect(await b.tiers.refresh(seen, meta('x', { tags: ['fresher'], generation: seen.generation + 1, policy: policyOf(now() + 1_000) }))).toMatchObject({ tags: ['fresher'] })
    expect((await a.tiers.reread(keyOf('x')))!.tags).toEqual(['fresher'])
  })

  it('deletes from both', async () => {
    const { a, b } = await pair()
    await put(a, 'x', 'abc')
    await a.tiers.delete(keyOf('x'))
    expect(await b.tiers.get(keyOf('x'))).toBeUndefined()
  })

  it('leads to variants another process stored', async () => {
    const { a, b } = await pair()
    a.tiers.note(varyOf('v', now() + 60_000))
    await until('it is shared', async () => await b.store.reread(keyOf('v')) !== undefined)
    expect(await b.tiers.get(keyOf('v'))).toMatchObject({ kind: 'vary', names: ['accept-encoding'] })
    expect(b.tiers.peek(keyOf('v'))).toMatchObject({ kind: 'vary' })
  })

  it('answers from memory while Redis is away', async () => {
    const { redis, a } = await pair()
    await put(a, 'x', 'abc')
    await redis.stop()
    await until('it is known', () => a.link.state === 'down')
    expect(text((await get(a, 'x')).body)).toBe('abc')
    expect(await put(a, 'y', 'def')).toBeDefined()
    expect(await a.tiers.get(keyOf('z'))).toBeUndefined()
  })
})

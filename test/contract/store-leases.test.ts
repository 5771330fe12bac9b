/** Leases around a fetch, in a real Redis. */
import { expect, it } from 'vitest'
import { manualClock } from '../support/clock.js'
import { systemClock } from '../../src/core/clock.js'
import type { Acquired, Lease } from '../../src/store/leases.js'
import { until } from '../support/barrier.js'
import { fill, keyOf, metaOf, policyOf } from '../support/records.js'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js'
import { joinRedis, type Process, type ProcessOptions } from '../support/shared-redis.js'

const KEY = keyOf('x')

async function started (options: ProcessOptions = {}): Promise<{ redis: TestRedis, a: Process, b: Process }> {
  const redis = await startRedis()
  return { redis, a: await joinRedis(redis, options), b: await joinRedis(redis) }
}

async function hold (p: Process, known?: string): Promise<Lease & { readonly changed: boolean }> {
  const acquired = await p.leases.acquire(KEY, known)
  if (acquired.kind !== 'held') throw new Error(`it is ${acquired.kind}`)
  return Object.assign(Object.create(acquired.lease as object), { changed: acquired.changed }) as Lease & { changed: boolean }
}

async function wait (p: Process): Promise<Acquired & { kind: 'elsewhere' }> {
  const acquired = await p.leases.acquire(KEY, undefined)
  if (acquired.kind !== 'elsewhere') throw new Error(`it is ${acquired.kind}`)
  return acquired
}

describeWithRedis('a lease', () => {
  it('is one process’s at a time, and the next one’s once it is released', async () => {
    const { a, b } = await started()
    const first = await hold(a)
    const waiting = await wait(b)
    const news = waiting.next()
    await first.release()
    await first.release()
    expect(await news).toBe('free')
    const second = await hold(b)
    expect(second.startedAt).toBeGreaterThan(first.startedAt)
  })

  it('tells what its holder learned, also to who comes later', async () => {
    const { a, b } = await started()
    const lease = await hold(a)
    const early = await wait(b)
    expect(early.told).toBeUndefined()
    const news = early.next()
    lease.announce('storable')
    expect(await news).toBe('storable')
    const more = early.next()
    lease.announce('slow')
    expect(await more).toBe('slow')
    expect((await wait(b)).told).toBe('slow')
  })

  it('is free to who waited for its holder, whoever holds it by then', async () => {
    const { redis, a, b } = await started()
    const lease = await hold(a)
    const waiting = await wait(b)
    lease.announce('storable')
    expect(await waiting.next()).toBe('storable')
    await lease.release()
    const next = await hold(await joinRedis(redis))
    next.announce('storable')
    expect(await waiting.next()).toBe('free')
  })

  it('ends by itself when its holder is gone, and not while it lives', async () => {
    const { a, b } = await started({ leaseLife: 200 })
    const held = await hold(a)
    const waiting = await wait(b)
    const news = waiting.next()
    const at = systemClock.now()
    await until('it would have ended', () => systemClock.now() - at > 500)
    expect((await wait(b)).told).toBeUndefined()
    a.link.close()
    expect(await news).toBe('free')
    expect(held.lost).toBe(false)
    await hold(b)
  })

  it('is known to be lost, and nothing is written under it then', async () => {
    const clock = manualClock()
    const { redis, a, b } = await started({ clock, leaseLife: 300 })
    const meta = metaOf('x', policyOf(clock.now()))
    const lost = await hold(a)
    // its holder stands still: nothing extends it
    await until('it has ended', () => redis.cli('EXISTS', a.keys.lease(a.keys.name(KEY))) === '0')
    const next = await hold(b)
    expect(await fill(a.store.begin(meta, 4, lost), 'late')).toBeUndefined()
    expect(await b.store.get(KEY)).toBeUndefined()
    expect(await fill(b.store.begin(metaOf('x', policyOf(systemClock.now())), 2, next), 'in')).toBeDefined()
    clock.advance(100)
    await until('it is noticed', () => lost.lost)
    expect(a.counters.writesRefused).toBe(1)
  })

  it('covers what turns out to belong under another key of its URL', async () => {
    const { a, b } = await started()
    const lease = await hold(a)
    const variant = metaOf('x', policyOf(systemClock.now()), { key: `${KEY}\nv1:a=1:b` as typeof KEY })
    expect(await fill(a.store.begin(variant, 1, lease), 'v')).toBeDefined()
    expect(await b.store.get(variant.key)).toMatchObject({ key: variant.key, primary: KEY })
  })

  it('says whether what is stored is what was known', async () => {
    const { a, b } = await started()
    const before = await hold(a)
    expect(before.changed).toBe(false)
    const entry = await fill(a.store.begin(metaOf('x', policyOf(systemClock.now())), 1, before), 'x')
    await before.release()
    const unknown = await hold(b)
    expect(unknown.changed).toBe(true)
    await unknown.release()
    expect((await hold(b, entry!.copy)).changed).toBe(false)
  })

  it('is not waited for where Redis stops answering', async () => {
    const { redis, a, b } = await started()
    await hold(a)
    const news = (await wait(b)).next()
    await redis.stop()
    expect(await news).toBe('free')
    expect(await b.leases.acquire(KEY, undefined)).toEqual({ kind: 'alone' })
  })
})

/** The store in Redis keeps the store contract, and what it promises to processes that share it. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import type { Entry, EntryMeta, StoredRecord } from '../../src/core/types.js'
import type { EntryWriter } from '../../src/store/contract.js'
import type { Lease } from '../../src/store/leases.js'
import { until } from '../support/barrier.js'
import { fill, keyOf, metaOf, passOf, policyOf, present, stampOf, text, varyOf } from '../support/records.js'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js'
import { joinRedis, type Process, type ProcessOptions } from '../support/shared-redis.js'
import { storeContract } from './store.js'

const { now } = systemClock
const meta = (name: string, changes: Partial<EntryMeta> = {}): EntryMeta => metaOf(name, policyOf(now()), changes)
const put = (p: Process, name: string, body: string, changes: Partial<EntryMeta> = {}, lease?: Lease): Promise<Entry | undefined> =>
  fill(p.store.begin(meta(name, changes), body.length, lease), body)
const bodyOf = (record: StoredRecord | undefined): string | undefined => record?.kind === 'entry' ? text(record.body) : record?.kind
const read = async (p: Process, name: string): Promise<string | undefined> => bodyOf(await p.store.get(keyOf(name)))

async function started (options: ProcessOptions = {}): Promise<{ redis: TestRedis, a: Process, b: Process }> {
  const redis = await startRedis()
  return { redis, a: await joinRedis(redis, options), b: await joinRedis(redis, options) }
}

/** Where a record lies. */
const place = (p: Process, name: string): string => p.keys.record(p.keys.name(keyOf(name)))

describeWithRedis('in Redis', () => {
  storeContract('redis', async limits => {
    const redis = await startRedis()
    const { store, link } = await joinRedis(redis, { maxObject: limits.maxObject })
    const time = async (): Promise<number> => {
      const [seconds, us] = await link.call('TIME') as [Buffer, Buffer]
      return Number(seconds) * 1000 + Number(us) / 1000
    }
    return {
      store, now,
      advance: async ms => {
        const end = await time() + ms
        await until('time passes in redis', async () => await time() >= end)
      }
    }
  }, 'shared')

  it('shows one process what another stored, whole, with its stamp and as old as it is', async () => {
    const { a, b } = await started()
    const policy = policyOf(now(), { bornAt: now() - 7_000, askedAt: now() - 100 })
    await fill(a.store.begin(metaOf('x', policy, { filledAt: { epoch: 5, seq: 9, pos: 3 }, tags: ['t', '\u00e9'], part: { first: 3, total: undefined } }), 3), 'abc')
    const found = present(await b.store.get(keyOf('x'))) as Entry
    expect(found).toMatchObject({ tags: ['t', '\u00e9'], filledAt: { epoch: 5, seq: 9 }, checkedAt: undefined, part: { first: 3, total: undefined } })
    expect(found.filledAt).not.toHaveProperty('pos')
    // both ran on one clock: never younger than it was, and hardly older
    expect(found.policy.bornAt).toBeLessThanOrEqual(policy.bornAt + 1)
    expect(found.policy.bornAt).toBeGreaterThan(policy.bornAt - 2_000)
    expect(found.policy.freshUntil).toBeLessThanOrEqual(policy.freshUntil)
  })

  describe('what is put together for it has room for 100 kB at one time', () => {
    const LARGE = 40_000
    const crowded = async (): Promise<{ redis: TestRedis, a: Process, begin: (name: string, length?: number) => EntryWriter | undefined }> => {
      const redis = await startRedis()
      const a = await joinRedis(redis, { room: 100_000 })
      return { redis, a, begin: (name, length) => a.store.begin(meta(name), length) }
    }

    it('and takes nothing beyond, announced or not', async () => {
      const { begin } = await crowded()
      const [first] = [begin('1', LARGE), begin('2', LARGE)]
      expect(begin('3', LARGE)).toBeUndefined()
      present(first).abort()
      const growing = present(begin('4'))
      growing.write(Buffer.alloc(1))
      expect(() => { growing.write(Buffer.alloc(70_000)) }).toThrow(expect.objectContaining({ code: 'no-room' }))
      expect(await growing.commit()).toBeUndefined()
      expect(begin('3', LARGE)).toBeDefined()
    })

    const ends: readonly [string, (writer: EntryWriter) => unknown][] = [
      ['is aborted, twice', writer => { writer.abort(); writer.abort() }],
      ['is committed', writer => { writer.write(Buffer.alloc(LARGE)); return writer.commit() }],
      ['is shorter than announced', writer => writer.commit().catch(() => undefined)],
      ['is longer than announced', writer => { expect(() => { writer.write(Buffer.alloc(LARGE + 1)) }).toThrow(RangeError) }]
    ]
    it.each(ends)('and gives back what %s', async (_, end) => {
      const { begin } = await crowded()
      for (let round = 0; round < 4; round++) {
        await end(present(begin('1', LARGE)))
        const [one, two] = [begin('2', LARGE), begin('3', LARGE)]
        expect(begin('4', LARGE)).toBeUndefined()
        for (const writer of [one, two]) present(writer).abort()
      }
    })

    it('and holds what Redis has not taken yet', async () => {
      const { redis, begin } = await crowded()
      redis.pause()
      const committing = [begin('1', LARGE), begin('2', LARGE)].map(writer => {
        present(writer).write(Buffer.alloc(LARGE))
        return present(writer).commit()
      })
      expect(begin('3', LARGE)).toBeUndefined()
      redis.resume()
      for (const entry of await Promise.all(committing)) expect(entry).toBeDefined()
      expect(begin('3', LARGE)).toBeDefined()
    })
  })

  it('knows ages by Redis alone: clocks of processes may differ by an hour, and writes may be late', async () => {
    const redis = await startRedis()
    const ahead = { ...systemClock, now: () => now() + 3_600_000, wall: () => Date.now() + 3_600_000 }
    const a = await joinRedis(redis)
    const b = await joinRedis(redis, { clock: ahead })
    redis.pause()
    const putting = put(a, 'x', 'late', { policy: policyOf(now(), { freshUntil: now() + 1_000 }) })
    const sentAt = now()
    await until('a while passes', () => now() - sentAt > 300)
    redis.resume()
    await putting
    const found = present(await b.store.get(keyOf('x'))) as Entry
    const age = ahead.now() - found.policy.bornAt
    expect(age).toBeGreaterThanOrEqual(299)
    expect(age).toBeLessThan(2_000)
    expect(found.policy.freshUntil - found.policy.bornAt).toBeLessThanOrEqual(1_001)
  })

  it('keeps the newer of two: by stamp, and within one by when the right to fetch was obtained', async () => {
    const { a, b } = await started()
    const lease = async (p: Process, name: string): Promise<Lease> => {
      const acquired = await p.leases.acquire(keyOf(name), undefined)
      if (acquired.kind !== 'held') throw new Error(acquired.kind)
      return acquired.lease
    }
    const first = await lease(a, 'x')
    await first.release()
    const second = await lease(b, 'x')
    expect(second.startedAt).toBeGreaterThan(first.startedAt)
    expect(await put(b, 'x', 'second', {}, second)).toBeDefined()
    await second.release()
    expect(await a.store.put({ ...present(await a.store.get(keyOf('x')) as Entry), copy: 'c' }, { ...first, token: '' })).toBe('older')
    expect(await put(a, 'x', 'older stamp', { filledAt: stampOf(0) })).toBeUndefined()
    expect(await read(b, 'x')).toBe('second')
    expect(await put(a, 'x', 'newer stamp', { filledAt: stampOf(2) })).toBeDefined()
    expect(await put(a, 'x', 'newer epoch', { filledAt: stampOf(0, 2) })).toBeDefined()
    expect(await put(b, 'x', 'older epoch', { filledAt: stampOf(9, 1) })).toBeUndefined()
    expect(await read(b, 'x')).toBe('newer epoch')
  })

  it('refreshes this very copy only', async () => {
    const { a, b } = await started()
    const old = present(await put(a, 'x', 'old'))
    const seen = present(await b.store.get(keyOf('x')) as Entry)
    expect(seen.copy).toBe(old.copy)
    expect(await b.store.refresh(seen, meta('x', { tags: ['fresh'] }))).toMatchObject({ tags: ['fresh'] })
    expect(await a.store.refresh(old, meta('x', { tags: ['late'] }))).toBeUndefined()
    expect(await a.store.get(keyOf('x'))).toMatchObject({ tags: ['fresh'], length: 3 })
  })

  it('keeps every kind of record, under long and odd keys too', async () => {
    const { a, b } = await started()
    const long = 'x'.repeat(5_000)
    for (const name of [long, '}{', 'a|\u00e9', '__proto__']) {
      a.store.note(varyOf(name, now() + 60_000, { languages: [['de', 'de,en']], tags: [] }))
      await until('it is there', async () => await read(b, name) === 'vary')
      expect(await b.store.get(keyOf(name))).toMatchObject({ key: keyOf(name), names: ['accept-encoding'], languages: [['de', 'de,en']] })
    }
    await a.store.put(passOf('p', now() + 60_000))
    await a.store.put({ ...passOf('s', now() + 60_000), kind: 'search', leadsTo: '/s?a' })
    expect(await b.store.get(keyOf('p'))).toMatchObject({ kind: 'pass' })
    expect(await b.store.get(keyOf('s'))).toMatchObject({ kind: 'search', leadsTo: '/s?a' })
  })

  it('compresses what is worth it, and gives back what it was given', async () => {
    const { redis, a, b } = await started({ compress: 1000 })
    const head = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n')
    await put(a, 'x', 'abc '.repeat(5_000), { head })
    expect(Number(redis.cli('STRLEN', place(a, 'x')))).toBeLessThan(2_000)
    expect(await read(b, 'x')).toBe('abc '.repeat(5_000))
    await put(a, 'y', 'abc '.repeat(5_000))
    expect(Number(redis.cli('STRLEN', place(a, 'y')))).toBeGreaterThan(20_000)
  })

  it('shares one lookup among those who ask at once', async () => {
    const { a, b } = await started()
    await put(a, 'x', 'once')
    const found = await Promise.all(Array.from({ length: 100 }, () => read(b, 'x')))
    expect(new Set(found)).toEqual(new Set(['once']))
    expect(b.counters.hits).toBe(1)
  })
})

describeWithRedis('what is not a value', () => {
  it('is a miss, and deleted: another type, another version, cut short, a bit changed', async () => {
    const { redis, a, b } = await started()
    await put(a, 'x', 'good')
    const key = place(a, 'x')
    const value = await a.link.call('GET', key) as Buffer
    const broken: [string, () => Promise<unknown>][] = [
      ['another type', async () => { redis.cli('DEL', key); redis.cli('LPUSH', key, 'x') }],
      ['another version', () => a.link.call('SET', key, Buffer.concat([Buffer.from('SW2'), value.subarray(3)]), 'PX', 60_000)],
      ['cut short', () => a.link.call('SET', key, value.subarray(0, -1), 'PX', 60_000)],
      ['empty', () => a.link.call('SET', key, '', 'PX', 60_000)],
      ['a bit', () => a.link.call('SET', key, Buffer.from(value.map((byte, i) => i === 90 ? byte ^ 4 : byte)), 'PX', 60_000)]
    ]
    for (const [what, breakIt] of broken) {
      await breakIt()
      expect(await b.store.get(keyOf('x')), what).toBeUndefined()
      expect(redis.cli('EXISTS', key), what).toBe('0')
    }
    expect(b.counters.undecodable).toBe(broken.length)
  })

  it('is over when its own time is, whatever Redis was told to keep', async () => {
    const { a, b } = await started()
    await put(a, 'x', 'good', { policy: policyOf(now(), { keepUntil: now() + 300 }) })
    await a.link.call('PERSIST', place(a, 'x'))
    await until('it is over', async () => await read(b, 'x') === undefined)
    expect(b.counters.undecodable).toBe(0)
    expect(await b.link.call('EXISTS', place(a, 'x'))).toBe(1)
  })

  it('is another key’s under the same name', async () => {
    const { a, b } = await started()
    await put(a, 'x', 'good')
    await a.link.call('COPY', place(a, 'x'), place(a, 'y'))
    expect(await b.store.get(keyOf('y'))).toBeUndefined()
  })
})

describeWithRedis('a Redis that fails', () => {
  it('that is full, or a replica, costs the sharing only', async () => {
    const { redis, a, b } = await started()
    redis.cli('CONFIG', 'SET', 'maxmemory', '1')
    expect(await put(a, 'x', 'no room')).toBeUndefined()
    expect(a.counters.faults.oom).toBe(1)
    redis.cli('CONFIG', 'SET', 'maxmemory', '0')
    redis.cli('REPLICAOF', '127.0.0.1', '1')
    expect(await put(b, 'x', 'read only')).toBeUndefined()
    expect(b.counters.faults.readonly).toBe(1)
  })

  it('that answers nothing is waited for no longer than the deadline', async () => {
    const redis = await startRedis()
    const a = await joinRedis(redis, { timeout: 50 })
    await put(a, 'x', 'there')
    redis.pause()
    const before = now()
    expect(await read(a, 'x')).toBeUndefined()
    expect(await put(a, 'y', 'lost')).toBeUndefined()
    expect(await a.leases.acquire(keyOf('x'), undefined)).toEqual({ kind: 'alone' })
    expect(a.counters.faults.timeout).toBe(3)
    expect(now() - before).toBeLessThan(5_000)
    redis.resume()
    await until('it is used again', async () => await read(a, 'x') === 'there')
  })

  it('that is gone is not asked', async () => {
    const { redis, a } = await started()
    await redis.stop()
    await until('it is known', () => a.link.state === 'down')
    expect(await read(a, 'x')).toBeUndefined()
    expect(await put(a, 'x', 'lost')).toBeUndefined()
    await a.store.delete(keyOf('x'))
    await redis.restart()
    await until('it is used again', async () => await put(a, 'x', 'found') !== undefined)
    expect(await read(a, 'x')).toBe('found')
  })
})

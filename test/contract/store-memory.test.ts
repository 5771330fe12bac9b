/** The memory store keeps the store contract, and its own promises about room. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry, EntryMeta } from '../../src/core/types.js'
import type { EntryWriter } from '../../src/store/contract.js'
import { createMemoryStore, type MemoryStore } from '../../src/store/memory.js'
import { SHARE } from '../../src/store/slabs.js'
import { manualClock } from '../support/clock.js'
import { bytes, fill, keyOf, metaOf, passOf, policyOf, present, stampOf, text, varyOf } from '../support/records.js'
import { LIMITS, storeContract } from './store.js'

// with room for much, slabs are large, and what the contract stores is packed into them
for (const [name, limit] of [['memory', LIMITS.limit], ['packed memory', 100 * LIMITS.limit]] as const) {
  storeContract(name, async limits => {
    const clock = manualClock()
    return { store: createMemoryStore({ ...limits, limit, clock }), now: clock.now, advance: async ms => { clock.advance(ms) } }
  })
}

function setUp (limits = LIMITS) {
  const clock = manualClock()
  const store = createMemoryStore({ ...limits, clock })
  const meta = (name: string, changes: Partial<EntryMeta> = {}): EntryMeta => metaOf(name, policyOf(clock.now()), changes)
  return { clock, store, meta }
}

describe('memory store: room', () => {
  it('counts bodies, heads, keys, tags and records, and gives all of it back', async () => {
    const { clock, store, meta } = setUp()
    const cost = async (changes: Partial<EntryMeta>, body: string): Promise<number> => {
      const before = store.stats().bytes
      await fill(store.begin(meta('x', changes), body.length), body)
      const size = store.stats().bytes - before
      await store.delete((changes.key ?? keyOf('x')))
      expect(store.stats().bytes).toBe(before)
      return size
    }
    const large = 'b'.repeat(20_000)
    const plain = await cost({}, large)
    expect(plain).toBeGreaterThan(large.length + 1_000)
    expect(await cost({}, large + 'b'.repeat(500)) - plain).toBe(500)
    expect(await cost({ head: new Uint8Array(700) }, large) - await cost({ head: new Uint8Array(200) }, large)).toBe(500)
    expect(await cost({ tags: ['t'.repeat(300)] }, large) - await cost({ tags: ['t'] }, large)).toBe(299)
    expect(await cost({ key: keyOf('x|br') }, large)).toBeGreaterThan(plain + 100)
    const small = await cost({}, '')
    expect(small).toBeGreaterThan(300)
    for (const more of [await cost({}, 'b'.repeat(80)), await cost({ tags: ['all-of-it', 'x', 't'.repeat(79)] }, '')]) {
      expect(more - small).toBeGreaterThanOrEqual(80)
      expect(more - small).toBeLessThanOrEqual(80 * SHARE + 1)
    }
    expect(await cost({ key: keyOf('x|br') }, '')).toBeGreaterThan(small + 30)
    const before = store.stats().bytes
    store.note(varyOf('v', clock.now() + 1_000))
    store.note(passOf('p', clock.now() + 1_000))
    expect(store.stats()).toMatchObject({ entries: 0, records: 2 })
    expect(store.stats().bytes).toBeGreaterThan(before + 700)
  })

  it('holds fewer of small objects where the heap is small, and as many large ones', async () => {
    const clock = manualClock()
    const store = createMemoryStore({ ...LIMITS, limit: 10_000_000, heapLimit: 100_000, clock })
    const put = async (i: number, size: number): Promise<void> => { await fill(store.begin(metaOf(`e${i}`, policyOf(clock.now())), size), 'b'.repeat(size)) }
    for (let i = 0; i < 2_000; i++) await put(i, 10)
    expect(store.stats().entries).toBeLessThan(1_000)
    expect(store.stats().entries).toBeGreaterThan(400)
    for (let i = 0; i < 100; i++) await put(10_000 + i, LIMITS.maxObject)
    expect(store.stats().bytes).toBeGreaterThan(1_000_000)
    expect(store.stats().bytes).toBeLessThan(10_000_001)
  })

  it('counts writers in progress, so that many at once cannot overshoot', () => {
    const { store, meta } = setUp()
    const writers: EntryWriter[] = []
    for (let i = 0; i < 100; i++) {
      const writer = store.begin(meta(`w${i}`), 50_000)
      if (writer !== undefined) writers.push(writer)
    }
    expect(writers.length).toBeGreaterThan(5)
    expect(writers.length).toBeLessThan(20)
    expect(store.stats().bytes).toBeGreaterThan(writers.length * 50_000)
    expect(store.stats().bytes).toBeLessThanOrEqual(LIMITS.limit)
    expect(store.stats().refusals).toBe(100 - writers.length)
    for (const writer of writers) writer.abort()
    expect(store.stats().bytes).toBe(0)
  })

  it('refuses a growing body once there is no room, and gives back what it held', () => {
    const { store, meta } = setUp({ ...LIMITS, maxObject: 400_000 })
    const first = present(store.begin(meta('a'), 400_000))
    const growing = present(store.begin(meta('b'), undefined))
    const grow = (): void => { for (let i = 0; i < 100; i++) growing.write(new Uint8Array(4_000)) }
    expect(grow).toThrow(expect.objectContaining({ name: 'StoreRangeError', code: 'no-room' }))
    expect(() => { growing.write(new Uint8Array(1)) }).toThrow('closed')
    first.abort()
    expect(store.stats().bytes).toBe(0)
  })

  it('refuses what could never fit', () => {
    const { store, meta } = setUp({ limit: 10_000, maxObject: 100_000, maxVariants: 4 })
    expect(store.begin(meta('a'), 10_000)).toBeUndefined()
    store.note(varyOf('v'.repeat(10_000), Infinity))
    expect(store.stats()).toMatchObject({ refusals: 2, bytes: 0 })
    store.note(varyOf('v', Infinity))
    store.note(varyOf('v', Infinity, { names: ['x'.repeat(10_000)], generation: 2 }))
    expect(store.peek(keyOf('v'))).toMatchObject({ generation: 1 })
  })

  it('evicts the unused rather than the used', async () => {
    const { store, meta } = setUp()
    for (const name of ['used', 'unused']) await fill(store.begin(meta(name), 1_000), 'x'.repeat(1_000))
    for (let i = 0; i < 2_000; i++) {
      store.peek(keyOf('used'))
      await fill(store.begin(meta(`once${i}`), 1_000), 'x'.repeat(1_000))
    }
    expect(store.peek(keyOf('used'))).toBeDefined()
    expect(store.peek(keyOf('unused'))).toBeUndefined()
    expect(store.stats().evictions).toBeGreaterThan(1_000)
  })

  it('keeps its books through any sequence of operations', async () => {
    const step = fc.record({
      what: fc.constantFrom('announced', 'growing', 'abort', 'note', 'refresh', 'settle', 'delete', 'peek', 'advance', 'sweep'),
      name: fc.integer({ min: 0, max: 12 }).map(n => `${n >> 1}|${n & 1}`), size: fc.integer({ min: 0, max: 30_000 })
    })
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const { clock, store, meta } = setUp({ limit: 100_000, maxObject: 25_000, maxVariants: 2 })
      let generation = 0
      for (const { what, name, size } of steps) {
        generation++
        const next = meta(name, { primary: keyOf(name.split('|')[0]!), generation, tags: ['t'.repeat(size % 100)] })
        const found = what === 'settle' || what === 'refresh' ? store.peek(next.key) : undefined
        if (what === 'announced') { const w = store.begin(next, size); w?.write(new Uint8Array(size)); await w?.commit() }
        if (what === 'growing') await grown(store, next, size)
        if (what === 'abort') store.begin(next, size)?.abort()
        if (what === 'note') store.note(passOf(name, clock.now() + size, { generation }))
        if (found?.kind === 'entry' && what === 'refresh') await store.refresh(found, next)
        if (found?.kind === 'entry' && what === 'settle') store.settle(found, policyOf(clock.now()), undefined)
        if (what === 'delete') await store.delete(next.key)
        if (what === 'peek') store.peek(next.key)
        if (what === 'advance') clock.advance(size)
        if (what === 'sweep') store.sweepExpired(size % 20)
        expect(store.stats().bytes).toBeLessThanOrEqual(100_000)
      }
      clock.advance(1_000_000)
      const { entries, records } = store.stats()
      expect([entries, records]).toEqual([0, 0])
    }), { numRuns: 150 })
  })
})

/** Writes in small steps; a refusal is an outcome like another. */
async function grown (store: MemoryStore, meta: EntryMeta, size: number): Promise<void> {
  const writer = store.begin(meta, undefined)
  try {
    for (let at = 0; at < size; at += 3_000) writer?.write(new Uint8Array(Math.min(3_000, size - at)))
  } catch (refused) {
    expect(refused).toBeInstanceOf(RangeError)
  }
  await writer?.commit()
}

describe('memory store: what it holds', () => {
  it('puts head and body of a known length into one allocation', async () => {
    const { store, meta } = setUp()
    const entry = present(await fill(store.begin(meta('a'), 5), 'he', 'llo'))
    expect(entry.body).toHaveLength(1)
    expect(entry.body[0]!.buffer).toBe(entry.head.buffer)
    expect(entry.head.buffer.byteLength).toBe(entry.head.length + 5)
  })

  it('brings a small body of unknown length together with its head', async () => {
    const { store, meta } = setUp()
    const entry = present(await fill(store.begin(meta('a'), undefined), 'he', 'llo'))
    expect(entry.body[0]!.buffer).toBe(entry.head.buffer)
    expect(entry.head.buffer.byteLength).toBe(entry.head.length + 5)
  })

  it('wastes little of what a large body of unknown length was given', async () => {
    const { store, meta } = setUp()
    const entry = present(await fill(store.begin(meta('a'), undefined), ...Array.from({ length: 14 }, () => 'x'.repeat(9_500))))
    const held = entry.body.reduce((sum, part) => sum + part.buffer.byteLength, 0)
    expect(held).toBeLessThan(133_000 / 0.75)
    expect(store.stats().bytes).toBeGreaterThan(held)
  })

  it.each([1, 30_000])('settles a policy into a new object, of this very copy only (%i bytes)', async size => {
    const { clock, store, meta } = setUp()
    const entry = present(await fill(store.begin(meta('a'), size), 'a'.repeat(size)))
    const seen = store.peek(keyOf('a'))
    const policy = policyOf(clock.now(), { freshUntil: 1 })
    const checkedAt = stampOf(7)
    expect(store.settle(entry, policy, checkedAt)).toBe(true)
    expect(store.peek(keyOf('a'))).toEqual({ ...entry, policy, checkedAt, row: 0 })
    expect(seen).toEqual({ ...entry, row: 0 })
    await fill(store.begin(meta('a', { generation: 2 }), 1), 'b')
    expect(store.settle(entry, policy, checkedAt)).toBe(false)
  })

  it('reclaims the expired bit by bit, without being asked for them', async () => {
    const { clock, store, meta } = setUp()
    for (let i = 0; i < 300; i++) await fill(store.begin(meta(`e${i}`), 1), 'x')
    await fill(store.begin(meta('kept', { policy: policyOf(clock.now(), { keepUntil: Infinity }) }), 1), 'k')
    clock.advance(99_999)
    const seen = [store.stats().entries]
    while (seen.length < 6) {
      clock.advance(1_000)
      seen.push(store.stats().entries)
    }
    expect(seen.at(-1)).toBe(1)
    expect(Math.max(...seen.slice(1).map((n, i) => seen[i]! - n))).toBe(100)
    expect(store.peek(keyOf('kept'))).toBeDefined()
  })

  it('stops its clockwork when it is empty', async () => {
    const { clock, store, meta } = setUp()
    await fill(store.begin(meta('a'), 1), 'a')
    await store.delete(keyOf('a'))
    let timers = 0
    const counting = { ...clock, after: (delay: number, callback: () => void) => { timers++; return clock.after(delay, callback) } }
    const other = createMemoryStore({ ...LIMITS, clock: counting })
    await fill(other.begin(meta('a'), 1), 'a')
    await fill(other.begin(meta('b'), 1), 'b')
    expect(timers).toBe(1)
    await other.delete(keyOf('a'))
    await other.delete(keyOf('b'))
    clock.advance(10_000)
    expect(timers).toBe(1)
    other.note(passOf('p', clock.now() + 10))
    expect(timers).toBe(2)
  })

  it('reports a use of a closed writer', async () => {
    const { store, meta } = setUp()
    const writer = present(store.begin(meta('a'), 1))
    writer.write(bytes('a'))
    await writer.commit()
    expect(() => { writer.write(bytes('b')) }).toThrow('closed')
  })
})

describe('memory store: what is handed over', () => {
  const whole = (head: string, body: string, room = 0): { allocation: ArrayBuffer, head: Uint8Array, body: readonly Uint8Array[], length: number } => {
    const all = Buffer.alloc(head.length + body.length + room)
    all.write(head + body, 'latin1')
    return { allocation: all.buffer as ArrayBuffer, head: all.subarray(0, head.length), body: [all.subarray(head.length, head.length + body.length)], length: body.length }
  }

  it('stays where it lies if that is an allocation of its own, and is copied out of a larger one', () => {
    const { store, meta } = setUp()
    const body = 'b'.repeat(10_000)
    for (const [name, room, stays] of [['a', 100, true], ['b', 10_000, false]] as const) {
      const { allocation, ...bytes } = whole('HTTP/1.1 200 OK\r\n', body, room)
      const before = store.stats().bytes
      const kept = present(store.adopt({ ...meta(name), ...bytes })) as Entry
      expect(kept.head.buffer === allocation).toBe(stays)
      expect(store.peek(keyOf(name))).toBe(kept)
      expect(text([kept.head, ...kept.body])).toBe(`HTTP/1.1 200 OK\r\n${body}`)
      expect(store.stats().bytes - before).toBeGreaterThan(kept.head.buffer.byteLength)
    }
  })

  it('takes the place of nothing newer, and no more room than there is', async () => {
    const { store, meta } = setUp()
    const entry = (changes: Partial<EntryMeta>, size = 10): Entry => ({ ...meta('a', changes), ...whole('', 'b'.repeat(size)) })
    await fill(store.begin(meta('a', { generation: 5 }), 3), 'old')
    expect(store.adopt(entry({ generation: 4 }))).toBeUndefined()
    expect(store.adopt(entry({ generation: 6 }, LIMITS.maxObject + 1))).toBeUndefined()
    expect(store.adopt(entry({ generation: 6 }))).toMatchObject({ generation: 6, length: 10 })
    expect(store.adopt(varyOf('v', 2e9))).toMatchObject({ kind: 'vary' })
    await store.close()
    expect(store.adopt(entry({ generation: 7 }))).toBeUndefined()
  })
})

/** Slabs hold what was put there wherever it moves, in bounded memory; what a store hands out of them is never touched again. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../src/core/types.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { RESERVE, SHARE, Slabs, WORD } from '../../src/store/slabs.js'
import { seeded } from '../support/chance.js'
import { manualClock } from '../support/clock.js'
import { bytes, fill, keyOf, metaOf, policyOf, present, stampOf, text, varyOf } from '../support/records.js'

/** Records of random bytes in slabs, by row, and where each lies. */
function setUp (room: number) {
  const rows = new Map<number, { address: number, content: string }>()
  let moves = 0
  const slabs = new Slabs(room, {
    livesAt: (row, address) => rows.get(row)?.address === address,
    moved: (row, address) => {
      rows.get(row)!.address = address
      moves++
    }
  })
  let next = 0
  const put = (length: number, seed: number): number => {
    const row = next++
    const address = slabs.take(row, WORD + length, 1)
    const content = String.fromCharCode(...Array.from({ length }, (_, i) => (seed + i * 7) & 0xff))
    slabs.at(address).bytes.write(content, (slabs.wordOf(address) + 1) * WORD, 'latin1')
    rows.set(row, { address, content })
    return row
  }
  const drop = (row: number): void => {
    const { address } = rows.get(row)!
    rows.delete(row)
    slabs.release(address)
  }
  const read = (row: number): string => {
    const { address, content } = rows.get(row)!
    const at = (slabs.wordOf(address) + 1) * WORD
    return slabs.at(address).bytes.toString('latin1', at, at + content.length)
  }
  const live = (): number => [...rows.values()].reduce((sum, { content }) => sum + Math.ceil((WORD + content.length) / WORD) * WORD, 0)
  const movedSince = (): number => {
    const moved = moves
    moves = 0
    return moved
  }
  return { slabs, rows, put, drop, read, live, movedSince }
}

describe('slabs', () => {
  it('hold every record byte for byte, in little more memory than they take, whatever comes and goes', () => {
    fc.assert(fc.property(fc.integer(), fc.array(fc.record({ put: fc.integer({ min: 0, max: 40 }), drop: fc.double({ min: 0, max: 1, noNaN: true }), seed: fc.nat() }), { maxLength: 40 }), (seed, waves) => {
      const random = seeded(seed)
      const { slabs, rows, put, drop, read, live, movedSince } = setUp(300_000)
      for (const wave of waves) {
        for (let i = 0; i < wave.put; i++) put(Math.floor(random() * (slabs.longest - WORD)), wave.seed + i)
        for (const row of rows.keys()) {
          if (random() >= wave.drop) continue
          movedSince()
          drop(row)
          expect(movedSince() * WORD).toBeLessThanOrEqual(slabs.slabBytes)
        }
        for (const [row, { content }] of rows) expect(read(row)).toBe(content)
        expect(slabs.bytes).toBeLessThanOrEqual(live() * SHARE + RESERVE * slabs.slabBytes)
      }
      for (const row of rows.keys()) drop(row)
      expect(slabs.bytes).toBe(0)
    }), { numRuns: 60 })
  })

  it('are emptied by moving when most of them is dead', () => {
    const { slabs, rows, put, drop, read } = setUp(300_000)
    for (let i = 0; i < 2_000; i++) put(100, i)
    const full = slabs.bytes
    for (const row of rows.keys()) if (row % 10 !== 0) drop(row)
    expect(slabs.bytes).toBeLessThan(full / 4)
    for (const [row, { content }] of rows) expect(read(row)).toBe(content)
  })
})

describe('what a packed record is handed out as', () => {
  const setUpStore = (limit: number) => {
    const clock = manualClock()
    return { clock, store: createMemoryStore({ limit, maxObject: 10_000, maxVariants: 4, clock }) }
  }

  it('stays as it was while others come, go and move', async () => {
    const { clock, store } = setUpStore(600_000)
    const random = seeded(7)
    const handed: { entry: Entry, content: string }[] = []
    const expected = new Map<string, string>()
    for (let i = 1; i <= 20_000; i++) {
      const name = `n${Math.floor(random() ** 2 * 4_000)}`
      const content = `${name}:${i}:${'x'.repeat(random() * 60)}`
      if (random() < 0.5) {
        if (await fill(store.begin(metaOf(name, policyOf(clock.now()), { generation: i, tags: [`t${i}`] }), content.length), content)) expected.set(name, content)
      } else if (random() < 0.1) await store.delete(keyOf(name))
      const seen = store.peek(keyOf(name))
      if (seen?.kind !== 'entry') continue
      expect(text(seen.body)).toBe(expected.get(name))
      if (random() < 0.1) handed.push({ entry: seen, content: expected.get(name)! })
    }
    expect(store.stats().evictions).toBeGreaterThan(1_000)
    expect(handed.length).toBeGreaterThan(500)
    for (const { entry, content } of handed) {
      expect(text(entry.body)).toBe(content)
      expect(entry.tags).toEqual([`t${content.split(':')[1]}`])
    }
  })

  it('is the same object while it is in use, and remembers that it was judged when it is not', async () => {
    const { clock, store } = setUpStore(600_000)
    await fill(store.begin(metaOf('a', policyOf(clock.now())), 1), 'a')
    const seen = present(store.peek(keyOf('a')))
    expect(store.peek(keyOf('a'))).toBe(seen)
    seen.checkedAt = stampOf(9)
    for (let i = 0; i < 200; i++) {
      await fill(store.begin(metaOf(`b${i}`, policyOf(clock.now())), 1), 'b')
      store.peek(keyOf(`b${i}`))
    }
    const again = present(store.peek(keyOf('a')))
    expect(again).not.toBe(seen)
    expect(again).toEqual(seen)
  })

  it('keeps what a sweep wrote of it', async () => {
    const { clock, store } = setUpStore(600_000)
    await fill(store.begin(metaOf('a', policyOf(clock.now())), 1), 'a')
    store.note(varyOf('v', clock.now() + 1_000))
    for (const record of store.records()) record.checkedAt = stampOf(5)
    for (const name of ['a', 'v']) expect(present(store.peek(keyOf(name))).checkedAt).toEqual(stampOf(5))
  })

  it('says all that was stored, of every kind', async () => {
    const { clock, store } = setUpStore(60_000_000)
    const variants = [
      {}, { etag: undefined, tags: [] }, { etag: '', lastModified: 'Sun, 06 Nov 1994 08:49:37 GMT', copy: 'c1', tags: ['group:http://a\nx', 'ÿ'] },
      { tags: ['beyond latin1 €'] }, { tags: ['with\0nul', ''] }, { part: { first: 3, total: undefined } }, { url: keyOf('elsewhere') },
      { primary: keyOf('an'), url: keyOf('') }, { policy: policyOf(clock.now(), { flags: 7, keepUntil: Infinity }), status: 404, generation: 2 ** 45 }
    ]
    for (const [i, changes] of variants.entries()) {
      const meta = metaOf(`any${i}`, policyOf(clock.now() + 0.123), { ...changes, head: bytes(`head ${i}`) })
      await fill(store.begin(meta, undefined), 'body ', String(i))
      const seen = present(store.peek(meta.key)) as Entry
      expect({ ...seen, head: text([seen.head]), body: text(seen.body) }).toEqual({ ...meta, head: `head ${i}`, body: `body ${i}`, length: 6, part: meta.part, copy: meta.copy, row: i })
    }
    const vary = varyOf('v', clock.now() + 1e9, { names: ['accept', 'accept-encoding'], generation: 4 })
    store.note(vary)
    expect(store.peek(vary.key)).toEqual({ ...vary, row: variants.length })
  })
})

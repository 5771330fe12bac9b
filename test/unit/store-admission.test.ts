/** Who stays when room is short. */
import { LRUCache } from 'lru-cache'
import { describe, expect, it } from 'vitest'
import type { StoreKey } from '../../src/core/types.js'
import { Admission, MAX_USES } from '../../src/store/admission.js'
import { IN_PAGE, Rows } from '../../src/store/rows.js'
import { zipf, type Trace } from '../support/traces.js'

const SIZE = 2_000

/** An admission with the table of what it holds, as a store has one. */
function setUp (limit: number, heapLimit = Infinity) {
  const rows = new Rows()
  const table = new Map<string, number>()
  const admission: Admission = new Admission(limit, heapLimit, rows, row => {
    table.delete(rows.key(row)!)
    rows.release(row)
  })
  const add = (key: string, size = SIZE, heap = 0): boolean => {
    if (!admission.makeRoom(size, heap)) return false
    const row = rows.take(key as StoreKey)
    admission.add(row, size, heap)
    table.set(key, row)
    return true
  }
  const use = (key: string): boolean => {
    const row = table.get(key)
    if (row !== undefined) admission.use(row)
    return row !== undefined
  }
  const column = (name: 'uses' | 'main' | 'size', row: number): number => rows.page(row)[name][row & IN_PAGE]!
  return { admission, table, add, use, column }
}

function hitRatio (trace: Trace, room: number): number {
  const { add, use } = setUp(room * SIZE)
  let hits = 0
  for (const number of zipf(trace)) {
    const key = `http://example.com/${number}`
    if (use(key)) hits++
    else add(key)
  }
  return hits / trace.requests
}

function lruHitRatio (trace: Trace, room: number): number {
  const lru = new LRUCache<number, true>({ max: room })
  let hits = 0
  for (const key of zipf(trace)) {
    if (lru.get(key) === true) hits++
    else lru.set(key, true)
  }
  return hits / trace.requests
}

describe('admission', () => {
  it.each<[string, Trace, number]>([
    ['popular keys', { requests: 100_000, keys: 20_000, exponent: 1, once: 0, seed: 1 }, 0.07],
    ['popular keys among one-time ones', { requests: 100_000, keys: 20_000, exponent: 0.9, once: 0.3, seed: 2 }, 0.08]
  ])('hits more often than the least recently used would, with %s', (_, trace, gain) => {
    expect(hitRatio(trace, 200) - lruHitRatio(trace, 200)).toBeGreaterThan(gain)
  })

  it('lets the hot set stand through a flood of one-time keys', () => {
    const { add, use, table } = setUp(100 * SIZE)
    const hot = Array.from({ length: 50 }, (_, i) => `hot${i}`)
    for (const key of hot) add(key)
    for (let round = 0; round < 3; round++) hot.forEach(use)
    for (let i = 0; i < 10_000; i++) {
      add(`once${i}`)
      if (i % 20 === 0) use(hot[i / 20 % 50]!)
    }
    expect(hot.filter(key => table.has(key))).toEqual(hot)
  })

  it('takes back at once what it let go a moment ago', () => {
    const { add, table, column } = setUp(50 * SIZE)
    for (let i = 0; i < 60; i++) add(`k${i}`)
    const gone = Array.from({ length: 60 }, (_, i) => `k${i}`).find(key => !table.has(key))!
    add(gone)
    expect(column('main', table.get(gone)!)).toBe(1)
    add('never seen')
    expect(column('main', table.get('never seen')!)).toBe(0)
  })

  it('counts everything, and gives it back', () => {
    const { admission, add, table } = setUp(10_000)
    expect(admission.reserve(3_000)).toBe(true)
    add('a', 1_000)
    add('b', 500)
    expect(admission.bytes).toBe(4_500)
    expect(admission.resize(table.get('a')!, 1_200, 0)).toBe(true)
    expect(admission.bytes).toBe(4_700)
    admission.release(3_000)
    admission.remove(table.get('a')!)
    admission.remove(table.get('b')!)
    expect(admission.bytes).toBe(0)
  })

  it('never exceeds its limit', () => {
    const { admission, add } = setUp(20_000)
    for (let i = 0; i < 500; i++) {
      add(`k${i}`, 100 + i % 7 * 300)
      expect(admission.bytes).toBeLessThanOrEqual(20_000)
    }
    expect(admission.reserve(20_000)).toBe(true)
    expect(admission.bytes).toBe(20_000)
    expect(add('more')).toBe(false)
  })

  it('never exceeds its part of the heap, however much room there is beside it', () => {
    const { admission, add, table, use } = setUp(1e9, 10_000)
    for (let i = 0; i < 500; i++) {
      expect(add(`k${i}`, 1_000, 100 + i % 7 * 300)).toBe(true)
      if (i % 3 === 0) for (let uses = 0; uses < MAX_USES; uses++) use(`k${i}`)
      expect(admission.heap).toBeLessThanOrEqual(10_000)
    }
    expect(table.size).toBeGreaterThan(3)
    const [first] = table.values()
    expect(admission.resize(first!, 1_000, 10_001)).toBe(false)
    expect(admission.resize(first!, 1_000, 9_000)).toBe(true)
    expect(admission.heap).toBeLessThanOrEqual(10_000)
    expect(add('too much', 1_000, 10_001)).toBe(false)
    for (const row of table.values()) admission.remove(row)
    admission.clear()
    expect(admission.heap).toBe(0)
  })

  it('refuses what cannot fit and changes nothing', () => {
    const { admission, add, table, column } = setUp(10_000)
    add('a', 1_000)
    expect(add('b', 10_001)).toBe(false)
    expect(admission.reserve(10_001)).toBe(false)
    expect(admission.resize(table.get('a')!, 10_001, 0)).toBe(false)
    expect(column('size', table.get('a')!)).toBe(1_000)
    expect(admission.bytes).toBe(1_000)
  })

  it('gives one writer all, several no more than half', () => {
    const { admission } = setUp(10_000)
    expect(admission.reserve(9_000)).toBe(true)
    expect(admission.reserve(100)).toBe(false)
    admission.release(9_000)
    expect(admission.reserve(3_000)).toBe(true)
    expect(admission.reserve(2_000)).toBe(true)
    expect(admission.reserve(1)).toBe(false)
  })

  it('ends an eviction in bounded time, however hot all rows are', () => {
    const { add, use, table, column } = setUp(10_000 * 100)
    for (let i = 0; i < 10_000; i++) add(`k${i}`, 100)
    for (const key of table.keys()) for (let i = 0; i < MAX_USES; i++) use(key)
    add('new', 100)
    const touched = [...table.values()].filter(row => column('uses', row) < MAX_USES).length
    expect(table.has('new')).toBe(true)
    expect(touched).toBeGreaterThan(1_000)
    expect(touched).toBeLessThan(2_100)
  })
})

/** Many soft purges of one scope: what is kept of them, and to which side it errs. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PurgeTables } from '../../src/invalidation/tables.js'
import { judgedOf, stampOf } from '../support/records.js'

const record = judgedOf('a', ['t'], stampOf(0))
const TAG = { tag: 't' }

describe('purge tables', () => {
  it('count from the first soft purge after a fill; of more than they keep, never from a later one', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 40 })
    fc.assert(fc.property(gaps, fc.nat({ max: 40 }), (steps, base) => {
      const tables = new PurgeTables()
      const times: number[] = []
      let at = 1_000
      for (const [i, gap] of steps.entries()) {
        times.push(at += gap)
        tables.add(TAG, 'soft', i + 1, at)
      }
      const verdict = tables.judge(record, base)
      expect(verdict.kind).toBe(base < steps.length ? 'soft' : 'clean')
      if (verdict.kind !== 'soft') return
      const { since } = verdict
      expect(since).toBeLessThanOrEqual(times[base]!)
      expect(since).toBeGreaterThanOrEqual(times[0]!)
      if (steps.length <= 8) expect(since).toBe(times[base])
    }))
  })

  it('give up the difference between the nearest first', () => {
    const tables = new PurgeTables()
    const times = [0, 100, 200, 300, 301, 400, 500, 600, 700]
    for (const [i, at] of times.entries()) tables.add(TAG, 'soft', i + 1, at)
    expect(times.map((_, base) => tables.judge(record, base))).toEqual([0, 100, 200, 300, 300, 400, 500, 600, 700].map(since => ({ kind: 'soft', since })))
  })

  it('hold no more for a scope purged ever again', () => {
    const tables = new PurgeTables()
    for (let seq = 1; seq <= 1_000; seq++) tables.add(TAG, seq % 3 === 0 ? 'hard' : 'soft', seq, seq)
    expect(tables.size).toBe(1)
    expect(tables.judge(record, 998).kind).toBe('hard')
    expect(tables.judge(record, 999)).toEqual({ kind: 'soft', since: 1_000 })
  })

  it('forget up to a position, and nothing after it', () => {
    const tables = new PurgeTables()
    tables.add(TAG, 'hard', 1, 1)
    tables.add(TAG, 'soft', 2, 2)
    tables.add(TAG, 'soft', 3, 3)
    tables.add({ prefix: 'http://' }, 'soft', 2, 2)
    tables.add('all', 'soft', 1, 1)
    expect([tables.size, tables.prefixes]).toEqual([3, 1])
    tables.forget(2)
    expect([tables.size, tables.prefixes]).toEqual([1, 0])
    expect(tables.judge(record, 2)).toEqual({ kind: 'soft', since: 3 })
    tables.forget(3)
    expect(tables.size).toBe(0)
  })
})

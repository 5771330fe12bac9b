import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Gathered } from '../../src/core/gathered.js'

describe('gathered bytes', () => {
  it('come out as they went in, however they are mixed', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), length: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1000, max: 20_000 })) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('shift' as const) }) }
    )
    fc.assert(fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const gathered = new Gathered()
      const put: Buffer[] = []
      const got: Uint8Array[] = []
      let count = 0
      for (const s of steps) {
        if (s.do === 'push') {
          const piece = Buffer.alloc(s.length, ++count)
          put.push(piece)
          gathered.push(piece)
        } else {
          const piece = gathered.shift()
          if (piece !== undefined) got.push(piece)
        }
        expect(gathered.length).toBe(Buffer.concat(put).length - Buffer.concat(got).length)
      }
      expect(Buffer.concat([...got, ...gathered.all]).equals(Buffer.concat(put))).toBe(true)
    }), { numRuns: 200 })
  })

  it('are few pieces, though they came in many', () => {
    const gathered = new Gathered()
    for (let i = 0; i < 100_000; i++) gathered.push(Uint8Array.of(i))
    expect(gathered.all.length).toBeLessThan(10)
  })

  it('are left where they are where they are large, or alone', () => {
    const gathered = new Gathered()
    const [small, large] = [Buffer.alloc(10), Buffer.alloc(2000)]
    gathered.push(small)
    gathered.push(large)
    expect(gathered.all[0]).toBe(small)
    expect(gathered.all[1]).toBe(large)
  })

  it('are gone when they are cleared', () => {
    const gathered = new Gathered()
    for (let i = 0; i < 10; i++) gathered.push(Uint8Array.of(i))
    gathered.clear()
    expect(gathered.shift()).toBeUndefined()
    expect(gathered.length).toBe(0)
  })
})

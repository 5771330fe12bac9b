import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { contentRange, parseContentRange, selectRange, unsatisfiedRange } from '../../src/http/range.js'

const whole = { kind: 'whole' }
const none = { kind: 'unsatisfiable' }
const part = (first: number, last: number): object => ({ kind: 'part', first, last })

describe('selectRange of 10 bytes', () => {
  test.each([
    ['bytes=0-0', part(0, 0)], ['bytes=2-5', part(2, 5)], ['bytes=2-', part(2, 9)], ['bytes=0-99', part(0, 9)], ['bytes=-3', part(7, 9)],
    ['bytes=-99', part(0, 9)], ['BYTES=1-2', part(1, 2)], ['bytes=00-01', part(0, 1)], [`bytes=1-${'9'.repeat(400)}`, part(1, 9)],
    ['bytes=9-', part(9, 9)],
    ['bytes=10-', none], ['bytes=10-20', none], ['bytes=-0', none], [`bytes=${'9'.repeat(400)}-`, none],
    ['bytes=5-2', whole], ['bytes=20-15', whole], ['bytes=-', whole], ['bytes=', whole], ['', whole], ['bytes', whole], ['lines=0-1', whole],
    ['bytes=0-1,3-4', whole], ['bytes=0-1,', whole], ['bytes=a-1', whole], ['bytes=+1-2', whole], ['bytes=1.0-2', whole],
    ['bytes= 0-1', whole], ['bytes=0-1 ', whole], ['bytes =0-1', whole], ['bytes=--1', whole], ['bytes=0-1;', whole]
  ])('%s', (range, selection) => {
    expect(selectRange(range, 10)).toEqual(selection)
  })
})

describe('selectRange', () => {
  it('finds nothing in an empty representation, but answers a suffix of it whole', () => {
    expect(selectRange('bytes=0-', 0)).toEqual(none)
    expect(selectRange('bytes=-5', 0)).toEqual(whole)
    expect(selectRange('bytes=-0', 0)).toEqual(none)
  })

  it('selects what slicing does', () => {
    const bytes = Array.from({ length: 20 }, (_, i) => i)
    const position = fc.option(fc.nat(25), { nil: undefined })
    fc.assert(fc.property(position, position, fc.nat(20), (from, to, length) => {
      const body = bytes.slice(0, length)
      const wanted = from === undefined ? (to === 0 ? [] : body.slice(-(to ?? 0))) : body.slice(from, to === undefined ? undefined : to + 1)
      const selection = selectRange(`bytes=${from ?? ''}-${to ?? ''}`, length)
      if (selection.kind === 'part') {
        expect(selection.first <= selection.last && selection.last < length).toBe(true)
        expect(body.slice(selection.first, selection.last + 1)).toEqual(wanted)
      } else if (selection.kind === 'unsatisfiable') expect(wanted).toEqual([])
      else expect((from === undefined && (to === undefined || length === 0)) || (to ?? Infinity) < (from ?? 0)).toBe(true)
    }), { numRuns: 500 })
  })
})

describe('Content-Range', () => {
  it('is written', () => {
    expect(contentRange(0, 4, 10)).toBe('bytes 0-4/10')
    expect(contentRange(0, 4, undefined)).toBe('bytes 0-4/*')
    expect(unsatisfiedRange(10)).toBe('bytes */10')
  })

  it('is read as it was written', () => {
    fc.assert(fc.property(fc.nat(), fc.nat(), fc.option(fc.nat(), { nil: undefined }), (first, more, beyond) => {
      const range = { first, last: first + more, total: beyond === undefined ? undefined : first + more + 1 + beyond }
      expect(parseContentRange(['Content-Range', contentRange(range.first, range.last, range.total)])).toEqual(range)
    }))
  })

  it.each([
    ['an invalid one (RFC 9110 §14.4)', ['bytes 5-4/10']], ['one past its own end (§14.4)', ['bytes 0-10/10']], ['an unsatisfied one', ['bytes */10']],
    ['another unit', ['lines 0-4/10']], ['several', ['bytes 0-4/10', 'bytes 0-4/10']], ['a list', ['bytes 0-4/10, 5-9/10']], ['none', []],
    ['nonsense', ['bytes=0-4/10']], ['blanks', ['bytes  0-4/10']], ['signs', ['bytes -0-4/10']], ['what no body reaches', [`bytes 0-${'9'.repeat(16)}/*`]]
  ])('is not read: %s', (_, lines) => {
    expect(parseContentRange(lines.flatMap(line => ['content-range', line]))).toBeUndefined()
  })

  it('of several parts is in the parts (RFC 9110 §15.3.7.2)', () => {
    expect(parseContentRange(['Content-Range', 'bytes 0-4/10', 'Content-Type', 'multipart/byteranges; boundary=x'])).toBeUndefined()
  })
})

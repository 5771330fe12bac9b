import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { CLEAN, POLICY, type Decision, type Entry, type Lacking, type Part } from '../../src/core/types.js'
import { decide, type Question } from '../../src/policy/decide.js'
import { completes, enclosed, storedAs, union, useOfPart } from '../../src/policy/partial.js'
import { encodeHead } from '../../src/http/head.js'
import { entryOf, factsOf, httpDate, judge, NOW, refusal, routeOf } from '../support/policy.js'

const MODIFIED = httpDate(-60)

/** Ten bytes of `total`. */
function partOf (changes: Partial<Entry> = {}, total: number | '*' = 30, first = 10): Entry & { readonly part: Part } {
  const headers = ['Date', httpDate(0), 'Content-Range', `bytes ${first}-${first + 9}/${total}`]
  const part = { first, total: total === '*' ? undefined : total }
  return { ...entryOf({}, { etag: '"a"' }), status: 206, head: encodeHead(206, headers), length: 10, ...changes, part }
}

/** What it is good for: `answers`, `nothing`, or the range to ask for. */
function use (entry: Entry & { readonly part: Part }, raw: string[], method = 'GET'): string {
  const found = useOfPart(method, factsOf(raw), entry, entry.part)
  return found.kind === 'lacks' ? `bytes=${found.lacking.first}-${found.lacking.last ?? ''} if ${found.lacking.ifRange}` : found.kind
}

const range = (value: string, ...more: string[]): string[] => ['Range', value, ...more]

describe('a stored part (RFC 9111 §3.3)', () => {
  test.each([
    ['bytes=10-19', 'answers'], ['bytes=12-13', 'answers'], ['bytes=-30', 'nothing'], ['bytes=-15', 'bytes=20-29 if "a"'],
    ['bytes=15-24', 'bytes=20-24 if "a"'], ['bytes=15-', 'bytes=20-29 if "a"'], ['bytes=15-99', 'bytes=20-29 if "a"'], ['bytes=20-21', 'bytes=20-21 if "a"'],
    ['bytes=5-12', 'bytes=5-9 if "a"'], ['bytes=5-19', 'bytes=5-9 if "a"'], ['bytes=3-9', 'bytes=3-9 if "a"'],
    // two gaps, or one between
    ['bytes=5-25', 'nothing'], ['bytes=21-22', 'nothing'], ['bytes=3-8', 'nothing'],
    // beyond the end, which is known
    ['bytes=30-', 'answers'], ['bytes=-0', 'answers'],
    ['bytes=10-11,13-14', 'nothing'], ['bytes=19-10', 'nothing'], ['lines=10-11', 'nothing']
  ])('of the middle: %s', (value, expected) => {
    expect(use(partOf(), range(value))).toBe(expected)
  })

  test.each([
    ['bytes=12-13', 'answers'], ['bytes=12-', 'bytes=20- if "a"'], ['bytes=15-24', 'bytes=20-24 if "a"'],
    ['bytes=-1', 'nothing'], ['bytes=-0', 'nothing'], ['bytes=30-', 'nothing'], [`bytes=-${'9'.repeat(400)}`, 'nothing'], [`bytes=${'9'.repeat(400)}-`, 'nothing']
  ])('of what has no known end: %s', (value, expected) => {
    expect(use(partOf({}, '*'), range(value))).toBe(expected)
  })

  it('is completed from one side', () => {
    expect(use(partOf({}, 30, 0), [])).toBe('bytes=10- if "a"')
    expect(use(partOf({}, '*', 0), [])).toBe('bytes=10- if "a"')
    expect(use(partOf({}, 20), [])).toBe('bytes=0-9 if "a"')
    expect(use(partOf(), [])).toBe('nothing')
    expect(use(partOf({}, '*'), [])).toBe('nothing')
  })

  it('is completed by strong validators alone (RFC 9110 §15.3.7.3)', () => {
    const weak = { etag: 'W/"a"' }
    expect(use(partOf(weak), range('bytes=15-24'))).toBe('nothing')
    expect(use(partOf(weak), range('bytes=15-16'))).toBe('answers')
    expect(use(partOf(weak, 20), [])).toBe('nothing')
    expect(use(partOf({ etag: undefined, lastModified: MODIFIED }), range('bytes=15-24'))).toBe(`bytes=20-24 if ${MODIFIED}`)
    expect(use(partOf({ etag: undefined, lastModified: httpDate(0) }), range('bytes=15-24'))).toBe('nothing')
    // a beginning may be asked the rest of: who knows no ranges sends the whole
    expect(use(partOf(weak, 30, 0), [])).toBe('bytes=10- if undefined')
  })

  it('answers under If-Range only if that holds (RFC 9110 §13.1.5)', () => {
    expect(use(partOf(), range('bytes=12-13', 'If-Range', '"a"'))).toBe('answers')
    expect(use(partOf(), range('bytes=15-24', 'If-Range', '"a"'))).toBe('bytes=20-24 if "a"')
    expect(use(partOf(), range('bytes=12-13', 'If-Range', '"b"'))).toBe('nothing')
    expect(use(partOf({ etag: 'W/"a"' }), range('bytes=12-13', 'If-Range', 'W/"a"'))).toBe('nothing')
  })

  it('tells a HEAD the length where it knows it (RFC 9110 §9.3.2)', () => {
    expect(use(partOf(), [], 'HEAD')).toBe('answers')
    expect(use(partOf(), range('bytes=0-1'), 'HEAD')).toBe('answers')
    expect(use(partOf({}, '*'), [], 'HEAD')).toBe('nothing')
  })

  it('leaves conditions it lacks bytes for to the origin', () => {
    expect(use(partOf(), range('bytes=15-24', 'If-None-Match', '"a"'))).toBe('nothing')
    expect(use(partOf(), range('bytes=12-13', 'If-None-Match', '"a"'))).toBe('answers')
  })
})

describe('what completes a part (RFC 9111 §3.4)', () => {
  const lacking: Lacking = { entry: partOf(), first: 20, last: undefined, ifRange: '"a"' }
  const fields = (contentRange: string, etag = '"a"'): string[] => ['Content-Range', contentRange, 'ETag', etag, 'Date', httpDate(0)]

  it('is just what was asked for', () => {
    expect(completes(lacking, fields('bytes 20-29/30'))).toEqual({ first: 20, last: 29, total: 30 })
    expect(completes(lacking, fields('bytes 20-29/*'))).toEqual({ first: 20, last: 29, total: 30 })
    expect(completes({ ...lacking, last: 24 }, fields('bytes 20-24/30'))).toEqual({ first: 20, last: 24, total: 30 })
    for (const other of ['bytes 20-28/30', 'bytes 19-29/30', 'bytes 20-29/31', 'bytes 21-29/30', 'bytes */30', 'lines 20-29/30']) {
      expect(completes(lacking, fields(other)), other).toBeUndefined()
    }
    expect(completes({ ...lacking, last: 24 }, fields('bytes 20-25/30'))).toBeUndefined()
    expect(completes({ ...lacking, last: 24 }, fields('bytes 20-24/31'))).toBeUndefined()
  })

  it('tells the end where that was not known', () => {
    const open: Lacking = { ...lacking, entry: partOf({}, '*') }
    expect(completes(open, fields('bytes 20-24/25'))).toEqual({ first: 20, last: 24, total: 25 })
    expect(completes(open, fields('bytes 20-24/*'))).toBeUndefined()
    expect(completes({ ...open, last: 29 }, fields('bytes 20-24/25'))).toEqual({ first: 20, last: 24, total: 25 })
    expect(completes({ ...open, last: 29 }, fields('bytes 20-29/*'))).toEqual({ first: 20, last: 29, total: undefined })
    // nothing ends before what is stored of it
    expect(completes({ ...open, first: 0, last: 9 }, fields('bytes 0-9/15'))).toBeUndefined()
  })

  it('shares the strong validator of the part', () => {
    for (const etag of ['"b"', 'W/"a"', '"a", "a"', '']) expect(completes(lacking, fields('bytes 20-29/30', etag)), etag).toBeUndefined()
    expect(completes({ ...lacking, ifRange: undefined }, fields('bytes 20-29/30'))).toBeUndefined()
    expect(completes(lacking, ['Content-Range', 'bytes 20-29/30'])).toBeUndefined()
    const dated = (modified: string): string[] => ['Content-Range', 'bytes 20-29/30', 'Last-Modified', modified, 'Date', httpDate(0)]
    expect(completes({ ...lacking, ifRange: MODIFIED }, dated(MODIFIED))).toBeDefined()
    expect(completes({ ...lacking, ifRange: MODIFIED }, dated(httpDate(-61)))).toBeUndefined()
  })

  it('has the length its Content-Range says', () => {
    expect(completes(lacking, [...fields('bytes 20-29/30'), 'Content-Length', '10'])).toBeDefined()
    expect(completes(lacking, [...fields('bytes 20-29/30'), 'Content-Length', '9'])).toBeUndefined()
  })

  it('makes with it one run of bytes', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 11, max: 80 }), (before, total) => {
      const first = Math.max(10 - before, 0)
      expect(union(partOf({}, total), { first, last: 9, total })).toEqual({ first, last: 19, total })
      expect(union(partOf({}, 20 + total), { first: 20, last: 19 + total, total: 20 + total })).toEqual({ first: 10, last: 19 + total, total: 20 + total })
    }))
  })
})

describe('a 206 is stored', () => {
  const FRESH = ['Cache-Control', 'max-age=60', 'Content-Range', 'bytes 0-4/10']
  const asked = { status: 206, ranged: true }

  it('as the whole would be (RFC 9111 §3.3), if it says which part it is (RFC 9110 §15.3.7.1)', () => {
    expect(judge(FRESH, asked)).toMatchObject({ kind: 'store', range: { first: 0, last: 4, total: 10 } })
    expect(refusal(['Cache-Control', 'max-age=60'], asked)).toBe('no-content-range')
    expect(refusal(['Content-Range', 'bytes 0-4/10'], asked)).toBe('!no-freshness')
    expect(refusal([...FRESH, 'Cache-Control', 'no-store'], asked)).toBe('!no-store')
  })

  it('only if it is as long as it says: with other lengths its bytes are at no known place (RFC 9110 §14.4)', () => {
    expect(refusal([...FRESH, 'Content-Length', '5'], asked)).toBe('stored')
    expect(refusal([...FRESH, 'Content-Length', '4'], asked)).toBe('no-content-range')
    expect(refusal(['Cache-Control', 'max-age=60', 'Content-Range', 'bytes 4-9/10', 'Content-Length', '5'], asked)).toBe('no-content-range')
    expect(enclosed(['Content-Range', 'bytes 4-9/10', 'Content-Length', '6'])).toEqual({ first: 4, last: 9, total: 10 })
  })

  it('not unasked for, nor without the fields that If-Range saves (RFC 9110 §15.3.7)', () => {
    expect(refusal(FRESH, { status: 206 })).toBe('partial')
    expect(refusal(FRESH, { status: 206, ranged: false })).toBe('partial')
  })

  it('as a 200 where it is the whole, and with what it says of itself where it is not (RFC 9110 §15.3.7.3)', () => {
    expect(storedAs(['content-range', 'x', 'A', '1'], { first: 0, last: 9, total: 10 })).toEqual({ status: 200, headers: ['A', '1'], part: undefined })
    expect(storedAs(['content-range', 'x', 'A', '1'], { first: 0, last: 8, total: 10 }))
      .toEqual({ status: 206, headers: ['A', '1', 'Content-Range', 'bytes 0-8/10'], part: { first: 0, total: 10 } })
    expect(storedAs([], { first: 0, last: 9, total: undefined })).toMatchObject({ status: 206, part: { first: 0, total: undefined } })
  })
})

describe('decide, of a part (RFC 9111 §3.3)', () => {
  const ask = (entry: Entry, raw: string[] = [], changes: Partial<Question> = {}): Decision =>
    decide({ method: 'GET', facts: factsOf(raw), route: routeOf(), now: NOW, verdict: CLEAN, trusted: 'yes', ...changes }, entry, 'uri-miss')
  const stale = (first = 10): Entry => ({ ...partOf({}, 30, first), policy: { ...partOf().policy, freshUntil: NOW - 1, swrUntil: NOW - 1, sieUntil: NOW - 1 } })

  it('never answers a whole GET', () => {
    for (const raw of [[], ['Cache-Control', 'max-stale'], ['If-None-Match', '"a"']]) {
      for (const first of [0, 10, 20]) expect(ask(partOf({}, 30, first), raw)).toMatchObject({ kind: 'miss', why: 'partial' })
    }
    expect(ask(partOf(), ['Cache-Control', 'only-if-cached'])).toEqual({ kind: 'refuse', code: 'only_if_cached' })
  })

  it('answers what lies in it as an entry would', () => {
    expect(ask(partOf(), range('bytes=10-11'))).toMatchObject({ kind: 'hit', how: 'fresh' })
    expect(ask(stale(), range('bytes=10-11'))).toMatchObject({ kind: 'revalidate', why: 'stale' })
    expect(ask(partOf(), range('bytes=10-11', 'Cache-Control', 'no-cache'))).toMatchObject({ kind: 'revalidate', why: 'request' })
    expect(ask({ ...partOf(), policy: { ...partOf().policy, flags: POLICY.noCache } }, range('bytes=10-11'))).toMatchObject({ kind: 'revalidate' })
    expect(ask(partOf(), [], { method: 'HEAD' })).toMatchObject({ kind: 'hit' })
    expect(ask(stale(), [], { method: 'HEAD' })).toEqual({ kind: 'pass', why: 'head' })
  })

  it('is asked the rest of, even stale: what shares its validator validates it', () => {
    expect(ask(stale(), range('bytes=15-24'))).toMatchObject({ kind: 'miss', lacking: { first: 20, last: 24, ifRange: '"a"' } })
    expect(ask(stale(0))).toMatchObject({ kind: 'miss', lacking: { first: 10, last: undefined, ifRange: '"a"' } })
    expect(ask(stale(0), [], { verdict: { kind: 'hard' } })).toEqual({ kind: 'miss', why: 'uri-miss' })
  })

  it('without a validator is asked the rest of only while it is fresh', () => {
    expect(ask({ ...partOf({}, 30, 0), etag: undefined })).toMatchObject({ kind: 'miss', lacking: { first: 10, ifRange: undefined } })
    expect(ask({ ...stale(0), etag: undefined })).toEqual({ kind: 'miss', why: 'partial' })
  })
})

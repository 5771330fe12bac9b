import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { ifRangeHolds, notModified, strongMatch, strongValidator, weakMatch } from '../../src/http/conditional.js'
import { formatHttpDate } from '../../src/http/date.js'

const MODIFIED = Date.UTC(2026, 0, 1)
const day = (seconds: number): string => formatHttpDate(MODIFIED + seconds * 1000)

const opaque = fc.string({ unit: fc.constantFrom('a', 'b', ',', '\\', 'W', '/', '!', 'ü'), maxLength: 3 }).map(s => `"${s}"`)
const tag = fc.tuple(fc.constantFrom('', 'W/'), opaque).map(parts => parts.join(''))

describe('weakMatch and strongMatch', () => {
  // RFC 9110 §8.8.3.2, and what is no entity-tag
  test.each([
    ['W/"1"', 'W/"1"', true, false],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', true, false],
    ['"1"', 'W/"1"', true, false],
    ['"1"', '"1"', true, true],
    ['""', '""', true, true],
    ['"ü"', '"ü"', true, true],
    ['"1"', '"2"', false, false],
    ['1', '1', false, false],
    ['w/"1"', 'w/"1"', false, false],
    ['"1', '"1', false, false],
    ['"1" ', '"1" ', false, false],
    ['"a"b"', '"a"b"', false, false],
    ['"a b"', '"a b"', false, false],
    ['', '', false, false]
  ])('%s and %s', (a, b, weak, strong) => {
    expect([weakMatch(a, b), strongMatch(a, b)]).toEqual([weak, strong])
  })
})

describe('notModified by If-None-Match', () => {
  const holds = (ifNoneMatch: string, etag: string | undefined): boolean =>
    notModified({ ifNoneMatch, ifModifiedSince: undefined }, { etag, lastModified: undefined })

  test.each([
    ['"a"', true], ['W/"a"', true], ['"b"', false], ['"b", W/"a"', true], [' ,"b" ,, "a",\t', true], ['*', true], [' * ', true],
    ['\xa0*', false], ['"a", *', false], ['*, "a"', false], ['"a" "b"', false], ['"a", b', false], ['b, "a"', false], ['"b""a"', false], ['"a', false],
    ['a', false], ['', false], [',', false], ['W/ "a"', false]
  ])('%j', (list, expected) => {
    expect(holds(list, '"a"')).toBe(expected)
  })

  it('matches any stored response with *, and only so one without a tag', () => {
    expect(holds('*', undefined)).toBe(true)
    expect(holds('"a"', undefined)).toBe(false)
    expect(holds('a', 'a')).toBe(false)
  })

  it('takes a backslash and a comma for parts of a tag', () => {
    expect(holds('"a\\", "b,c"', '"a\\"')).toBe(true)
    expect(holds('"a\\", "b,c"', '"b,c"')).toBe(true)
    expect(holds('"a,b"', '"b"')).toBe(false)
  })

  it('holds exactly if a member of the list matches weakly', () => {
    const gap = fc.constantFrom('', ' ', '\t', ' , ', ',')
    fc.assert(fc.property(fc.array(fc.tuple(gap, tag, gap)), tag, (list, etag) => {
      const sent = list.map(([before, t, after]) => before + t + after).join(',')
      expect(holds(sent, etag)).toBe(list.some(([, t]) => t.replace(/^W\//, '') === etag.replace(/^W\//, '')))
    }))
  })

  it('never holds for a list with anything else in it', () => {
    const junk = fc.constantFrom('x', '"', '*', 'W/', '"a"b', 'w/"a"', '"a b"', ';')
    fc.assert(fc.property(fc.array(tag), junk, fc.array(tag), tag, (before, bad, after, etag) => {
      expect(holds([...before, bad, ...after, etag].join(', '), etag)).toBe(false)
    }))
  })
})

describe('notModified by If-Modified-Since', () => {
  const holds = (ifModifiedSince: string | undefined, lastModified: string | undefined): boolean =>
    notModified({ ifNoneMatch: undefined, ifModifiedSince }, { etag: '"a"', lastModified })

  it('holds for the stored date and later', () => {
    expect(holds(day(0), day(0))).toBe(true)
    expect(holds(day(1), day(0))).toBe(true)
    expect(holds(day(-1), day(0))).toBe(false)
    expect(holds('Thursday, 01-Jan-26 00:00:00 GMT', day(0))).toBe(true)
  })

  it('ignores dates it cannot read', () => {
    expect(holds('x', 'x')).toBe(false)
    expect(holds('x', day(0))).toBe(false)
    expect(holds(day(0), 'x')).toBe(false)
    expect(holds(`${day(0)}, ${day(0)}`, day(0))).toBe(false)
    expect(holds(day(0), undefined)).toBe(false)
    expect(holds(undefined, day(0))).toBe(false)
  })

  it('is by Date where there is no Last-Modified (RFC 9111 §4.3.2)', () => {
    const dated = (ifModifiedSince: string, date: string, lastModified?: string): boolean =>
      notModified({ ifNoneMatch: undefined, ifModifiedSince }, { etag: undefined, lastModified, date })
    expect(dated(day(0), day(0))).toBe(true)
    expect(dated(day(1), day(0))).toBe(true)
    expect(dated(day(-1), day(0))).toBe(false)
    expect(dated(day(0), 'x')).toBe(false)
    expect(dated(day(0), day(1), day(0))).toBe(true)
    expect(dated(day(0), day(0), day(1))).toBe(false)
  })

  it.each(['"b"', 'malformed', ''])('is not asked when there is an If-None-Match: %j', ifNoneMatch => {
    expect(notModified({ ifNoneMatch, ifModifiedSince: day(0) }, { etag: '"a"', lastModified: day(0) })).toBe(false)
  })
})

describe('ifRangeHolds', () => {
  const stored = { etag: '"a"', lastModified: day(0), date: day(1) }

  it('compares tags strongly', () => {
    expect(ifRangeHolds('"a"', stored)).toBe(true)
    expect(ifRangeHolds('W/"a"', stored)).toBe(false)
    expect(ifRangeHolds('W/"a"', { ...stored, etag: 'W/"a"' })).toBe(false)
    expect(ifRangeHolds('"a", "b"', stored)).toBe(false)
    expect(ifRangeHolds('"a"', { ...stored, etag: undefined })).toBe(false)
  })

  it('wants the stored Last-Modified to the letter', () => {
    expect(ifRangeHolds(day(0), stored)).toBe(true)
    expect(ifRangeHolds(day(1), stored)).toBe(false)
    expect(ifRangeHolds(day(0).toLowerCase(), stored)).toBe(false)
    expect(ifRangeHolds('x', { ...stored, lastModified: 'x' })).toBe(false)
    expect(ifRangeHolds(day(0), { ...stored, lastModified: undefined })).toBe(false)
  })

  it('trusts Last-Modified only a second after it', () => {
    expect(ifRangeHolds(day(0), { ...stored, date: day(0) })).toBe(false)
    expect(ifRangeHolds(day(0), { ...stored, date: undefined })).toBe(false)
    expect(ifRangeHolds(day(0), { ...stored, date: 'x' })).toBe(false)
  })
})

describe('the validator a part is completed by (RFC 9110 §13.1.5)', () => {
  it('is a strong entity-tag, or Last-Modified where there is none and it is strong (§8.8.2.2)', () => {
    const stored = { etag: undefined, lastModified: day(0), date: day(1) }
    expect(strongValidator({ ...stored, etag: '"a"' })).toBe('"a"')
    expect(strongValidator(stored)).toBe(day(0))
    expect(strongValidator({ ...stored, date: day(0) })).toBeUndefined()
    expect(strongValidator({ ...stored, date: undefined })).toBeUndefined()
    expect(strongValidator({ ...stored, etag: 'W/"a"' })).toBeUndefined()
    expect(strongValidator({ etag: undefined, lastModified: undefined, date: day(0) })).toBeUndefined()
  })
})

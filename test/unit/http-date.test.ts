import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { formatHttpDate, parseHttpDate } from '../../src/http/date.js'

const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37)
const NOW = Date.UTC(2026, 6, 1)
const FIRST = new Date(0).setUTCFullYear(0, 0, 1)
const wholeSecond = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(min / 1000), max: Math.floor(max / 1000) }).map(s => s * 1000)

/** The RFC 850 and asctime forms, by other means than the parser's. */
function oldForms (ms: number): [rfc850: string, asctime: string] {
  const [, day, month, year, time] = /^..., (\d\d) (...) (\d{4}) (.*) GMT$/.exec(formatHttpDate(ms))!
  const weekday = new Date(ms).toLocaleDateString('en-US', { weekday: 'long', timeZone: 'UTC' })
  return [
    `${weekday}, ${day}-${month}-${year!.slice(2)} ${time} GMT`,
    `${weekday.slice(0, 3)} ${month} ${day!.replace(/^0/, ' ')} ${time} ${year}`
  ]
}

describe('parseHttpDate', () => {
  test.each([
    'Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994',
    'SUN, 06 nov 1994 08:49:37 gmt', 'Tue, 06 Nov 1994 08:49:37 GMT'
  ])('reads %s', value => {
    expect(parseHttpDate(value)).toBe(EXAMPLE)
  })

  test.each([
    '', '0', '-1', 'Sun, 06 Nov 1994 08:49:37', 'Sun, 06 Nov 1994 08:49:37 UTC', 'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun 06 Nov 1994 08:49:37 GMT', 'Sun, 6 Nov 1994 08:49:37 GMT', 'Sun, 06  Nov 1994 08:49:37 GMT',
    'Sun, 06-Nov-1994 08:49:37 GMT', 'Sun, 06 Nov 94 08:49:37 GMT', 'Sun, 06 Nov 1994 8:49:37 GMT',
    'Sun, 06 Nov 1994 08.49.37 GMT', 'Sun, 06 Nov 1994 24:00:00 GMT', 'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT', 'Sun, 00 Nov 1994 08:49:37 GMT', 'Thu, 31 Nov 1994 08:49:37 GMT',
    'Wed, 29 Feb 2023 08:49:37 GMT', 'Xyz, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Xyz 1994 08:49:37 GMT',
    ' Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:37 GMT ', 'Sun, 06 Nov 1994 08:49:37 GMTx',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT', 'Sun Nov 6 08:49:37 1994', 'Sun Nov  6 08:49:37 1994 GMT', '1994-11-06T08:49:37Z'
  ])('takes %j for malformed', value => {
    expect(parseHttpDate(value)).toBeUndefined()
  })

  it('knows leap days, leap seconds and years below 100', () => {
    expect(parseHttpDate('Thu, 29 Feb 2024 00:00:00 GMT')).toBe(Date.UTC(2024, 1, 29))
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT')).toBe(Date.UTC(2017, 0, 1))
    expect(parseHttpDate('Mon, 01 Jan 0001 00:00:00 GMT')).toBe(new Date(0).setUTCFullYear(1, 0, 1))
  })

  test.each([
    ['26', 2026], ['75', 2075], ['77', 1977], ['99', 1999], ['00', 2000]
  ])('places the two-digit year %s in %i', (digits, year) => {
    expect(parseHttpDate(`Monday, 02-Aug-${digits} 00:00:00 GMT`, NOW)).toBe(Date.UTC(year, 7, 2))
  })

  it('compares the whole timestamp with fifty years from now, not only the year', () => {
    expect(parseHttpDate('Monday, 01-Jul-76 00:00:00 GMT', NOW)).toBe(Date.UTC(2076, 6, 1))
    expect(parseHttpDate('Monday, 01-Jul-76 00:00:01 GMT', NOW)).toBe(Date.UTC(1976, 6, 1, 0, 0, 1))
    expect(parseHttpDate('Tuesday, 29-Feb-00 00:00:00 GMT', Date.UTC(2060, 0, 1))).toBe(Date.UTC(2000, 1, 29))
    expect(parseHttpDate('Tuesday, 30-Feb-00 00:00:00 GMT', NOW)).toBeUndefined()
  })

  it('reads back what was written, in the preferred and the asctime form, of every four-digit year', () => {
    fc.assert(fc.property(wholeSecond(FIRST, Date.UTC(9999, 11, 31, 23, 59, 59)), ms => {
      expect(parseHttpDate(formatHttpDate(ms))).toBe(ms)
      expect(parseHttpDate(oldForms(ms)[1])).toBe(ms)
    }))
  })

  it('reads back the RFC 850 form of the century that ends fifty years from now', () => {
    const limit = Date.UTC(2076, 6, 1)
    fc.assert(fc.property(wholeSecond(Date.UTC(1976, 6, 1) + 1000, limit), ms => {
      expect(parseHttpDate(oldForms(ms)[0], NOW)).toBe(ms)
    }))
  })

  it('never throws and never answers NaN', () => {
    const near = fc.tuple(fc.nat(40), fc.string({ maxLength: 2 }), fc.constantFrom(formatHttpDate(EXAMPLE), ...oldForms(EXAMPLE)))
      .map(([at, put, date]) => date.slice(0, at) + put + date.slice(at + 1))
    fc.assert(fc.property(fc.oneof(near, fc.string()), fc.double(), (value, now) => {
      const read = parseHttpDate(value, now)
      expect(read === undefined || Number.isInteger(read)).toBe(true)
    }))
  })
})

describe('formatHttpDate', () => {
  it('writes the preferred form, whole seconds', () => {
    expect(formatHttpDate(EXAMPLE + 999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
  })
})

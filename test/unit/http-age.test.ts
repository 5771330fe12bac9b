import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { expiresLifetime, parseAge, wholeSeconds } from '../../src/http/age.js'
import { formatHttpDate } from '../../src/http/date.js'

const MOST = 2 ** 31
const NOW = Date.UTC(2026, 6, 1)

describe('wholeSeconds', () => {
  test.each([
    ['0', 0], ['0003600', 3600], ['2147483647', MOST - 1], ['2147483648', MOST], ['2147483649', MOST], ['9'.repeat(400), MOST]
  ])('%s', (text, seconds) => {
    expect(wholeSeconds(text)).toBe(seconds)
  })

  test.each(['', '-1', '+1', '1.0', '1e3', '0x10', ' 1', '1 ', '1a', '"1"', '١'])('takes %j for malformed', text => {
    expect(wholeSeconds(text)).toBeUndefined()
  })
})

describe('parseAge', () => {
  it('is undefined when the field is absent', () => {
    expect(parseAge([])).toBeUndefined()
  })

  it('is in ms', () => {
    expect(parseAge(['12'])).toBe(12_000)
  })

  it('is the first member of a list written as one', () => {
    expect(parseAge(['0,7200'])).toBe(0)
    expect(parseAge(['7200,0'])).toBe(7_200_000)
  })

  test.each([
    [['abc']], [['-7200']], [['7200.0']], [['7200', '0']], [['0', '7200']], [['0, 0']], [['0', '0']],
    [['3600, 3600']], [['7200;foo=bar']], [['7200;foo=111']], [['']], [['"0"']]
  ])('takes %j as old as anything can be', lines => {
    expect(parseAge(lines)).toBe(MOST * 1000)
  })
})

describe('expiresLifetime', () => {
  const at = (seconds: number): string => formatHttpDate(NOW + seconds * 1000)

  it('is undefined when the field is absent', () => {
    expect(expiresLifetime([], at(0), NOW)).toBeUndefined()
  })

  it('is Expires − Date, whatever time it is here', () => {
    expect(expiresLifetime([at(60)], at(-10), NOW + 5)).toBe(70_000)
    expect(expiresLifetime([at(300)], at(400), NOW)).toBe(0)
    expect(expiresLifetime([at(0)], at(0), NOW)).toBe(0)
  })

  it.each([undefined, 'foo', '0'])('counts from the arrival when Date is %j', date => {
    expect(expiresLifetime([at(10)], date, NOW + 2000)).toBe(8000)
  })

  it('is 0 when any line is malformed, else that of the earliest', () => {
    expect(expiresLifetime(['0'], at(0), NOW)).toBe(0)
    expect(expiresLifetime(['-1'], undefined, NOW)).toBe(0)
    expect(expiresLifetime([at(60), 'x'], at(0), NOW)).toBe(0)
    expect(expiresLifetime([at(60), at(20), at(40)], at(0), NOW)).toBe(20_000)
  })

  it('is never more than an age can be', () => {
    expect(expiresLifetime(['Fri, 31 Dec 9999 23:59:59 GMT'], at(0), NOW)).toBe(MOST * 1000)
  })

  it('survives more lines than a call has arguments', () => {
    expect(expiresLifetime(Array.from({ length: 200_000 }, () => 'x'), undefined, NOW)).toBe(0)
  })

  it('is a number of ms for any input', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.string(), fc.integer().map(at)), { minLength: 1 }), fc.option(fc.string(), { nil: undefined }), (lines, date) => {
      const lifetime = expiresLifetime(lines, date, NOW)!
      expect(lifetime >= 0 && lifetime <= MOST * 1000).toBe(true)
    }))
  })
})

import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { cacheStatus, type CacheStatus } from '../../src/http/cache-status.js'
import { listMembers } from '../../src/http/fields.js'

describe('cacheStatus', () => {
  test.each<[CacheStatus, string]>([
    [{}, 'seawall'],
    [{ hit: true, ttl: 12 }, 'seawall; hit; ttl=12'],
    [{ hit: true, ttl: -3 }, 'seawall; hit; ttl=-3'],
    [{ hit: false, stored: false, collapsed: false }, 'seawall'],
    [
      { fwd: 'stale', fwdStatus: 304, ttl: 0, stored: true, collapsed: true, detail: 'no-store' },
      'seawall; fwd=stale; fwd-status=304; ttl=0; stored; collapsed; detail=no-store'
    ]
  ])('%j', (status, text) => {
    expect(cacheStatus(status)).toBe(text)
  })

  test.each([
    ['vary-star', 'vary-star'],
    ['*a:b/c', '*a:b/c'],
    ['5xx', '"5xx"'],
    ['', '""'],
    ['a b', '"a b"'],
    ['say "a\\b"', '"say \\"a\\\\b\\""'],
    ['grüße\r\n', '"gr??e??"']
  ])('writes the detail %j as %s', (detail, item) => {
    expect(cacheStatus({ detail })).toBe(`seawall; detail=${item}`)
  })

  it('is one member of a list, whatever the detail says', () => {
    fc.assert(fc.property(fc.string({ unit: fc.nat(0x2ff).map(code => String.fromCharCode(code)) }), detail => {
      const text = cacheStatus({ detail })
      expect([text, listMembers(text)]).toEqual([text, [text]])
      expect(/^[ -~]*$/.test(text)).toBe(true)
    }))
  })
})

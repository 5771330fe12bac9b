import { describe, expect, it } from 'vitest'
import type { RawHeaders, StoreKey } from '../../src/core/types.js'
import { answersGets, type PostAnswer } from '../../src/policy/post.js'
import { WALL, httpDate, routeOf } from '../support/policy.js'

const URL_KEY = 'http://example.com/a?b=1' as StoreKey
const OWN = ['Content-Location', '/a?b=1']
const FRESH = ['Cache-Control', 'max-age=60']

function holds (headers: RawHeaders, changes: Partial<PostAnswer> = {}): boolean {
  return answersGets({ route: routeOf({ storePost: true }), site: 'http://example.com', target: '/a?b=1', url: URL_KEY, status: 200, headers, wall: WALL, ...changes })
}

describe('the answer to a POST answers GETs (RFC 9110 §9.3.3)', () => {
  it('where it names its own URL and a lifetime', () => {
    expect(holds([...OWN, ...FRESH])).toBe(true)
    for (const location of ['?b=1', 'http://example.com/a?b=1', '//EXAMPLE.com:80/a?b=1', '']) {
      expect(holds(['Content-Location', location, ...FRESH]), location).toBe(true)
    }
  })

  it('not unless the route says so', () => {
    expect(holds([...OWN, ...FRESH], { route: routeOf() })).toBe(false)
  })

  it('not without Content-Location, nor with another URL or several (RFC 9110 §8.7)', () => {
    for (const location of ['/a', '/a?b=2', 'https://example.com/a?b=1', 'http://example.org/a?b=1', '/a?b=1, /a?b=1', 'http://[']) {
      expect(holds(['Content-Location', location, ...FRESH]), location).toBe(false)
    }
    expect(holds(FRESH)).toBe(false)
    expect(holds([...OWN, ...OWN, ...FRESH])).toBe(false)
  })

  it('not without explicit freshness (RFC 9111 §4.2.1)', () => {
    expect(holds(OWN)).toBe(false)
    expect(holds([...OWN, 'Cache-Control', 'public', 'Last-Modified', httpDate(-1000)])).toBe(false)
    for (const given of [['Cache-Control', 's-maxage=1'], ['Expires', httpDate(60)], ['CDN-Cache-Control', 'max-age=1']]) expect(holds([...OWN, ...given])).toBe(true)
    // a lifetime the route gives is not the origin's word
    expect(holds(OWN, { route: routeOf({ storePost: true, freshness: { default: 60_000 } }) })).toBe(false)
  })

  it('only with 200, which alone speaks of the resource', () => {
    for (const status of [201, 204, 206, 301, 404, 500]) expect(holds([...OWN, ...FRESH], { status })).toBe(false)
  })

  it('under the key its query rules give', () => {
    const route = routeOf({ storePost: true, key: { query: { ignore: ['utm'], only: undefined, sort: false } } })
    expect(holds(['Content-Location', '/a?utm=x&b=1', ...FRESH], { route })).toBe(true)
  })

  it('not for a Host that URLs cannot name', () => {
    expect(holds([...OWN, ...FRESH], { site: 'http://' })).toBe(false)
  })
})

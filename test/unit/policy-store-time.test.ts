import { describe, expect, it } from 'vitest'
import { POLICY } from '../../src/core/types.js'
import { factsOf, freshFor, httpDate, judge, NOW, refusal, routeOf, stored, WALL } from '../support/policy.js'

const CC = (value: string): string[] => ['Cache-Control', value]
const ETAG = ['ETag', '"a"']
const withAuthorization = { facts: factsOf(['Authorization', 'Bearer x']) }

describe('lifetime (RFC 9111 §4.2.1)', () => {
  it('is s-maxage, else max-age, else Expires − Date', () => {
    const expires = ['Date', httpDate(0), 'Expires', httpDate(30)]
    expect(freshFor([...CC('max-age=60, s-maxage=90'), ...expires])).toBe(90)
    expect(freshFor([...CC('max-age=60'), ...expires])).toBe(60)
    expect(freshFor(expires)).toBe(30)
    expect(refusal(CC('max-age=60, s-maxage=0'))).toBe('!expired')
    expect(freshFor(['Expires', httpDate(10), 'Date', 'foo'])).toBe(10)
  })

  it('is 0 where it cannot be read', () => {
    for (const value of ['max-age=60a', "max-age='60'", 'max-age=-60', 'max-age=60.5', 's-maxage=x, max-age=60']) expect(refusal(CC(value)), value).toBe('!expired')
    expect(refusal(['Expires', '0'])).toBe('!expired')
    expect(refusal(['Expires', httpDate(300), 'Date', httpDate(400)])).toBe('!expired')
  })

  it('is the route\'s where it overrides, caps or fills in', () => {
    const by = (freshness: object, headers: string[], status = 200) => freshFor(headers, { route: routeOf({ freshness }), status })
    expect(by({ override: 5000 }, CC('max-age=60'))).toBe(5)
    expect(by({ override: 5000 }, [])).toBe(5)
    expect(by({ override: 5000 }, CC('max-age=60'), 302)).toBe(5)
    expect(by({ override: 5000 }, CC('max-age=60'), 503)).toBe(60)
    expect(by({ max: 5000 }, CC('max-age=60'))).toBe(5)
    expect(by({ max: 5000 }, CC('max-age=3'))).toBe(3)
    expect(by({ default: 5000 }, [])).toBe(5)
    expect(by({ default: 5000 }, CC('max-age=3'))).toBe(3)
    expect(by({ default: 5000 }, CC('public'), 302)).toBe(5)
    expect(by({ negative: 5000 }, [], 404)).toBe(5)
    expect(by({ negative: 5000 }, [], 410)).toBe(5)
    expect(by({ negative: 5000 }, CC('max-age=3'), 404)).toBe(3)
    expect(by({ default: 5000, heuristic: 0.1 }, ['Last-Modified', httpDate(-100)])).toBe(10)
  })

  it('is not the route\'s default for errors', () => {
    const route = routeOf({ freshness: { default: 5000, override: 5000, negative: 5000 } })
    expect(refusal([], { route, status: 500 })).toBe('status')
    expect(refusal([], { route, status: 403 })).toBe('status')
    expect(refusal([], { route, status: 405 })).toBe('!no-freshness')
  })

  it('is shortened at random, never lengthened', () => {
    const route = routeOf({ freshness: { jitter: 0.5 } })
    expect(freshFor(CC('max-age=60'), { route, random: 0 })).toBe(60)
    expect(freshFor(CC('max-age=60'), { route, random: 0.5 })).toBe(45)
  })

  it('is guessed only where asked for, for at most a day (RFC 9111 §4.2.2)', () => {
    const route = routeOf({ freshness: { heuristic: 0.1 } })
    const modified = ['Last-Modified', httpDate(-1000), 'Date', httpDate(0)]
    expect(refusal(modified)).toBe('!no-freshness')
    for (const status of [200, 203, 204, 404, 405, 410, 414, 501]) expect(freshFor(modified, { route, status }), String(status)).toBe(100)
    for (const status of [201, 202, 403, 502, 503, 504, 599]) expect(refusal(modified, { route, status }), String(status)).toMatch(/^!?status$/)
    expect(freshFor([...modified, ...CC('public')], { route, status: 599 })).toBe(100)
    expect(freshFor(['Last-Modified', httpDate(-1e8)], { route })).toBe(86_400)
    expect(refusal(['Last-Modified', httpDate(10)], { route })).toBe('!no-freshness')
  })
})

describe('age (RFC 9111 §4.2.3)', () => {
  const ageOf = (headers: string[], timing = {}): number => (NOW - stored([...CC('max-age=1000'), ...ETAG, ...headers], timing).bornAt) / 1000

  it('counts Age and the response delay', () => {
    expect(ageOf([])).toBe(0)
    expect(ageOf(['Age', '30'])).toBe(30)
    expect(ageOf(['Age', '30'], { askedAt: NOW - 2000 })).toBe(32)
    expect(ageOf([], { askedAt: NOW - 2000 })).toBe(2)
    expect(ageOf([], { askedAt: NOW + 2000 })).toBe(0)
  })

  it('counts Date, but not its rounding to the second', () => {
    expect(ageOf(['Date', httpDate(-7)])).toBe(7)
    expect(ageOf(['Date', httpDate(-7), 'Age', '30'])).toBe(30)
    expect(ageOf(['Date', httpDate(10)])).toBe(0)
    expect(ageOf(['Date', httpDate(0)], { wall: WALL + 999 })).toBe(0)
    expect(ageOf(['Date', httpDate(0)], { wall: WALL + 1400, askedAt: NOW - 500 })).toBe(0.5)
    expect(ageOf(['Date', httpDate(0)], { wall: WALL + 1600, askedAt: NOW - 500 })).toBe(1.6)
    expect(ageOf(['Date', 'yesterday'])).toBe(0)
  })

  it('makes stale what is older than its lifetime, and what has an Age that cannot be read', () => {
    for (const age of ['7200', 'abc', '-1', '7200.0', '7200;a=b']) expect(refusal([...CC('max-age=3600'), 'Age', age]), age).toBe('!expired')
    expect(refusal([...CC('max-age=3600'), 'Age', '0', 'Age', '0'])).toBe('!expired')
    expect(refusal(['Date', httpDate(-10), 'Expires', httpDate(10), 'Age', '25'])).toBe('!expired')
  })
})

describe('what is stored (RFC 9111 §3)', () => {
  it('is what a GET brought', () => {
    expect(refusal(CC('max-age=60'))).toBe('stored')
    for (const method of ['HEAD', 'POST', 'get']) expect(refusal(CC('max-age=60'), { method })).toBe('method')
  })

  it('with explicit freshness has any final status', () => {
    for (const status of [200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 403, 404, 410, 499, 500, 502, 503, 504, 599]) {
      expect(freshFor(['Expires', httpDate(100)], { status }), String(status)).toBe(100)
    }
  })

  it('is never partial, interim, an answer to a condition, or forbidden by RFC 6585', () => {
    expect(refusal(CC('max-age=60'), { status: 206 })).toBe('partial')
    for (const status of [99, 101, 304, 412, 416, 417, 428, 429, 431, 511, 600, 999]) expect(refusal(CC('max-age=60'), { status }), String(status)).toBe('status')
  })

  it('without explicit freshness has a status that allows it', () => {
    expect(refusal(CC('public').concat(ETAG))).toBe('stored')
    expect(refusal(ETAG, { status: 302 })).toBe('!status')
    expect(refusal(ETAG, { status: 401 })).toBe('status')
    expect(refusal(CC('no-cache').concat(ETAG), { status: 302 })).toBe('!status')
  })

  it('says something of freshness: silence is not consent, whatever validator comes with it', () => {
    expect(refusal([])).toBe('!no-freshness')
    for (const said of [[], CC('must-revalidate'), CC('stale-while-revalidate=9'), CC('extension'), ['Pragma', 'x']]) {
      expect(refusal([...said, ...ETAG]), said[1]).toBe('!no-freshness')
      expect(refusal([...said, 'Last-Modified', httpDate(-9)]), said[1]).toBe('!no-freshness')
    }
    for (const said of [CC('no-cache'), ['Pragma', 'no-cache'], CC('max-age=0'), CC('public'), ['Expires', '0']]) expect(refusal([...said, ...ETAG]), said[1]).toBe('stored')
    expect(refusal(ETAG, { route: routeOf({ freshness: { default: 1000 } }) })).toBe('stored')
    expect(refusal(ETAG, { status: 404 })).toBe('!no-freshness')
    expect(refusal(ETAG, { status: 501 })).toBe('no-freshness')
  })

  it('is not no-store, nor private, in any case or form (§5.2.2.5, §5.2.2.7)', () => {
    expect(refusal(CC('max-age=60, No-Store'))).toBe('!no-store')
    expect(refusal(CC('Private, max-age=60'))).toBe('!private')
    expect(refusal(CC('private="x-a", max-age=60'))).toBe('!private')
    expect(refusal(CC('extension="private, no-store", max-age=60'))).toBe('stored')
    expect(refusal(CC('no-store'), { status: 500 })).toBe('no-store')
    expect(refusal(CC('no-store'), { status: 403 })).toBe('no-store')
    expect(refusal(CC('no-store'), { status: 404 })).toBe('!no-store')
  })

  it('obeys must-understand (§5.2.2.3)', () => {
    expect(refusal(CC('max-age=60, must-understand'), { status: 599 })).toBe('must-understand')
    expect(refusal(CC('max-age=60, must-understand'), { status: 299 })).toBe('!must-understand')
    expect(refusal(CC('max-age=60, must-understand, no-store'))).toBe('stored')
    expect(refusal(CC('max-age=60, must-understand, no-store, private'))).toBe('!private')
  })

  it('can be selected (§4.1)', () => {
    expect(refusal([...CC('max-age=60'), 'Vary', 'a, *'])).toBe('!vary-star')
    expect(refusal([...CC('max-age=60'), 'Vary', 'a b'])).toBe('!bad-vary')
    expect(judge([...CC('max-age=60'), 'Vary', 'B', 'Vary', 'a'])).toMatchObject({ vary: ['a', 'b'] })
  })

  it('sets cookies only where the route says so', () => {
    const headers = [...CC('max-age=60'), 'Set-Cookie', 'a=b']
    expect(refusal(headers)).toBe('!set-cookie')
    expect(refusal(headers, { route: routeOf({ setCookie: 'store' }) })).toBe('stored')
    expect(refusal(headers, { route: routeOf({ setCookie: 'strip' }) })).toBe('stored')
  })

  it('answered credentials only where it says it is for all (§3.5)', () => {
    expect(refusal(['Expires', httpDate(60)], withAuthorization)).toBe('authorization')
    expect(refusal(CC('max-age=60'), withAuthorization)).toBe('authorization')
    expect(refusal(CC('max-age=60, proxy-revalidate'), withAuthorization)).toBe('authorization')
    for (const word of ['public', 'must-revalidate', 's-maxage=60']) expect(refusal(CC(`max-age=60, ${word}`), withAuthorization)).toBe('stored')
    expect(refusal(CC('private'), withAuthorization)).toBe('!private')
    const route = routeOf({ freshness: { override: 5000 } })
    expect(refusal(CC('max-age=60'), { ...withAuthorization, route })).toBe('authorization')
    expect(freshFor(CC('s-maxage=60'), { ...withAuthorization, route })).toBe(5)
  })

  it('was not asked to be forgotten (§5.2.1.5), unless the route ignores clients', () => {
    const facts = factsOf(['Cache-Control', 'no-store'])
    expect(refusal(CC('max-age=60'), { facts })).toBe('request-no-store')
    expect(refusal(CC('max-age=60'), { facts, route: routeOf({ clientDirectives: 'ignore' }) })).toBe('stored')
  })

  it('is of use: fresh, within a window, or with a validator', () => {
    expect(refusal(CC('max-age=0'))).toBe('!expired')
    expect(refusal(CC('max-age=0').concat(ETAG))).toBe('stored')
    expect(refusal([...CC('max-age=0'), 'Last-Modified', httpDate(-9)])).toBe('stored')
    expect(refusal(CC('max-age=0, stale-while-revalidate=9'))).toBe('stored')
    expect(refusal(CC('max-age=0, stale-if-error=9'))).toBe('stored')
    expect(refusal([...CC('max-age=0, stale-if-error=9'), 'Age', '9'])).toBe('!expired')
    expect(refusal(CC('no-cache'))).toBe('!no-freshness')
    expect(refusal(CC('no-cache, max-age=60'))).toBe('!no-freshness')
  })
})

describe('validators', () => {
  const validators = (headers: string[]) => judge([...CC('max-age=60'), ...headers])

  it('are kept as sent', () => {
    expect(validators(['ETag', 'W/"a,b"', 'Last-Modified', httpDate(-9)])).toMatchObject({ etag: 'W/"a,b"', lastModified: httpDate(-9) })
  })

  it('that could match what is not stored are none', () => {
    for (const etag of ['*', '"a", "b"', 'a', '', 'W/a']) expect(validators(['ETag', etag]), etag).toMatchObject({ etag: undefined })
    expect(validators(['ETag', '"a"', 'ETag', '"a"'])).toMatchObject({ etag: undefined })
    for (const date of ['never', '']) expect(validators(['Last-Modified', date])).toMatchObject({ lastModified: undefined })
  })
})

describe('policy', () => {
  const windows = (value: string, stale = {}): number[] => {
    const { freshUntil, swrUntil, sieUntil } = stored([...CC(value), ...ETAG], { route: routeOf({ stale }) })
    return [swrUntil - freshUntil, sieUntil - freshUntil]
  }
  const byRoute = { whileRevalidate: 7000, ifError: 8000 }

  it('has the response\'s stale windows, else the route\'s (RFC 5861)', () => {
    expect(windows('max-age=60, stale-while-revalidate=3, stale-if-error=4', byRoute)).toEqual([3000, 4000])
    expect(windows('max-age=60', byRoute)).toEqual([7000, 8000])
    expect(windows('max-age=60, stale-if-error=0', byRoute)).toEqual([7000, 0])
    expect(windows('max-age=60, stale-if-error=x', byRoute)).toEqual([7000, 0])
    expect(windows('max-age=60')).toEqual([0, 0])
  })

  it('has none past no-cache, must-revalidate, proxy-revalidate (RFC 9111 §4.2.4)', () => {
    for (const word of ['no-cache', 'must-revalidate', 'proxy-revalidate', 's-maxage=60, Must-Revalidate']) {
      expect(windows(`max-age=60, stale-while-revalidate=3, stale-if-error=4, ${word}`, byRoute), word).toEqual([0, 0])
    }
  })

  it('has the origin\'s own past s-maxage, not the route\'s (RFC 9111 §5.2.2.10)', () => {
    expect(windows('s-maxage=60')).toEqual([0, 0])
    expect(windows('s-maxage=60, max-age=60', byRoute)).toEqual([0, 0])
    expect(windows('s-maxage=60, stale-while-revalidate=3', byRoute)).toEqual([3000, 0])
    expect(windows('s-maxage=60, stale-if-error=3', byRoute)).toEqual([0, 3000])
  })

  it('has no route\'s window where nobody gave a lifetime', () => {
    const { freshUntil, swrUntil, sieUntil } = stored([...CC('public'), ...ETAG], { route: routeOf({ stale: byRoute }) })
    expect([freshUntil, swrUntil, sieUntil]).toEqual([NOW, NOW, NOW])
  })

  it('has flags', () => {
    const flags = (value: string): number => stored([...CC(value), ...ETAG]).flags
    expect(flags('max-age=60')).toBe(0)
    expect(flags('no-cache')).toBe(POLICY.noCache)
    expect(flags('no-cache="x"')).toBe(POLICY.noCache)
    for (const word of ['must-revalidate', 'proxy-revalidate', 's-maxage=9']) expect(flags(`max-age=9, ${word}`)).toBe(POLICY.mustRevalidate)
    expect(flags('max-age=60, immutable')).toBe(POLICY.immutable)
  })

  it('takes Pragma: no-cache for no-cache where it stands alone (RFC 9111 §5.4)', () => {
    expect(stored(['Pragma', 'No-Cache', 'Expires', httpDate(60), ...ETAG]).flags).toBe(POLICY.noCache)
    expect(stored(['Pragma', 'no-cache', ...CC('max-age=60')]).flags).toBe(0)
    expect(refusal(['Pragma', 'no-cache', 'Expires', httpDate(60)])).toBe('!no-freshness')
  })

  it('keeps what may still be used or revalidated', () => {
    const route = routeOf({ keepStale: 100_000 })
    const kept = (headers: string[]): number => (stored(headers, { route }).keepUntil - NOW) / 1000
    expect(kept(CC('max-age=60'))).toBe(60)
    expect(kept(CC('max-age=60, stale-while-revalidate=5, stale-if-error=9'))).toBe(69)
    expect(kept([...CC('max-age=60'), ...ETAG])).toBe(160)
    expect(kept([...CC('max-age=60, stale-if-error=900'), ...ETAG])).toBe(960)
    expect(kept(['Expires', httpDate(-5000), 'Date', httpDate(0), ...ETAG])).toBe(100)
    expect(kept([...CC('max-age=10'), 'Age', '5000', ...ETAG])).toBe(100)
  })

  it('remembers when the origin was asked', () => {
    expect(stored(CC('max-age=60'), { askedAt: NOW - 5 }).askedAt).toBe(NOW - 5)
  })
})

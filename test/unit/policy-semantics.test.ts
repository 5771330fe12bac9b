import * as fc from 'fast-check'
import CachePolicy from 'http-cache-semantics'
import { describe, expect, it } from 'vitest'
import { readResponse } from '../../src/policy/response.js'
import { secondOpinion } from '../../src/policy/semantics.js'
import { factsOf, freshFor, httpDate, judge, NOW, refusal, routeOf, WALL } from '../support/policy.js'

const options = { heuristic: 0, understood: false }
const opinion = (headers: string[], status = 200) => secondOpinion(readResponse(status, headers, WALL, []), undefined, { authorization: false }, options)

describe('the second opinion', () => {
  it('sees no-store, private and credentials by itself', () => {
    expect(opinion(['Cache-Control', 'No-Store'])).toMatchObject({ storable: false })
    expect(opinion(['Cache-Control', 'Private, max-age=60'])).toMatchObject({ storable: false })
    expect(secondOpinion(readResponse(200, [], WALL, []), undefined, { authorization: true }, options).storable).toBe(false)
  })

  it('does not see what it would misread', () => {
    expect(freshFor(['Cache-Control', 'max-age=60, proxy-revalidate'])).toBe(60)
    expect(freshFor(['Cache-Control', 's-maxage=60'], { status: 500 })).toBe(60)
    expect(freshFor(['Cache-Control', 'max-age=60', 'Set-Cookie', 'a=b'], { route: routeOf({ setCookie: 'store' }) })).toBe(60)
    expect(freshFor(['Cache-Control', 'no-store, must-understand, max-age=60'])).toBe(60)
    expect(freshFor(['Cache-Control', 'foo="no-store, private", max-age=60'])).toBe(60)
    expect(freshFor(['Cache-Control', 'no-store', 'Cache-Control', 'must-understand, max-age=60'])).toBe(60)
  })

  it('reads Expires and Last-Modified as we do', () => {
    expect(opinion(['Expires', httpDate(60)])).toEqual({ storable: true, lifetime: 60_000 })
    expect(opinion(['Expires', '0'])).toEqual({ storable: true, lifetime: 0 })
    expect(freshFor(['Last-Modified', httpDate(-1000)], { route: routeOf({ freshness: { heuristic: 0.25 } }) })).toBe(250)
  })

  it('answers in time linear in the input', () => {
    const spaces = ' '.repeat(60_000)
    const started = performance.now()
    judge(['Cache-Control', `max-age=60,${spaces}x`, 'Vary', `a${spaces}b`, 'Pragma', spaces, 'Age', spaces, 'Expires', spaces, 'ETag', spaces, 'Connection', spaces])
    expect(performance.now() - started).toBeLessThan(100)
  })
})

const directive = fc.constantFrom(
  'no-store', 'no-cache', 'private', 'public', 'must-revalidate', 'proxy-revalidate', 'immutable', 'max-age=0', 'max-age=60',
  's-maxage=0', 's-maxage=90', 'stale-while-revalidate=5', 'extension'
)
const date = fc.constantFrom(undefined, -100, 0, 50, 1000)
const canonical = fc.record({
  cc: fc.uniqueArray(directive, { maxLength: 5, selector: d => d.split('=')[0] }), expires: date, modified: date,
  etag: fc.boolean(), authorization: fc.boolean(), status: fc.constantFrom(200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501),
  heuristic: fc.constantFrom(0, 0.1)
})

describe('storing', () => {
  it('is never looser than http-cache-semantics on canonical input', () => {
    fc.assert(fc.property(canonical, c => {
      const headers: Record<string, string> = { date: httpDate(0) }
      if (c.cc.length > 0) headers['cache-control'] = c.cc.join(', ')
      if (c.expires !== undefined) headers.expires = httpDate(c.expires)
      if (c.modified !== undefined) headers['last-modified'] = httpDate(c.modified)
      if (c.etag) headers.etag = '"a"'
      const authorization: Record<string, string> = c.authorization ? { authorization: 'x' } : {}
      const library = new CachePolicy({ method: 'GET', url: '/', headers: authorization }, { status: c.status, headers }, { cacheHeuristic: c.heuristic, immutableMinTimeToLive: 0 })
      const ours = judge(Object.entries(headers).flat(), {
        status: c.status, route: routeOf({ freshness: { heuristic: c.heuristic } }), facts: factsOf(Object.entries(authorization).flat())
      })
      if (ours.kind === 'refuse') return
      expect(library.storable()).toBe(true)
      // proxy-revalidate forbids only stale use (RFC 9111 §5.2.2.8); the library takes it for a lifetime of 0
      if (!c.cc.includes('proxy-revalidate')) expect(ours.policy.freshUntil - NOW).toBeLessThanOrEqual(library.maxAge() * 1000)
    }), { numRuns: 3000 })
  })

  it('never throws, and malformed fields never make a response more reusable', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\\', '=', '6', '0', '-', ';', '*', '\t', 'é'), maxLength: 20 })
    const name = fc.constantFrom('Cache-Control', 'Expires', 'Age', 'Vary', 'ETag', 'Last-Modified', 'Date', 'Pragma')
    fc.assert(fc.property(fc.array(fc.tuple(name, text), { maxLength: 6 }), fields => {
      const noise = fields.flat()
      // a lifetime comes only from what was well-formed, so beside noise there is at most the one that stands here
      expect(refusal([...noise, 'Cache-Control', 'no-store'])).not.toBe('stored')
      expect(refusal([...noise, 'Cache-Control', 'private'])).not.toBe('stored')
      const verdict = judge([...noise, 'Cache-Control', 'max-age=60'])
      if (verdict.kind === 'store') expect(verdict.policy.freshUntil - NOW).toBeLessThanOrEqual(60_000)
    }), { numRuns: 3000 })
  })
})

/** How long a response is fresh, how old it is, and what a route says of both (RFC 9111 §4.2, §5.1). */
import { describe, expect, it } from 'vitest'
import { answer } from '../support/origin.js'
import { cacheStatus, expectFreshFor, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()
const MISS = 'seawall; fwd=uri-miss; fwd-status=200; stored'

/** Answers every path with the fields `fields` makes of it when it is asked. */
function says (s: Scene, fields: () => Record<string, string>, status = 200): void {
  s.origin.on((request, response, count) => answer(fields(), `answer ${count}`, status)(request, response, count))
}

describe('lifetime', () => {
  it('is s-maxage, else max-age, else Expires minus Date', async () => {
    const s = await scene()
    const rows: [() => Record<string, string>, number][] = [
      [() => ({ 'cache-control': 'max-age=60' }), 60],
      [() => ({ 'cache-control': 'max-age=60, s-maxage=90' }), 90],
      [() => ({ 'cache-control': 's-maxage=30, max-age=60' }), 30],
      [() => ({ 'cache-control': 'max-age=60', expires: s.date(5) }), 60],
      [() => ({ 'cache-control': 's-maxage=60', expires: s.date(-5) }), 60],
      [() => ({ 'cache-control': 'public', expires: s.date(20) }), 20],
      [() => ({ expires: s.date(20) }), 20]
    ]
    for (const [i, [fields, seconds]] of rows.entries()) {
      says(s, fields)
      await expectFreshFor(s, `/${i}`, seconds, JSON.stringify(fields()))
    }
  })

  it('by Expires is counted on the clock of the origin', async () => {
    const s = await scene()
    says(s, () => ({ date: s.date(3600), expires: s.date(3600 + 20) }))
    await expectFreshFor(s, '/ahead', 20)
    says(s, () => ({ date: s.date(-100), expires: s.date(20) }))
    await expectFreshFor(s, '/behind', 20)
  })

  it('is none where 0 is given', async () => {
    const s = await scene()
    for (const [i, fields] of [{ 'cache-control': 'max-age=0' }, { 'cache-control': 's-maxage=0, max-age=60' }, { expires: '0' }, { expires: s.date(-1) }].entries()) {
      says(s, () => fields)
      expect(cacheStatus(await s.get(`/${i}`)), JSON.stringify(fields)).toBe('seawall; fwd=uri-miss; fwd-status=200; detail=expired')
      expect(isHit(await s.get(`/${i}`)), JSON.stringify(fields)).toBe(false)
    }
  })
})

describe('Age and Date', () => {
  it('come with everything out of the store, Age counting and Date as the origin sent it', async () => {
    const s = await scene()
    const date = s.date()
    says(s, () => ({ 'cache-control': 'max-age=60', etag: '"a"' }))
    const first = await s.get('/')
    expect(first.headers).toMatchObject({ date, 'cache-status': MISS })
    expect(first.headers.age).toBeUndefined()
    const asked = [['GET', {}, 200], ['HEAD', {}, 200], ['GET', { range: 'bytes=0-1' }, 206], ['GET', { 'if-none-match': '"a"' }, 304]] as const
    for (const [i, [method, headers, status]] of asked.entries()) {
      s.pass(1.5)
      const age = [1, 3, 4, 6][i]!
      const ttl = [58, 57, 55, 54][i]!
      const reply = await s.proxy.get('/', { method, headers })
      expect(reply).toMatchObject({ status, headers: { date, age: String(age), 'cache-status': `seawall; hit; ttl=${ttl}` } })
      expect(reply.rawHeaders.filter(name => /^(age|date)$/i.test(name))).toHaveLength(2)
    }
    expect(s.origin.count()).toBe(1)
  })

  it('Date stays as it is in whatever form it came, and is added, once, where there was none', async () => {
    const s = await scene()
    const odd = 'Thursday, 01-Jan-26 00:00:00 GMT'
    says(s, () => ({ 'cache-control': 'max-age=60', date: odd }))
    for (const seconds of [0, 7]) {
      s.pass(seconds)
      expect((await s.get('/odd')).headers.date).toBe(odd)
    }
    s.origin.on((_, response) => {
      response.removeHeader('Date')
      response.sendDate = false
      response.writeHead(200, { 'cache-control': 'max-age=60' }).end('undated')
    })
    const received = s.date()
    for (const seconds of [0, 7]) {
      s.pass(seconds)
      expect((await s.get('/undated')).headers.date).toBe(received)
    }
    expect(s.origin.count()).toBe(2)
  })

  it('what a cache before us says of its age counts', async () => {
    const s = await scene()
    says(s, () => ({ 'cache-control': 'max-age=60', age: '40' }))
    expect((await s.get('/')).headers.age).toBe('40')
    s.pass(5)
    expect((await s.get('/')).headers).toMatchObject({ age: '45', 'cache-status': 'seawall; hit; ttl=15' })
    await expectFreshFor(s, '/', 15)
    says(s, () => ({ 'cache-control': 'max-age=60', age: 'old' }))
    expect(cacheStatus(await s.get('/unreadable'))).toContain('detail=expired')
  })

  it('a Date in the past is age, even without Age; the larger of the two counts', async () => {
    const s = await scene()
    says(s, () => ({ 'cache-control': 'max-age=60', date: s.date(-20) }))
    await s.get('/past')
    expect((await s.get('/past')).headers.age).toBe('20')
    await expectFreshFor(s, '/past', 40)
    says(s, () => ({ 'cache-control': 'max-age=60', date: s.date(-20), age: '30' }))
    await expectFreshFor(s, '/both', 30)
    says(s, () => ({ 'cache-control': 'max-age=60', date: s.date(3600) }))
    await expectFreshFor(s, '/future', 60)
  })

  it('the time the origin took is age', async () => {
    const s = await scene()
    s.origin.on((request, response, count) => {
      s.pass(5)
      answer({ 'cache-control': 'max-age=60' })(request, response, count)
    })
    await s.get('/slow')
    expect((await s.get('/slow')).headers).toMatchObject({ age: '5', 'cache-status': 'seawall; hit; ttl=55' })
    await expectFreshFor(s, '/slow', 55)
  })

  it('of what comes straight from the origin nothing is said', async () => {
    const s = await scene()
    says(s, () => ({ 'cache-control': 'no-store' }))
    expect((await s.get('/')).headers.age).toBeUndefined()
  })
})

describe('a route\'s freshness', () => {
  it('default: a lifetime for answers that carry none, never for errors', async () => {
    const s = await scene({ route: { freshness: { default: '30s' } } })
    says(s, () => ({}))
    await expectFreshFor(s, '/silent', 30)
    says(s, () => ({ 'cache-control': 'max-age=10' }))
    await expectFreshFor(s, '/own', 10)
    says(s, () => ({ 'cache-control': 'no-store' }))
    expect(cacheStatus(await s.get('/forbidden'))).toContain('detail=no-store')
    for (const status of [403, 404, 500, 503]) {
      says(s, () => ({}), status)
      await s.get(`/${status}`)
      expect(isHit(await s.get(`/${status}`)), String(status)).toBe(false)
    }
  })

  it('negative: a lifetime for 404 and 410 that carry none', async () => {
    const s = await scene({ route: { freshness: { negative: '10s' } } })
    for (const status of [404, 410]) {
      says(s, () => ({}), status)
      await expectFreshFor(s, `/${status}`, 10)
    }
    says(s, () => ({ 'cache-control': 'max-age=60' }), 404)
    await expectFreshFor(s, '/own', 60)
    says(s, () => ({}), 200)
    expect(cacheStatus(await s.get('/found'))).toContain('detail=no-freshness')
  })

  it('override: in the place of whatever the origin gave, but not of its no', async () => {
    const s = await scene({ route: { freshness: { override: '5s' } } })
    for (const [i, value] of ['max-age=60', 'max-age=1', 's-maxage=60'].entries()) {
      says(s, () => ({ 'cache-control': value }))
      await expectFreshFor(s, `/${i}`, 5, value)
    }
    for (const value of ['no-store', 'private']) {
      says(s, () => ({ 'cache-control': `${value}, max-age=60` }))
      expect(cacheStatus(await s.get(`/${value}`))).toContain(`detail=${value}`)
    }
  })

  it('max: no lifetime is longer', async () => {
    const s = await scene({ route: { freshness: { max: '20s' } } })
    says(s, () => ({ 'cache-control': 'max-age=60' }))
    await expectFreshFor(s, '/long', 20)
    says(s, () => ({ 'cache-control': 'max-age=10' }))
    await expectFreshFor(s, '/short', 10)
  })

  it('jitter: lifetimes are shortened by chance, up to the fraction', async () => {
    let chance = 0
    const s = await scene({ route: { freshness: { jitter: 0.5 } }, random: () => chance })
    says(s, () => ({ 'cache-control': 'max-age=60' }))
    for (const [drawn, seconds] of [[0, 60], [0.5, 45], [0.99, 30.3]] as const) {
      chance = drawn
      await expectFreshFor(s, `/${drawn}`, seconds)
    }
  })

  it('heuristic: a fraction of the time since Last-Modified, and nothing is guessed unasked', async () => {
    const guesses = await scene({ route: { freshness: { heuristic: 0.1 } } })
    says(guesses, () => ({ 'last-modified': guesses.date(-1000) }))
    await expectFreshFor(guesses, '/', 100)
    const s = await scene()
    says(s, () => ({ 'last-modified': s.date(-1000) }))
    expect(cacheStatus(await s.get('/'))).toBe('seawall; fwd=uri-miss; fwd-status=200; detail=no-freshness')
    expect(isHit(await s.get('/'))).toBe(false)
  })
})

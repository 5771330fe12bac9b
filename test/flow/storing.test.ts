/** What is stored and what is not, and what the answer says of why (RFC 9111 §3, §5.2.2). */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { waiting } from '../support/fills.js'
import { answer } from '../support/origin.js'
import { cacheStatus, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()
type Fields = Record<string, string | string[]>

/** Every answer is another: its body counts. */
function says (s: Scene, fields: Fields, status = 200): void {
  s.origin.on((request, response, count) => answer(fields, `answer ${count}`, status)(request, response, count))
}

/** Asks twice: the second answer is a hit. */
async function expectStored (s: Scene, path: string, fields: Fields, status = 200): Promise<void> {
  says(s, fields, status)
  const message = `${status} ${JSON.stringify(fields)}`
  const first = await s.get(path)
  expect(cacheStatus(first), message).toBe(`seawall; fwd=uri-miss; fwd-status=${status}; stored`)
  const second = await s.get(path)
  expect(second, message).toMatchObject({ status, body: first.body, headers: { 'cache-status': expect.stringMatching(/^seawall; hit; ttl=\d+$/) } })
}

/** Asks twice: the origin answers both, and the answer says `why` it is not kept. */
async function expectRefused (s: Scene, path: string, fields: Fields, why: string, status = 200): Promise<void> {
  says(s, fields, status)
  const message = `${status} ${JSON.stringify(fields)}`
  const first = await s.get(path)
  expect(cacheStatus(first), message).toBe(`seawall; fwd=uri-miss; fwd-status=${status}; detail=${why}`)
  const second = await s.get(path)
  expect(cacheStatus(second), message).toBe(cacheStatus(first))
  expect(second.body, message).not.toBe(first.body)
  expect(s.origin.count(path), message).toBe(2)
}

describe('Cache-Control of responses', () => {
  it('forbids storing, whatever its case', async () => {
    const s = await scene()
    const rows = [
      ['no-store', 'no-store'], ['No-Store, max-age=60', 'no-store'], ['max-age=60, NO-STORE', 'no-store'],
      ['private', 'private'], ['PRIVATE, s-maxage=60', 'private'], ['max-age=60, private="set-cookie"', 'private'],
      ['public, private, max-age=60', 'private'], ['no-cache', 'no-freshness'], ['No-Cache, max-age=60', 'no-freshness']
    ] as const
    for (const [i, [value, why]] of rows.entries()) await expectRefused(s, `/${i}`, { 'cache-control': value }, why)
    await expectRefused(s, '/lines', { 'cache-control': ['max-age=60', 'no-store'] }, 'no-store')
  })

  it('allows it, whatever its case', async () => {
    const s = await scene()
    const rows = [
      'max-age=60', 'MAX-AGE=60', 'S-MaxAge=60', 'max-age="60"', 'public, max-age=60', ' max-age=60 ,, x', 'max-age=60, must-revalidate',
      'max-age=60, proxy-revalidate', 'max-age=60, x="private, no-store"', 'max-age=60, no-transform'
    ]
    for (const [i, value] of rows.entries()) await expectStored(s, `/${i}`, { 'cache-control': value })
  })

  it('malformed errs to the safe side', async () => {
    const s = await scene()
    for (const [i, value] of [
      'max-age=60a', 'max-age=-60', 'max-age=60.5', "max-age='60'", 'max-age', 'max-age=', 'max-age="60', 'max-age=60 60', 's-maxage=x, max-age=60',
      'max-age=60, max-age=0', 'max-age=60, max-age=x'
    ].entries()) await expectRefused(s, `/${i}`, { 'cache-control': value }, 'expired')
    await expectRefused(s, '/semicolon', { 'cache-control': 'max-age=60; private' }, 'private')
    await expectRefused(s, '/quote', { 'cache-control': 'max-age=60, no-store"' }, 'no-store')
    says(s, { 'cache-control': 'max-age=60, max-age=20' })
    await s.get('/twice')
    expect(cacheStatus(await s.get('/twice'))).toBe('seawall; hit; ttl=20')
  })

  it('no-cache with a validator is stored, and never used without asking', async () => {
    const s = await scene()
    s.origin.on((request, response, count) => {
      const known = request.headers['if-none-match'] === '"a"'
      answer({ 'cache-control': 'no-cache, max-age=60', etag: '"a"' }, known ? '' : 'kept', known ? 304 : 200)(request, response, count)
    })
    expect(cacheStatus(await s.get('/'))).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
    for (const count of [2, 3]) {
      expect(await s.get('/')).toMatchObject({ status: 200, body: 'kept', headers: { 'cache-status': expect.stringMatching(/^seawall; fwd=stale; fwd-status=304; ttl=0$/) } })
      expect(s.origin.count()).toBe(count)
    }
  })

  it('must-understand stores what is understood, over no-store even, and nothing else', async () => {
    const s = await scene()
    await expectStored(s, '/known', { 'cache-control': 'max-age=60, must-understand, no-store' })
    await expectRefused(s, '/unknown', { 'cache-control': 'max-age=60, must-understand' }, 'must-understand', 299)
    await expectRefused(s, '/malformed', { 'cache-control': 'max-age=60, must-understand=x, no-store' }, 'no-store')
  })
})

describe('silence', () => {
  it('is not consent: no lifetime, nothing stored, whatever validator comes with it', async () => {
    const s = await scene()
    const rows: Fields[] = [
      {}, { etag: '"a"' }, { 'last-modified': s.date(-1000) }, { 'cache-control': 'must-revalidate', etag: '"a"' },
      { 'cache-control': 'stale-while-revalidate=60, stale-if-error=60', etag: '"a"' }, { vary: 'cookie', etag: '"a"' }
    ]
    for (const [i, fields] of rows.entries()) await expectRefused(s, `/${i}`, fields, 'no-freshness')
    await expectRefused(s, '/gone', { etag: '"a"' }, 'no-freshness', 404)
  })

  it('is never shared by those who ask at once, nor do they wait once it is known', async () => {
    const s = await scene()
    const sessions = Array.from({ length: 10 }, (_, i) => `session=${i}`)
    let gate = barrier()
    let atOrigin = 0
    s.origin.on(async (request, response, count) => {
      atOrigin++
      await gate.passed
      answer({ etag: '"same"' }, `for ${request.headers.cookie}`)(request, response, count)
    })
    const ask = () => sessions.map(cookie => s.get('/me', { cookie }))
    const first = ask()
    await waiting(s.proxy, 9)
    gate.open()
    expect((await Promise.all(first)).map(r => r.body)).toEqual(sessions.map(c => `for ${c}`))
    gate = barrier()
    atOrigin = 0
    const again = ask()
    await until('all are at the origin side by side', () => atOrigin === 10)
    gate.open()
    expect((await Promise.all(again)).map(r => r.body)).toEqual(sessions.map(c => `for ${c}`))
  })

  it('leaves conditions to the origin', async () => {
    const s = await scene()
    s.origin.on((request, response, count) => {
      const known = request.headers['if-none-match'] === '"mine"'
      answer({ etag: '"mine"' }, known ? '' : 'whole', known ? 304 : 200)(request, response, count)
    })
    await s.get('/')
    const reply = await s.get('/', { 'if-none-match': '"mine"' })
    expect(reply).toMatchObject({ status: 304, headers: { etag: '"mine"' } })
    expect((await s.get('/')).body).toBe('whole')
  })

  it('ends where the origin names a lifetime of none: that is stored to be validated', async () => {
    const s = await scene()
    for (const [i, fields] of [{ 'cache-control': 'max-age=0', etag: '"a"' }, { expires: '0', etag: '"a"' }, { 'cache-control': 'no-cache', etag: '"a"' }].entries()) {
      says(s, fields)
      expect(cacheStatus(await s.get(`/${i}`)), JSON.stringify(fields)).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
      await s.get(`/${i}`)
      expect(s.origin.seen.at(-1)!.headers['if-none-match'], JSON.stringify(fields)).toBe('"a"')
    }
  })
})

describe('other fields of responses', () => {
  it('Vary: * is never stored, nor one that cannot be read', async () => {
    const s = await scene()
    await expectRefused(s, '/star', { 'cache-control': 'max-age=60', vary: '*' }, 'vary-star')
    await expectRefused(s, '/among', { 'cache-control': 'max-age=60', vary: ['accept', 'accept-language, *'] }, 'vary-star')
    await expectRefused(s, '/bad', { 'cache-control': 'max-age=60', vary: 'accept language' }, 'bad-vary')
  })

  it('Set-Cookie is refused unless the route stores or strips it', async () => {
    const fields = { 'cache-control': 'max-age=60', 'set-cookie': ['a=1', 'b=2'] }
    await expectRefused(await scene(), '/', fields, 'set-cookie')
    const storing = await scene({ route: { setCookie: 'store' } })
    await expectStored(storing, '/', fields)
    expect((await storing.get('/')).headers['set-cookie']).toEqual(['a=1', 'b=2'])
    const stripping = await scene({ route: { setCookie: 'strip' } })
    await expectStored(stripping, '/', fields)
    expect((await stripping.get('/')).headers['set-cookie']).toBeUndefined()
  })

  it('strip takes Set-Cookie off a 304 as well, and leaves it on what is not stored', async () => {
    const s = await scene({ route: { setCookie: 'strip' } })
    s.origin.on((request, response, count) => {
      const known = request.headers['if-none-match'] !== undefined
      answer({ 'cache-control': 'max-age=60', etag: '"a"', 'set-cookie': `one=${count}` }, known ? '' : 'kept', known ? 304 : 200)(request, response, count)
    })
    await s.get('/')
    s.pass(61)
    const validated = await s.get('/')
    expect(cacheStatus(validated)).toContain('fwd-status=304')
    for (const reply of [validated, await s.get('/')]) expect(reply.headers['set-cookie']).toBeUndefined()
    says(s, { 'cache-control': 'no-store', 'set-cookie': 'mine=1' })
    expect((await s.get('/session')).headers['set-cookie']).toEqual(['mine=1'])
  })
})

describe('credentials', () => {
  const user = (name: string) => ({ authorization: `Bearer ${name}` })

  it('what answered them is stored only where it is marked for all', async () => {
    const s = await scene()
    for (const value of ['max-age=60', 'max-age=60, proxy-revalidate', 'max-age=60, immutable']) {
      says(s, { 'cache-control': value })
      const path = `/${encodeURIComponent(value)}`
      const first = await s.get(path, user('ann'))
      expect(cacheStatus(first), value).toBe('seawall; fwd=uri-miss; fwd-status=200; detail=authorization')
      const bodies = [first, await s.get(path, user('ann')), await s.get(path, user('ben')), await s.get(path)].map(r => r.body)
      expect(new Set(bodies).size, value).toBe(4)
    }
    for (const value of ['public, max-age=60', 's-maxage=60', 'max-age=60, must-revalidate']) {
      says(s, { 'cache-control': value })
      const path = `/${encodeURIComponent(value)}`
      const first = await s.get(path, user('ann'))
      expect(cacheStatus(first), value).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
      for (const headers of [user('ben'), {}]) {
        const again = await s.get(path, headers)
        expect(isHit(again), value).toBe(true)
        expect(again.body, value).toBe(first.body)
      }
    }
  })

  it('may be answered with what is stored without them', async () => {
    const s = await scene()
    says(s, { 'cache-control': 'max-age=60' })
    const { body } = await s.get('/')
    const again = await s.get('/', user('ann'))
    expect(isHit(again)).toBe(true)
    expect(again.body).toBe(body)
  })
})

describe('statuses and methods', () => {
  it('any final status is stored with explicit freshness, unknown ones too', async () => {
    const s = await scene()
    for (const status of [200, 203, 204, 299, 301, 302, 307, 308, 404, 410, 451, 499, 500, 503]) {
      says(s, { 'cache-control': 'max-age=60' }, status)
      await s.get(`/${status}`)
      const again = await s.get(`/${status}`)
      expect(again.status).toBe(status)
      expect(isHit(again), String(status)).toBe(true)
    }
  })

  it('unknown ones are not stored without it, nor those that only answer a request', async () => {
    const s = await scene()
    await expectRefused(s, '/silent', {}, 'status', 299)
    await expectRefused(s, '/marked', { etag: '"a"', 'cache-control': 'no-cache' }, 'status', 299)
    for (const status of [412, 416, 417, 428, 429, 431, 511]) await expectRefused(s, `/${status}`, { 'cache-control': 'max-age=60' }, 'status', status)
  })

  it('only what a GET brought is stored, and it answers GET and HEAD alone', async () => {
    const s = await scene()
    says(s, { 'cache-control': 'public, max-age=60' })
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY']) {
      const path = `/${method}`
      const first = await s.proxy.get(path, { method })
      expect(cacheStatus(first), method).toBe('seawall; fwd=method; fwd-status=200; detail=method')
      expect(cacheStatus(await s.get(path)), method).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
      expect((await s.proxy.get(path, { method })).headers.age, method).toBeUndefined()
      expect(s.origin.count(path), method).toBe(3)
    }
    await s.proxy.get('/head', { method: 'HEAD' })
    expect(cacheStatus(await s.get('/head'))).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
    expect(isHit(await s.proxy.get('/head', { method: 'HEAD' }))).toBe(true)
  })

  it('a route without caching passes everything', async () => {
    const s = await scene({ route: { cache: false } })
    says(s, { 'cache-control': 'public, max-age=60' })
    const bodies = []
    for (let i = 0; i < 2; i++) {
      const reply = await s.get('/')
      expect(cacheStatus(reply)).toBe('seawall; fwd=bypass; fwd-status=200; detail=route')
      bodies.push(reply.body)
    }
    expect(bodies).toEqual(['answer 1', 'answer 2'])
  })
})

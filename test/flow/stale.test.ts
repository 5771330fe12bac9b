/** Stale answers: when they may be given, when never, and what refreshes them (RFC 9111 §4.2.4, RFC 5861). */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { quiet } from '../support/fills.js'
import { answer, type Handler } from '../support/origin.js'
import { cacheStatus, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()
const ROUTE = { stale: { whileRevalidate: '30s', ifError: '300s' } }
const control = (value: string) => ({ 'cache-control': value })

/** Stores `good` under the path with this Cache-Control, and lets it grow `seconds` old. */
async function aged (s: Scene, path: string, value: string, seconds: number, fields: Record<string, string> = {}): Promise<void> {
  s.origin.on(answer({ ...control(value), ...fields }, 'good'))
  expect(cacheStatus(await s.get(path)), value).toContain('stored')
  s.pass(seconds)
}

describe('stale-while-revalidate', () => {
  it('answers at once and refreshes behind the answer, once however many ask', async () => {
    const s = await scene()
    await aged(s, '/', 'max-age=10, stale-while-revalidate=30', 15)
    const gate = barrier()
    s.origin.on(async (request, response, count) => {
      await gate.passed
      await answer(control('max-age=10'), 'new')(request, response, count)
    })
    for (const reply of await Promise.all(Array.from({ length: 20 }, () => s.get('/')))) {
      expect(reply).toMatchObject({ status: 200, body: 'good', headers: { age: '15', 'cache-status': 'seawall; hit; ttl=-5; detail=stale-while-revalidate' } })
    }
    await until('the refresh is at the origin', () => s.origin.count() === 2)
    gate.open()
    await quiet(s.proxy)
    expect(await s.get('/')).toMatchObject({ body: 'new', headers: { age: '0', 'cache-status': 'seawall; hit; ttl=10' } })
    expect(s.origin.count()).toBe(2)
    expect((await s.proxy.stats())['origin']).toMatchObject({ backgroundRefreshes: 1 })
  })

  it('is one refresh for those with credentials and those without', async () => {
    const s = await scene()
    await aged(s, '/', 'public, max-age=10, stale-while-revalidate=30', 15)
    const gate = barrier()
    s.origin.on(async (request, response, count) => {
      await gate.passed
      await answer(control('public, max-age=10'), 'new')(request, response, count)
    })
    for (const headers of [{ authorization: 'Bearer ann' }, {}, { authorization: 'Bearer ben' }] as Record<string, string>[]) {
      expect((await s.get('/', headers)).body).toBe('good')
    }
    gate.open()
    await quiet(s.proxy)
    expect(s.origin.count()).toBe(2)
  })

  it('refreshes by a conditional request where it can', async () => {
    const s = await scene()
    await aged(s, '/', 'max-age=10, stale-while-revalidate=30', 15, { etag: '"v1"' })
    s.origin.on(answer({ ...control('max-age=10'), etag: '"v1"' }, '', 304))
    expect((await s.get('/')).body).toBe('good')
    await quiet(s.proxy)
    expect(s.origin.seen[1]!.headers['if-none-match']).toBe('"v1"')
    expect(await s.get('/')).toMatchObject({ body: 'good', headers: { age: '0', 'cache-status': 'seawall; hit; ttl=10' } })
  })

  it('ends with its window', async () => {
    const s = await scene()
    for (const [seconds, body] of [[39.999, 'good'], [40, 'new']] as const) {
      await aged(s, `/${seconds}`, 'max-age=10, stale-while-revalidate=30', seconds, { etag: '"kept"' })
      s.origin.on(answer(control('no-store'), 'new'))
      expect((await s.get(`/${seconds}`)).body, `after ${seconds} s`).toBe(body)
      await quiet(s.proxy)
    }
  })

  it('is the route\'s where the response is silent, and the response\'s own where it is not', async () => {
    const s = await scene({ route: ROUTE })
    for (const [value, status] of [['max-age=10', 'hit'], ['s-maxage=10', 'fwd'], ['max-age=10, stale-while-revalidate=2', 'fwd'], ['max-age=10, stale-while-revalidate=x', 'fwd']] as const) {
      await aged(s, `/${encodeURIComponent(value)}`, value, 15, { etag: '"a"' })
      expect(cacheStatus(await s.get(`/${encodeURIComponent(value)}`)), value).toMatch(`seawall; ${status}`)
      await quiet(s.proxy)
    }
  })
})

/** Each takes the origin's answer away in its own way. */
const FAILURES: [string, string, (s: Scene) => Handler][] = [
  ...[500, 502, 503, 504].map((status): [string, string, (s: Scene) => Handler] => [String(status), `fwd=stale; fwd-status=${status}`, () => answer({}, 'bad', status)]),
  ['a reset', 'fwd=stale', () => (_, response) => { response.socket!.resetAndDestroy() }],
  ['an end without an answer', 'fwd=stale', () => (_, response) => { response.socket!.destroy() }],
  ['no HTTP', 'fwd=stale', () => (_, response) => { response.socket!.end('SSH-2.0-x\r\n') }],
  ['silence', 'fwd=stale', s => () => { s.pass(31) }]
]

describe('stale-if-error', () => {
  it('stands in for errors, resets, refusals and silence', async () => {
    const s = await scene()
    for (const [name, said, failing] of FAILURES) {
      const path = `/${encodeURIComponent(name)}`
      await aged(s, path, 'max-age=10, stale-if-error=300', 15)
      s.origin.on(failing(s))
      const reply = await s.get(path)
      expect(reply, name).toMatchObject({ status: 200, body: 'good', headers: { 'cache-status': expect.stringMatching(new RegExp(`^seawall; ${said}; ttl=-\\d+; detail=stale-if-error$`)) } })
      expect(Number(reply.headers.age), name).toBeGreaterThanOrEqual(15)
    }
    await aged(s, '/refused', 'max-age=10, stale-if-error=300', 15)
    await s.origin.stop()
    expect(await s.get('/refused')).toMatchObject({ status: 200, body: 'good', headers: { age: '15', 'cache-status': 'seawall; fwd=stale; ttl=-5; detail=stale-if-error' } })
  })

  it('is not for answers that are no failure of the origin', async () => {
    const s = await scene()
    for (const status of [404, 403, 501]) {
      await aged(s, `/${status}`, 'max-age=10, stale-if-error=300', 15)
      s.origin.on(answer({}, 'said', status))
      expect(await s.get(`/${status}`)).toMatchObject({ status, body: 'said' })
    }
  })

  it('ends with its window, and without one there is none', async () => {
    const s = await scene()
    for (const [value, seconds, status] of [['max-age=10, stale-if-error=30', 39, 200], ['max-age=10, stale-if-error=30', 40, 503], ['max-age=10', 15, 503]] as const) {
      const path = `/${seconds}`
      await aged(s, path, value, seconds, { etag: '"a"' })
      s.origin.on(answer({}, 'bad', 503))
      expect((await s.get(path)).status, `${value} after ${seconds} s`).toBe(status)
    }
    await aged(s, '/gone', 'max-age=10', 15, { etag: '"a"' })
    await s.origin.stop()
    expect(await s.get('/gone')).toMatchObject({ status: 502, headers: { 'cache-status': 'seawall; fwd=stale; detail=origin_refused' } })
  })

  it('says what kept the origin from answering where nothing may stand in', async () => {
    const s = await scene()
    for (const [name, code, status, handler] of [
      ['reset', 'origin_reset', 502, (_, response) => { response.socket!.resetAndDestroy() }],
      ['silence', 'origin_timeout', 504, () => { s.pass(31) }]
    ] as [string, string, number, Handler][]) {
      s.origin.on(handler)
      expect(await s.get(`/${name}`)).toMatchObject({ status, headers: { 'cache-status': `seawall; fwd=uri-miss; detail=${code}` } })
    }
  })

  it('is the route\'s where the response is silent', async () => {
    const s = await scene({ route: { stale: { ifError: '300s' } } })
    for (const [value, status] of [['max-age=10', 200], ['s-maxage=10', 503], ['s-maxage=10, stale-if-error=300', 200], ['max-age=10, stale-if-error=0', 503]] as const) {
      const path = `/${encodeURIComponent(value)}`
      await aged(s, path, value, 15, { etag: '"a"' })
      s.origin.on(answer({}, 'bad', 503))
      expect((await s.get(path)).status, value).toBe(status)
    }
  })

  it('a failure in the place of a body that had begun is not covered up', async () => {
    const s = await scene()
    await aged(s, '/', 'max-age=10, stale-if-error=300', 15)
    s.origin.on((_, response) => {
      response.writeHead(200, control('max-age=10'))
      response.write('part', () => { response.socket!.resetAndDestroy() })
    })
    await expect(s.get('/')).rejects.toThrow()
    s.origin.on(answer({}, 'bad', 503))
    expect((await s.get('/')).body).toBe('good')
  })
})

describe('never past what forbids it', () => {
  const WINDOWS = 'stale-while-revalidate=300, stale-if-error=300'

  it('no-cache, must-revalidate, proxy-revalidate: neither the response\'s windows nor the route\'s', async () => {
    const s = await scene({ route: ROUTE })
    for (const value of ['no-cache, max-age=10', 'max-age=10, must-revalidate', 'max-age=10, proxy-revalidate', 'MAX-AGE=10, Must-Revalidate', 's-maxage=10, must-revalidate']) {
      for (const more of ['', `, ${WINDOWS}`]) {
        const path = `/${encodeURIComponent(value + more)}`
        await aged(s, path, value + more, 11, { etag: '"a"' })
        s.origin.on(answer({ etag: '"b"' }, 'bad', 503))
        expect((await s.get(path, { 'cache-control': 'max-stale, stale-if-error=300' })).status, value + more).toBe(503)
        s.origin.on(answer({ ...control('no-store') }, 'new'))
        expect((await s.get(path)).body, value + more).toBe('new')
      }
    }
  })

  it('s-maxage alone: nobody\'s wish, the route\'s neither; its own windows beside it: the origin\'s word', async () => {
    const s = await scene({ route: ROUTE })
    await aged(s, '/alone', 's-maxage=10', 11, { etag: '"a"' })
    s.origin.on(answer({}, 'bad', 503))
    expect((await s.get('/alone', { 'cache-control': 'max-stale, stale-if-error=300' })).status).toBe(503)
    await aged(s, '/error', 's-maxage=10, stale-if-error=300', 11)
    s.origin.on(answer({}, 'bad', 503))
    expect(cacheStatus(await s.get('/error'))).toBe('seawall; fwd=stale; fwd-status=503; ttl=-1; detail=stale-if-error')
    await aged(s, '/while', 's-maxage=10, stale-while-revalidate=300', 11)
    expect(cacheStatus(await s.get('/while'))).toBe('seawall; hit; ttl=-1; detail=stale-while-revalidate')
  })
})

describe('a background refresh that fails', () => {
  it('never replaces the good copy, and the next request tries again', async () => {
    const s = await scene()
    await aged(s, '/', 'max-age=10, stale-while-revalidate=300, stale-if-error=300', 15)
    let count = s.origin.count()
    for (const [name, , failing] of [['a storable 500', '', () => answer(control('max-age=600'), 'bad', 500)] as const, ...FAILURES.filter(([name]) => name !== 'silence')]) {
      s.origin.on(failing(s))
      expect((await s.get('/')).body, name).toBe('good')
      await quiet(s.proxy)
      expect(s.origin.count(), name).toBeGreaterThan(count)
      count = s.origin.count()
    }
    s.origin.on(answer(control('max-age=10'), 'mended'))
    expect((await s.get('/')).body).toBe('good')
    await quiet(s.proxy)
    expect(await s.get('/')).toMatchObject({ body: 'mended', headers: { 'cache-status': 'seawall; hit; ttl=10' } })
  })

  it('in the foreground neither: a storable 5xx does not take its place', async () => {
    const s = await scene()
    await aged(s, '/', 'max-age=10, stale-if-error=300', 15)
    s.origin.on(answer(control('max-age=600'), 'bad', 503))
    for (let i = 0; i < 2; i++) expect((await s.get('/')).body).toBe('good')
    expect(s.origin.count()).toBe(3)
    s.origin.on(answer(control('max-age=10'), 'mended'))
    expect((await s.get('/')).body).toBe('mended')
    expect(isHit(await s.get('/'))).toBe(true)
  })
})

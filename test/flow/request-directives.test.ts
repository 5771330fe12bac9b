/** What clients may ask of a cache (RFC 9111 §5.2.1), and a route that does not listen. */
import { describe, expect, it } from 'vitest'
import { barrier } from '../support/barrier.js'
import { answer } from '../support/origin.js'
import { cacheStatus, isHit, scenes, type Scene, type Staging } from '../support/scene.js'

const scene = scenes()

/** A scene in which the answer at `/` came `seconds` ago; each answer counts. */
async function aged (seconds: number, fields: Record<string, string> = { 'cache-control': 'max-age=60' }, staging: Staging = {}): Promise<Scene> {
  const s = await scene(staging)
  s.origin.on((request, response, count) => answer(fields, `answer ${count}`)(request, response, count))
  await s.get('/')
  s.pass(seconds)
  return s
}

const asks = async (s: Scene, cacheControl: string, path = '/') => cacheStatus(await s.get(path, { 'cache-control': cacheControl }))

describe('a request\'s Cache-Control', () => {
  it('no-cache: the origin is asked, and its answer is for the next too', async () => {
    for (const headers of [{ 'cache-control': 'no-cache' }, { 'cache-control': 'No-Cache' }, { pragma: 'no-cache' }] as Record<string, string>[]) {
      const s = await aged(5)
      expect(await s.get('/', headers)).toMatchObject({ body: 'answer 2', headers: { 'cache-status': 'seawall; fwd=request; fwd-status=200; stored' } })
      expect(await s.get('/')).toMatchObject({ body: 'answer 2', headers: { age: '0' } })
    }
    const s = await aged(5)
    expect(isHit(await s.get('/', { pragma: 'no-cache', 'cache-control': 'max-age=60' }))).toBe(true)
  })

  it('no-cache: by a conditional request where there is a validator', async () => {
    const s = await aged(5, { 'cache-control': 'max-age=60', etag: '"a"' })
    s.origin.on(answer({ 'cache-control': 'max-age=60', etag: '"a"' }, '', 304))
    expect(await s.get('/', { 'cache-control': 'no-cache' })).toMatchObject({ status: 200, body: 'answer 1', headers: { 'cache-status': 'seawall; fwd=request; fwd-status=304; ttl=60' } })
    expect(s.origin.seen[1]!.headers['if-none-match']).toBe('"a"')
  })

  it('no-store: past the store both ways', async () => {
    const s = await aged(5)
    expect(await s.get('/', { 'cache-control': 'no-store' })).toMatchObject({ body: 'answer 2', headers: { 'cache-status': 'seawall; fwd=bypass; fwd-status=200; detail=no-store' } })
    expect((await s.get('/')).body).toBe('answer 1')
    await s.get('/other', { 'cache-control': 'no-store' })
    expect(isHit(await s.get('/other'))).toBe(false)
  })

  it('max-age: nothing older', async () => {
    const s = await aged(5)
    expect(await asks(s, 'max-age=5')).toBe('seawall; hit; ttl=55')
    expect(await asks(s, 'max-age=4')).toBe('seawall; fwd=request; fwd-status=200; stored')
    expect(await asks(s, 'max-age=0')).toBe('seawall; hit; ttl=60')
    s.pass(1)
    expect(await asks(s, 'max-age=0')).toBe('seawall; fwd=request; fwd-status=200; stored')
    s.pass(1)
    expect(await asks(s, 'max-age=x')).toBe('seawall; fwd=request; fwd-status=200; stored')
  })

  it('min-fresh: nothing that will be stale sooner', async () => {
    const s = await aged(50)
    expect(await asks(s, 'min-fresh=10')).toBe('seawall; hit; ttl=10')
    expect(await asks(s, 'min-fresh=11')).toBe('seawall; fwd=request; fwd-status=200; stored')
    expect(await asks(s, 'min-fresh=x')).toBe('seawall; fwd=request; fwd-status=200; stored')
  })

  it('max-stale: stale is good enough, so far', async () => {
    const s = await aged(70, { 'cache-control': 'max-age=60', etag: '"a"' })
    expect(await asks(s, 'max-stale=10')).toBe('seawall; hit; ttl=-10; detail=max-stale')
    expect(await asks(s, 'max-stale')).toBe('seawall; hit; ttl=-10; detail=max-stale')
    expect(await asks(s, 'max-stale, max-age=100')).toBe('seawall; hit; ttl=-10; detail=max-stale')
    expect(s.origin.count()).toBe(1)
    expect(await asks(s, 'max-stale=9')).toBe('seawall; fwd=stale; fwd-status=200; stored')
    s.pass(70)
    expect(await asks(s, 'max-stale=x')).toBe('seawall; fwd=stale; fwd-status=200; stored')
  })

  it('max-stale: never past what forbids it', async () => {
    for (const value of ['max-age=60, must-revalidate', 'max-age=60, proxy-revalidate', 's-maxage=60', 'max-age=60, no-cache']) {
      const s = await aged(61, { 'cache-control': value, etag: '"a"' })
      expect(await asks(s, 'max-stale'), value).toBe('seawall; fwd=stale; fwd-status=200; stored')
    }
  })

  it('max-age and min-fresh: no stale answer while it is refreshed', async () => {
    for (const value of ['max-age=100', 'min-fresh=1']) {
      const s = await aged(61, { 'cache-control': 'max-age=60, stale-while-revalidate=60' })
      expect(await asks(s, value), value).toBe('seawall; fwd=stale; fwd-status=200; stored')
    }
  })

  it('stale-if-error: an old answer rather than none', async () => {
    const s = await aged(70, { 'cache-control': 'max-age=60', etag: '"a"' })
    s.origin.on(answer({}, 'bad', 503))
    expect(await asks(s, 'stale-if-error=20')).toBe('seawall; fwd=stale; fwd-status=503; ttl=-10; detail=stale-if-error')
    expect((await s.get('/', { 'cache-control': 'stale-if-error=5' })).status).toBe(503)
  })
})

describe('only-if-cached', () => {
  const REFUSED = { status: 504, headers: { 'cache-status': 'seawall; detail=only_if_cached' } }
  const only = { 'cache-control': 'Only-If-Cached' }

  it('is answered from the store or not at all', async () => {
    const s = await aged(5, { 'cache-control': 'max-age=60', etag: '"a"' })
    expect(await s.get('/', only)).toMatchObject({ status: 200, body: 'answer 1', headers: { 'cache-status': 'seawall; hit; ttl=55' } })
    expect(await s.get('/unknown', only)).toMatchObject(REFUSED)
    expect(await s.proxy.get('/unknown', { method: 'HEAD', headers: only })).toMatchObject({ ...REFUSED, body: '' })
    s.pass(60)
    expect(await s.get('/', only)).toMatchObject(REFUSED)
    expect(await asks(s, 'only-if-cached, max-stale')).toBe('seawall; hit; ttl=-5; detail=max-stale')
    expect(s.origin.count()).toBe(1)
  })

  it('never waits for a fetch that is under way', async () => {
    const s = await scene()
    const [gate, asked] = [barrier(), barrier()]
    s.origin.on(async (request, response, count) => {
      asked.open()
      await gate.passed
      await answer({ 'cache-control': 'max-age=60' }, 'late')(request, response, count)
    })
    const slow = s.get('/')
    await asked.passed
    expect(await s.get('/', only)).toMatchObject(REFUSED)
    gate.open()
    expect((await slow).body).toBe('late')
    expect(isHit(await s.get('/', only))).toBe(true)
  })
})

describe('a route that ignores clients\' directives', () => {
  it('answers a reload from the store', async () => {
    const s = await aged(5, { 'cache-control': 'max-age=60' }, { route: { clientDirectives: 'ignore' } })
    for (const value of ['no-cache', 'no-store', 'max-age=0', 'min-fresh=1000', 'no-cache, only-if-cached']) expect(await asks(s, value), value).toBe('seawall; hit; ttl=55')
    expect(isHit(await s.get('/', { pragma: 'no-cache' }))).toBe(true)
    expect(s.origin.count()).toBe(1)
  })

  it('stores what was asked for with them, and keeps them from the origin', async () => {
    const s = await aged(0, { 'cache-control': 'max-age=60' }, { route: { clientDirectives: 'ignore' } })
    for (const value of ['no-store', 'no-cache', 'only-if-cached']) {
      expect(cacheStatus(await s.get(`/${value}`, { 'cache-control': value, pragma: 'no-cache' })), value).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
      expect(isHit(await s.get(`/${value}`))).toBe(true)
      expect(s.origin.seen.at(-1)!.headers).not.toHaveProperty('cache-control')
      expect(s.origin.seen.at(-1)!.headers).not.toHaveProperty('pragma')
    }
  })

  it('serves stale to nobody who only says so', async () => {
    const s = await aged(61, { 'cache-control': 'max-age=60', etag: '"a"' }, { route: { clientDirectives: 'ignore' } })
    expect(await asks(s, 'max-stale')).toBe('seawall; fwd=stale; fwd-status=200; stored')
  })
})

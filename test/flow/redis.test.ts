/** Processes that share a Redis: one cache, one purge, one fetch. */
import { expect, it, onTestFinished } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import type { Asked, Reply } from '../support/client.js'
import { collapsed } from '../support/fills.js'
import { answer, startOrigin, type TestOrigin } from '../support/origin.js'
import { before, startProxy, type TestProxy } from '../support/proxy.js'
import { joined } from '../support/redis-crew.js'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js'
import { cacheStatus, isHit } from '../support/scene.js'

interface Shared {
  readonly redis: TestRedis
  readonly origin: TestOrigin
  readonly proxies: readonly TestProxy[]
  /** Through one of the proxies, as one site. */
  get (proxy: number, path: string, asked?: Asked): Promise<Reply>
  purge (proxy: number, order: object): Promise<Reply>
  /** Another process joins. */
  join (): Promise<TestProxy>
}

const FRESH = { 'Cache-Control': 'max-age=600', 'Surrogate-Key': 'tag' }

async function shared (settings: object = {}, count = 2): Promise<Shared> {
  const redis = await startRedis()
  const origin = await startOrigin()
  onTestFinished(() => origin.stop())
  const proxies: TestProxy[] = []
  const join = async (): Promise<TestProxy> => {
    const proxy = await startProxy(before(origin, { cache: { redis: { url: redis.url, timeout: '2s', maxLag: '2s', ...settings } } }))
    onTestFinished(() => { proxy.stop() })
    proxies.push(proxy)
    await until('it has joined', async () => joined(proxy))
    return proxy
  }
  for (let i = 0; i < count; i++) await join()
  return {
    redis, origin, proxies, join,
    get: (proxy, path, asked = {}) => proxies[proxy]!.get(path, { ...asked, headers: { host: 'shop.test', ...asked.headers } }),
    purge: (proxy, order) => proxies[proxy]!.purge(order)
  }
}

describeWithRedis('processes that share a Redis', () => {
  it('fetch a key once for all their clients', async () => {
    const s = await shared()
    const open = barrier()
    s.origin.on(async (request, response, count) => {
      await open.passed
      answer(FRESH, `body ${count}`)(request, response, count)
    })
    const first = Array.from({ length: 50 }, () => s.get(0, '/a'))
    const second = Array.from({ length: 50 }, () => s.get(1, '/a'))
    await until('all wait', async () => (await Promise.all(s.proxies.map(collapsed))).reduce((a, b) => a + b) === 98)
    open.open()
    const replies = await Promise.all([...first, ...second])

    expect(s.origin.count('/a')).toBe(1)
    expect(new Set(replies.map(reply => reply.body))).toEqual(new Set(['body 1']))
    expect(isHit(await s.get(1, '/a'))).toBe(true)
    expect(replies.filter(reply => cacheStatus(reply)?.includes('collapsed')).length).toBeGreaterThan(90)
  })

  it('purge together: what one was told holds in the other when it is answered', async () => {
    const s = await shared()
    s.origin.on((request, response, count) => { answer(FRESH, `body ${count}`)(request, response, count) })
    for (const order of [{ tags: ['tag'] }, { urls: ['http://shop.test/a'] }, { prefixes: ['http://shop.test/'] }, { all: true }]) {
      const before = (await s.get(0, '/a')).body
      expect((await s.get(1, '/a')).body).toBe(before)
      expect(await s.purge(0, order)).toMatchObject({ status: 200, body: expect.stringMatching(/"applied":2,"unreachable":\[\]/) as string })
      const after = (await s.get(1, '/a')).body
      expect(after).not.toBe(before)
      expect((await s.get(0, '/a')).body).toBe(after)
    }
    // soft: stale everywhere, and still there to be validated
    await s.purge(1, { tags: ['tag'], mode: 'soft' })
    expect(cacheStatus(await s.get(0, '/a'))).toContain('fwd=stale')
  })

  it('have what was stored before they came', async () => {
    const s = await shared({}, 1)
    s.origin.on(answer({ ...FRESH, Vary: 'Accept-Language' }, 'kept'))
    for (const language of ['de', 'en']) await s.get(0, '/a', { headers: { 'accept-language': language } })
    await s.proxies[0]!.drain()
    await s.join()
    for (const language of ['de', 'en']) expect(cacheStatus(await s.get(1, '/a', { headers: { 'accept-language': language } }))).toMatch(/^seawall; hit/)
    expect(s.origin.count()).toBe(2)
  })

  it('share what was revalidated', async () => {
    const s = await shared()
    s.origin.on((request, response, count) => {
      const headers = { 'Cache-Control': 'max-age=1', ETag: '"v"' }
      if (request.headers['if-none-match'] === '"v"') return answer({ ...headers, 'Cache-Control': 'max-age=600' }, '', 304)(request, response, count)
      answer(headers, 'once')(request, response, count)
    })
    await s.get(0, '/a')
    await s.get(1, '/a')
    await until('it is stale', async () => !isHit(await s.get(0, '/a')))
    expect(s.origin.count()).toBe(2)
    const other = await s.get(1, '/a')
    expect([other.body, s.origin.count()]).toEqual(['once', 2])
  })

  it('make what a write changed stale for one another', async () => {
    const s = await shared()
    s.origin.on((request, response, count) => { answer(FRESH, `body ${count}`)(request, response, count) })
    await s.get(0, '/a')
    await s.get(1, '/a')
    await s.get(0, '/a', { method: 'POST' })
    const own = await s.get(0, '/a')
    expect(own.body).toBe('body 3')
    // what was fetched after the write stands, also once the write has come back from the log
    await until('the other has heard', async () => (await s.get(1, '/a')).body !== 'body 1')
    expect(isHit(await s.get(0, '/a'))).toBe(true)
    expect((await s.get(0, '/a')).body).toBe('body 3')
  })

  it('take everything for unsure when Redis has lost what it knew, and ask', async () => {
    const s = await shared()
    s.origin.on((request, response, count) => {
      if (request.headers['if-none-match'] === '"v"') return answer({ ...FRESH, ETag: '"v"' }, '', 304)(request, response, count)
      answer({ ...FRESH, ETag: '"v"' }, 'once')(request, response, count)
    })
    await s.get(0, '/a')
    await s.get(1, '/a')
    s.redis.cli('FLUSHALL')
    const asked = s.origin.count()
    await until('it asks', async () => { await s.get(1, '/a'); return s.origin.count() > asked })
    expect((await s.get(1, '/a')).body).toBe('once')
  })
})

describeWithRedis('without Redis', () => {
  it('a process starts, serves and joins when it comes', async () => {
    const redis = await startRedis()
    await redis.stop()
    const origin = await startOrigin(answer(FRESH, 'here'))
    onTestFinished(() => origin.stop())
    const proxy = await startProxy(before(origin, { cache: { redis: { url: redis.url } } }))
    onTestFinished(() => { proxy.stop() })
    expect((await proxy.get('/a')).body).toBe('here')
    expect(isHit(await proxy.get('/a'))).toBe(true)
    expect(await joined(proxy)).toBe(false)
    expect(await proxy.purge({ tags: ['tag'] })).toMatchObject({ status: 503 })
    await redis.restart()
    await until('it has joined', async () => joined(proxy))
    expect(await proxy.purge({ tags: ['tag'], wait: 'local' })).toMatchObject({ status: 200 })
    expect(cacheStatus(await proxy.get('/a'))).toContain('stored')
  })

  it('nobody is answered with an error, and a purge that cannot be kept says so', async () => {
    const s = await shared({ timeout: '50ms', maxLag: '500ms' })
    s.origin.on(answer(FRESH, 'here'))
    await s.get(0, '/a')
    s.redis.pause()
    onTestFinished(() => { s.redis.resume() })
    expect((await s.purge(0, { tags: ['other'] })).status).toBe(503)
    const replies = await Promise.all(Array.from({ length: 50 }, (_, i) => s.get(i % 2, `/b${i}`)))
    expect(new Set(replies.map(reply => reply.status))).toEqual(new Set([200]))
    // used only so long after it was validated: it is asked about behind the answers
    await until('it is asked about', async () => isHit(await s.get(0, '/a')) && s.origin.count('/a') > 2)
    s.redis.resume()
    await until('it is trusted again', async () => { await s.get(0, '/a'); return isHit(await s.get(0, '/a')) && await joined(s.proxies[0]!) })
  })

  it('stale answers stand in when the origin is gone too, unless purges are strict', async () => {
    // 503 once the origin has refused often enough not to be asked
    for (const [strictPurge, statuses] of [[false, [200]], [true, [502, 503]]] as const) {
      const s = await shared({ timeout: '50ms', maxLag: '200ms', strictPurge }, 1)
      s.origin.on(answer({ ...FRESH, 'Cache-Control': 'max-age=600, stale-if-error=600' }, 'here'))
      await s.get(0, '/a')
      await s.origin.stop()
      await s.redis.stop()
      let reply = await s.get(0, '/a')
      await until('its validation is too old', async () => !isHit(reply = await s.get(0, '/a')))
      expect(statuses).toContain(reply.status)
      if (!strictPurge) expect(cacheStatus(reply)).toContain('stale-if-error')
    }
  })
})

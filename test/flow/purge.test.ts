/** What a purge takes, and what it leaves: by tag, URL, prefix and altogether; hard and soft. */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { ask, type Reply } from '../support/client.js'
import { answer } from '../support/origin.js'
import type { TestProxy } from '../support/proxy.js'
import { cacheStatus } from '../support/scene.js'
import { stand, way } from '../support/standing.js'

const FRESH = { 'cache-control': 'max-age=60' }

async function ways (proxy: TestProxy, ...paths: string[]): Promise<string[]> {
  const all: string[] = []
  for (const path of paths) all.push(way(await proxy.get(path)))
  return all
}

describe('by tag', () => {
  it.each([
    ['surrogate-key', 'p1 shop', 'p11 shop'],
    ['cache-tag', 'p1, shop', 'p11,shop'],
    ['xkey', 'p1 shop', 'p11 shop']
  ])('takes what bears it in %s, and nothing else', async (field, one, other) => {
    const { proxy } = await stand({}, (request, response) => {
      answer({ ...FRESH, [field]: request.url === '/one' ? one : other })(request, response, 1)
    })
    await ways(proxy, '/one', '/other')
    expect((await proxy.purge({ tags: ['p1'] })).status).toBe(200)
    expect(await ways(proxy, '/one', '/other')).toEqual(['uri-miss', 'hit'])
    await proxy.purge({ tags: ['SHOP'] })
    expect(await ways(proxy, '/one', '/other')).toEqual(['hit', 'hit'])
    await proxy.purge({ tags: ['nobody', 'shop'] })
    expect(await ways(proxy, '/one', '/other')).toEqual(['uri-miss', 'uri-miss'])
  })

  it('takes what bears it by its route, beside tags of its own', async () => {
    const { proxy } = await stand({ routes: [{ match: '/shop/*', tags: ['shop'] }, {}] }, answer({ ...FRESH, 'surrogate-key': 'own' }))
    await ways(proxy, '/shop/1', '/blog/1')
    await proxy.purge({ tags: ['shop'] })
    expect(await ways(proxy, '/shop/1', '/blog/1')).toEqual(['uri-miss', 'hit'])
    await proxy.purge({ tags: ['own'] })
    expect(await ways(proxy, '/shop/1', '/blog/1')).toEqual(['uri-miss', 'uri-miss'])
  })

  it('takes what is remembered as uncacheable, too', async () => {
    const { proxy } = await stand({ routes: [{ tags: ['shop'] }] }, answer({ 'cache-control': 'no-store' }))
    await proxy.get('/p')
    expect(cacheStatus(await proxy.get('/p', { method: 'HEAD' }))).toContain('detail=uncacheable')
    await proxy.purge({ tags: ['shop'] })
    expect(cacheStatus(await proxy.get('/p', { method: 'HEAD' }))).toContain('detail=head')
  })

  it('takes names that mean something to JavaScript for what they are', async () => {
    const { proxy } = await stand({}, (request, response) => {
      answer({ ...FRESH, 'surrogate-key': request.url.slice(1) })(request, response, 1)
    })
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    const paths = names.map(name => `/${name}`)
    for (const name of names) {
      await ways(proxy, ...paths)
      await proxy.purge({ tags: [name] })
      expect(await ways(proxy, ...paths)).toEqual(names.map(other => other === name ? 'uri-miss' : 'hit'))
    }
  })
})

describe('by URL', () => {
  it('takes every variant, and no other URL', async () => {
    const { proxy } = await stand({}, answer({ ...FRESH, vary: 'accept-language' }))
    const german = (path: string): Promise<Reply> => proxy.get(path, { headers: { 'accept-language': 'de' } })
    const english = (path: string): Promise<Reply> => proxy.get(path, { headers: { 'accept-language': 'en' } })
    for (const path of ['/p', '/p?x=1', '/P', '/p/']) await Promise.all([german(path), english(path)])
    await proxy.purge({ urls: [`${proxy.url}/p`] })
    expect(way(await german('/p?x=1'))).toBe('hit')
    expect(way(await english('/P'))).toBe('hit')
    expect(way(await english('/p/'))).toBe('hit')
    expect(way(await german('/p'))).not.toBe('hit')
    expect(way(await english('/p'))).not.toBe('hit')
  })

  it('takes what the route keys apart by header and cookie', async () => {
    const { proxy, origin } = await stand({ routes: [{ key: { headers: ['x-tenant'], cookies: ['lang'] } }] }, answer(FRESH))
    const asked = [{}, { 'x-tenant': 'a' }, { 'x-tenant': 'b', cookie: 'lang=de' }]
    for (const headers of asked) await proxy.get('/p', { headers })
    expect(origin.count()).toBe(3)
    await proxy.purge({ urls: [`${proxy.url}/p`] })
    for (const headers of asked) expect(way(await proxy.get('/p', { headers }))).toBe('uri-miss')
  })

  it('is read with the query rules of its route', async () => {
    const { proxy } = await stand({ routes: [{ key: { query: { ignore: ['utm_*'], sort: true } } }] }, answer(FRESH))
    await proxy.get('/p?b=2&utm_source=mail&a=1')
    expect(await ways(proxy, '/p?a=1&b=2')).toEqual(['hit'])
    await proxy.purge({ urls: [`${proxy.url}/p?utm_campaign=x&b=2&a=1`] })
    expect(await ways(proxy, '/p?a=1&b=2')).toEqual(['uri-miss'])
  })

  it('is taken byte for byte, its host in any case and its default port left out', async () => {
    const { proxy } = await stand({}, answer(FRESH))
    const there = (path: string): Promise<Reply> => proxy.get(path, { headers: { host: 'Shop.example:80' } })
    for (const path of ['/a%2Fb', '/a%2fb', '/a/b']) await there(path)
    await proxy.purge({ urls: ['http://SHOP.example/a%2Fb', 'http://shop.example/a/./b', 'http://shop.example/x/../a/b'] })
    expect(way(await there('/a%2Fb'))).toBe('uri-miss')
    expect(way(await there('/a%2fb'))).toBe('hit')
    expect(way(await there('/a/b'))).toBe('hit')
  })

  it('is escaped as clients escape what a request cannot carry, its host as they spell it', async () => {
    const { proxy } = await stand({}, answer(FRESH))
    const asked: readonly [path: string, host: string, named: string][] = [
      ['/caf%C3%A9?q=%E2%82%AC', 'h.example', 'http://h.example/café?q=€'], ['/a%20b', 'h.example', 'http://h.example/a b'],
      ['/x', '127.1', 'http://127.1/x'], ['/x', '0x7f.1', 'http://0x7f.1/x'], ['/x', '[::0001]:81', 'http://[::0001]:81/x'],
      ['/x', 'xn--bcher-kva.example:8080', 'http://Bücher.example:8080/x']
    ]
    for (const [path, host, named] of asked) {
      await proxy.get(path, { headers: { host } })
      expect(way(await proxy.get(path, { headers: { host } })), named).toBe('hit')
      await proxy.purge({ urls: [named] })
      expect(way(await proxy.get(path, { headers: { host } })), named).toBe('uri-miss')
    }
  })

  it.each(['http://h/a%', 'http://h/%zz', 'http://h/../a', 'http://h/a\\b', 'http://h/a%00', 'http://h:99999/', 'http://user@h/', 'http://h_*/', 'http://', 'ftp://h/'])('is refused where no request can ask for it: %s', async url => {
    const { proxy } = await stand()
    for (const field of ['urls', 'prefixes']) {
      const reply = await proxy.purge({ [field]: [url] })
      expect(reply.status).toBe(400)
      expect(JSON.parse(reply.body)).toMatchObject({ field: `${field}[0]` })
    }
  })
})

describe('by prefix', () => {
  it('takes every URL that begins so, on that host only', async () => {
    const { proxy } = await stand({}, answer({ ...FRESH, vary: 'accept-language' }))
    const paths = ['/news/1', '/news/?page=2', '/news', '/newsletter', '/other']
    await ways(proxy, ...paths)
    await proxy.get('/news/1', { headers: { host: 'other.example' } })
    await proxy.purge({ prefixes: [`${proxy.url}/news/`] })
    expect(await ways(proxy, ...paths)).toEqual(['uri-miss', 'uri-miss', 'hit', 'hit', 'hit'])
    await proxy.purge({ prefixes: [`${proxy.url}/news`] })
    expect(await ways(proxy, ...paths)).toEqual(['uri-miss', 'uri-miss', 'uri-miss', 'uri-miss', 'hit'])
    expect(way(await proxy.get('/news/1', { headers: { host: 'other.example' } }))).toBe('hit')
  })

  it('of a host alone takes all of it', async () => {
    const { proxy } = await stand({}, answer(FRESH))
    await ways(proxy, '/a', '/b?c')
    await proxy.purge({ prefixes: [proxy.url] })
    expect(await ways(proxy, '/a', '/b?c')).toEqual(['uri-miss', 'uri-miss'])
  })
})

it('of all takes all', async () => {
  const { proxy } = await stand({}, answer({ ...FRESH, vary: 'accept-language' }))
  await ways(proxy, '/a', '/b')
  await proxy.get('/a', { headers: { host: 'other.example' } })
  await proxy.purge({ all: true })
  expect((await ways(proxy, '/a', '/b')).includes('hit')).toBe(false)
  expect(way(await proxy.get('/a', { headers: { host: 'other.example' } }))).not.toBe('hit')
})

describe('hard', () => {
  it('asks the origin anew, without conditions', async () => {
    const { proxy, origin } = await stand({}, answer({ ...FRESH, etag: '"1"' }))
    await proxy.get('/p')
    await proxy.purge({ all: true })
    expect(way(await proxy.get('/p'))).toBe('uri-miss')
    expect(origin.seen[1]!.headers['if-none-match']).toBeUndefined()
  })

  it('leaves nothing for stale-while-revalidate or stale-if-error', async () => {
    const { proxy, origin } = await stand({}, answer({ 'cache-control': 'max-age=60, stale-while-revalidate=600, stale-if-error=600', etag: '"1"' }))
    await proxy.get('/p')
    await proxy.purge({ urls: [`${proxy.url}/p`] })
    origin.on(answer({}, 'broken', 503))
    expect((await proxy.get('/p')).status).toBe(503)
  })

  it.each([{ tags: ['p'] }, { all: true }])('by %j overtakes the fetch under way: another is made, also for who led it, and what it brings is not stored', async order => {
    const gate = barrier()
    const { proxy, origin } = await stand({}, async (_, response, count) => {
      if (count === 1) await gate.passed
      answer({ 'cache-control': count === 1 ? 'max-age=60' : 'no-store', 'surrogate-key': 'p' }, count === 1 ? 'old' : 'new')(_, response, count)
    })
    const before = proxy.get('/p')
    await until('it is asked', () => origin.count() === 1)
    await proxy.purge(order)
    const after = proxy.get('/p')
    await until('it waits, or asks', async () => origin.count() === 2 || (await proxy.stats() as { fills: { collapsed: number } }).fills.collapsed === 1)
    gate.open()
    expect((await before).body).toBe('new')
    expect((await after).body).toBe('new')
    await until('no fetch is under way', async () => (await proxy.stats() as { fills: { inFlight: number } }).fills.inFlight === 0)
    expect((await ask(`${proxy.adminUrl}/metrics`)).body).toContain('seawall_fills_total{end="stored"} 0')
  })

  it('wins over a soft one, whichever comes last', async () => {
    for (const modes of [['hard', 'soft'], ['soft', 'hard']]) {
      const { proxy, origin } = await stand({}, answer({ ...FRESH, etag: '"1"' }))
      await proxy.get('/p')
      for (const mode of modes) await proxy.purge({ all: true, mode })
      expect(way(await proxy.get('/p'))).toBe('uri-miss')
      expect(origin.seen[1]!.headers['if-none-match']).toBeUndefined()
    }
  })

  it('is not undone by a 304 that was asked for before it', async () => {
    const { proxy, origin, clock } = await stand({}, answer({ ...FRESH, etag: '"1"' }, 'old'))
    await proxy.get('/p')
    clock.advance(61_000)
    const asked = barrier()
    const gate = barrier()
    origin.on(async (request, response) => {
      asked.open()
      await gate.passed
      answer({ ...FRESH, etag: '"1"' }, '', 304)(request, response, 1)
    })
    const early = proxy.get('/p')
    await asked.passed
    await proxy.purge({ urls: [`${proxy.url}/p`] })
    gate.open()
    await early
    origin.on(answer({ ...FRESH, etag: '"2"' }, 'new'))
    expect((await proxy.get('/p')).body).toBe('new')
  })
})

describe('soft', () => {
  it('has the origin asked whether it still holds, and what holds is fresh again', async () => {
    const { proxy, origin } = await stand({}, answer({ ...FRESH, etag: '"1"', 'surrogate-key': 'p' }, 'kept'))
    await proxy.get('/p')
    await proxy.purge({ tags: ['p'], mode: 'soft' })
    origin.on(answer({ ...FRESH, etag: '"1"' }, '', 304))
    const reply = await proxy.get('/p')
    expect(reply).toMatchObject({ status: 200, body: 'kept' })
    expect(cacheStatus(reply)).toContain('fwd=stale; fwd-status=304')
    expect(origin.seen[1]!.headers['if-none-match']).toBe('"1"')
    expect(await ways(proxy, '/p')).toEqual(['hit'])
  })

  it('is stale at once: given while it is refreshed, as long as stale-while-revalidate says, counted from the purge', async () => {
    const { proxy, origin, clock } = await stand({}, answer({ 'cache-control': 'max-age=600, stale-while-revalidate=30' }, 'old'))
    await ways(proxy, '/p', '/q')
    clock.advance(10_000)
    await proxy.purge({ all: true, mode: 'soft' })
    clock.advance(29_000)
    origin.on(answer({ 'cache-control': 'max-age=600' }, 'new'))
    const stale = await proxy.get('/p')
    expect(stale.body).toBe('old')
    expect(cacheStatus(stale)).toContain('detail=stale-while-revalidate')
    await until('it is refreshed', async () => (await proxy.get('/p')).body === 'new')
    expect(origin.count('/p')).toBe(2)
    clock.advance(2_000)
    expect((await proxy.get('/q')).body).toBe('new')
  })

  it('stands in for a failing origin, as long as stale-if-error says, counted from the purge', async () => {
    const { proxy, origin, clock } = await stand({}, answer({ 'cache-control': 'max-age=600, stale-if-error=30' }, 'old'))
    await proxy.get('/p')
    await proxy.purge({ prefixes: [`${proxy.url}/`], mode: 'soft' })
    origin.on(answer({}, 'broken', 500))
    clock.advance(29_000)
    const stale = await proxy.get('/p')
    expect(stale).toMatchObject({ status: 200, body: 'old' })
    expect(cacheStatus(stale)).toBe('seawall; fwd=stale; fwd-status=500; ttl=571; detail=stale-if-error')
    clock.advance(2_000)
    expect((await proxy.get('/p')).status).toBe(500)
  })

  it('does not make stale what came after it', async () => {
    const { proxy } = await stand({}, answer({ ...FRESH, 'surrogate-key': 'p' }))
    await proxy.get('/p')
    await proxy.purge({ tags: ['p'], mode: 'soft' })
    await proxy.get('/p')
    expect(await ways(proxy, '/p')).toEqual(['hit'])
  })
})

describe('PURGE on the admin listener', () => {
  const PURGE = { method: 'PURGE' }

  it('takes the URL that Host and path name', async () => {
    const { proxy } = await stand({ routes: [{ key: { query: { ignore: ['utm_*'] } } }] }, answer(FRESH))
    const there = (path: string): Promise<Reply> => proxy.get(path, { headers: { host: 'shop.example' } })
    await there('/p?a')
    await there('/q')
    const reply = await ask(`${proxy.adminUrl}/p?a&utm_source=x`, { ...PURGE, headers: { host: 'shop.example' } })
    expect(JSON.parse(reply.body)).toEqual({ seq: 1, applied: 1, unreachable: [] })
    expect(way(await there('/p?a'))).toBe('uri-miss')
    expect(way(await there('/q'))).toBe('hit')
  })

  it.each([
    ['surrogate-key', 'p other'],
    ['xkey-purge', 'p other'],
    ['cache-tags', 'p, other']
  ])('takes the tags in %s', async (field, tags) => {
    const { proxy } = await stand({}, (request, response) => {
      answer({ ...FRESH, 'surrogate-key': request.url.slice(1) })(request, response, 1)
    })
    await ways(proxy, '/p', '/q')
    expect((await ask(`${proxy.adminUrl}/`, { ...PURGE, headers: { [field]: tags } })).status).toBe(200)
    expect(await ways(proxy, '/p', '/q')).toEqual(['uri-miss', 'hit'])
  })

  it.each([
    { 'surrogate-key': 'p', 'fastly-soft-purge': '1' },
    { 'xkey-softpurge': 'p' }
  ])('is soft where it says so: %j', async headers => {
    const { proxy, origin } = await stand({}, answer({ ...FRESH, etag: '"1"', 'surrogate-key': 'p' }))
    await proxy.get('/p')
    await ask(`${proxy.adminUrl}/`, { ...PURGE, headers })
    await proxy.get('/p')
    expect(origin.seen[1]!.headers['if-none-match']).toBe('"1"')
  })
})

describe('on the public listener', () => {
  it.each([
    ['PURGE', '/p', '', 405],
    ['PURGE', '/p', '', 200],
    ['POST', '/purge', '{"all":true}', 404],
    ['POST', '/purge', '{"all":true}', 200]
  ])('%s %s is the origin\'s to answer, and evicts nothing (%s%i)', async (method, path, body, status) => {
    const { proxy, origin } = await stand({}, (request, response) => {
      answer({ ...FRESH, 'surrogate-key': 'p' }, 'ok', request.method === 'GET' ? 200 : status)(request, response, 1)
    })
    await proxy.get('/p')
    const reply = await proxy.get(path, { method, body, headers: { 'content-type': 'application/json', 'surrogate-key': 'p' } })
    expect(reply.status).toBe(status)
    expect(origin.seen[1]).toMatchObject({ method, url: path })
    expect(await ways(proxy, '/p')).toEqual(['hit'])
    expect((await proxy.stats())['invalidation']).toMatchObject({ purges: 0 })
  })

  it.each(['/metrics', '/stats', '/livez', '/readyz', '/purge'])('GET %s is the origin\'s like any other', async path => {
    const { proxy } = await stand({}, answer({}, 'of the origin'))
    expect((await proxy.get(path)).body).toBe('of the origin')
  })
})

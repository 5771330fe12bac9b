/** The corners of collapsing: what waiters must not see, what a purge or a 304 changes meanwhile, what nobody waits for. */
import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { SeawallError } from '../../src/core/errors.js'
import { silentLogger } from '../../src/core/logger.js'
import { createLocalLog } from '../../src/invalidation/log.js'
import { createOrigins } from '../../src/origin/origins.js'
import { compileRoutes } from '../../src/policy/routes.js'
import { createCore } from '../../src/proxy/core.js'
import { Fills } from '../../src/proxy/fills.js'
import type { Parts } from '../../src/proxy/parts.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { barrier, until } from '../support/barrier.js'
import { ask, type Reply } from '../support/client.js'
import { manualClock } from '../support/clock.js'
import { cleanUp, startListener } from '../support/listener.js'
import { answer, startOrigin, type TestOrigin } from '../support/origin.js'
import { before, settingsOf, type TestProxy } from '../support/proxy.js'
import { cacheStatus, isHit } from '../support/scene.js'
import { dial, stand, standRaw, way } from '../support/standing.js'

interface FillStats { readonly inFlight: number, readonly collapsed: number }

async function fills (proxy: TestProxy): Promise<FillStats> {
  return (await proxy.stats())['fills'] as FillStats
}

/** Resolves once `count` requests in all have waited for another's fetch. */
function waiting (proxy: TestProxy, count: number): Promise<void> {
  return until(`${count} wait`, async () => (await fills(proxy)).collapsed === count)
}

const quiet = (proxy: TestProxy): Promise<void> => until('no fetch is under way', async () => (await fills(proxy)).inFlight === 0)

/** The proxy's own rooms around parts that a test may break. */
async function assemble (broken: (parts: Parts) => Partial<Parts>): Promise<{ origin: TestOrigin, counters: Counters, get (path: string): Promise<Reply> }> {
  const origin = await startOrigin()
  onTestFinished(() => origin.stop())
  const settings = settingsOf(before(origin))
  const clock = manualClock()
  const counters = new Counters()
  const origins = createOrigins(settings.origins, { clock, counters, log: silentLogger })
  onTestFinished(() => { origins.destroy(new SeawallError('draining')) })
  const whole: Parts = {
    clock, counters, origins, logger: silentLogger, log: createLocalLog({ clock }), random: () => 0, strictPurge: false, originHost: (_, host) => host,
    store: createMemoryStore({ limit: 1e6, maxObject: 1e5, maxVariants: 8, clock }), route: compileRoutes(settings.routes)
  }
  const parts = { ...whole, ...broken(whole) }
  const { port } = await startListener(createCore(parts, new Fills(parts)))
  return { origin, counters, get: path => ask(`http://127.0.0.1:${port}${path}`) }
}

cleanUp()

const many = (proxy: TestProxy, n: number, path: string, headers: Record<string, string> = {}): Promise<Reply>[] =>
  Array.from({ length: n }, () => proxy.get(path, { headers }))

describe('interim answers', () => {
  it('reach the client whose request they answer, and nobody who waits', async () => {
    const { origin, proxy } = await stand()
    const gate = barrier()
    origin.on(async (_, response) => {
      await gate.passed
      response.writeEarlyHints({ link: '</users/1.css>; rel=preload' })
      answer({ 'cache-control': 'private' })(_, response, 1)
    })
    const first = proxy.get('/hints', { headers: { authorization: 'Bearer one' } })
    await until('it is asked', () => origin.count() === 1)
    const second = proxy.get('/hints', { headers: { authorization: 'Bearer two' } })
    await waiting(proxy, 1)
    gate.open()
    expect((await first).interim.length).toBe(1)
    // its own fetch's hints are its own
    expect((await second).interim.length).toBe(1)
    expect(origin.count()).toBe(2)
  })

  it('lose what is for one hop or not for clients', async () => {
    const { proxy } = await standRaw(async peer => {
      for (;;) {
        await peer.expect('\r\n\r\n')
        peer.say('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nSurrogate-Key: k\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }
    })
    for (const headers of [{}, { 'cache-control': 'no-store' }] as Record<string, string>[]) {
      const { interim } = await proxy.get('/hop', { headers })
      expect(interim.map(i => Object.keys(i.headers))).toEqual([['link']])
    }
  })
})

describe('a body the store had no room for', () => {
  it('is not remembered as uncacheable', async () => {
    const { origin, proxy } = await stand({ cache: { memory: '64kb', maxObject: '64kb' } })
    origin.on(async (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' })
      response.end(Buffer.alloc(60 * 1024))
    })
    await proxy.get('/room')
    const gate = barrier()
    origin.on(async (_, response) => {
      await gate.passed
      answer({ 'cache-control': 'max-age=60' })(_, response, 1)
    })
    const replies = many(proxy, 3, '/room')
    await waiting(proxy, 2)
    gate.open()
    await Promise.all(replies)
    expect(origin.count()).toBe(2)
  })
})

describe('a 304', () => {
  const stored = { 'cache-control': 'max-age=10', etag: '"1"' }

  it('to a request with credentials leaves what others are given', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer(stored, 'for all'))
    await proxy.get('/a')
    clock.advance(11_000)
    origin.on((_, response) => { response.writeHead(304, { etag: '"1"', 'cache-control': 'max-age=10' }).end() })
    expect((await proxy.get('/a', { headers: { authorization: 'x' } })).body).toBe('for all')
    expect(origin.seen.at(-1)!.headers['if-none-match']).toBe('"1"')
    await proxy.get('/a')
    expect(origin.seen.at(-1)!.headers['if-none-match'], 'it is still there to be validated').toBe('"1"')
    expect(isHit(await proxy.get('/a'))).toBe(true)
  })

  it('that forbids storing answers its own client with what it says, and nobody else', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer({ ...stored, 'cache-control': 'max-age=100' }, 'old'))
    await proxy.get('/b')
    clock.advance(1_000)
    const gate = barrier()
    origin.on(async (request, response) => {
      await gate.passed
      if (request.headers['if-none-match'] === undefined) return answer({ 'cache-control': 'private' }, 'new')(request, response, 1)
      response.writeHead(304, { etag: '"1"', 'cache-control': 'private' }).end()
    })
    const first = proxy.get('/b', { headers: { 'cache-control': 'no-cache' } })
    await until('it is asked', () => origin.count() === 2)
    const others = many(proxy, 5, '/b', { 'cache-control': 'max-age=0' })
    await waiting(proxy, 5)
    gate.open()
    const reply = await first
    expect(reply.body).toBe('old')
    expect(reply.headers['cache-control']).toBe('private')
    expect((await Promise.all(others)).map(r => r.body)).toEqual(Array.from({ length: 5 }, () => 'new'))
    expect(origin.count()).toBe(2 + 5)
  })

  it('that adds a Vary does not make one variant answer for all', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer(stored, 'in de'))
    await proxy.get('/c', { headers: { 'x-lang': 'de' } })
    clock.advance(11_000)
    origin.on((request, response) => {
      if (request.headers['if-none-match'] === '"1"' && request.headers['x-lang'] === 'de') response.writeHead(304, { ...stored, vary: 'X-Lang' }).end()
      else answer({ ...stored, etag: '"2"', vary: 'X-Lang' }, `in ${String(request.headers['x-lang'])}`)(request, response, 1)
    })
    expect((await proxy.get('/c', { headers: { 'x-lang': 'de' } })).body).toBe('in de')
    expect((await proxy.get('/c', { headers: { 'x-lang': 'fr' } })).body).toBe('in fr')
  })

  it('keeps a variant findable for as long as it is fresh', async () => {
    const { origin, proxy, clock } = await stand({ cache: { keepStale: '5s' } })
    origin.on(answer({ ...stored, vary: 'X-Lang' }))
    await proxy.get('/d')
    clock.advance(14_000)
    origin.on((_, response) => { response.writeHead(304, { ...stored, vary: 'X-Lang' }).end() })
    expect(cacheStatus(await proxy.get('/d'))).toContain('fwd-status=304')
    clock.advance(5_000)
    expect(isHit(await proxy.get('/d'))).toBe(true)
  })

  it('that names an older modification validates nothing', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer({ 'cache-control': 'max-age=10', 'last-modified': 'Fri, 20 Nov 2020 10:00:00 GMT' }, 'deployed'))
    await proxy.get('/e')
    clock.advance(11_000)
    origin.on((request, response) => {
      const fields = { 'cache-control': 'max-age=10', 'last-modified': 'Thu, 19 Nov 2020 10:00:00 GMT' }
      if (request.headers['if-modified-since'] === undefined) answer(fields, 'rolled back')(request, response, 1)
      else response.writeHead(304, fields).end()
    })
    expect((await proxy.get('/e')).body).toBe('rolled back')
    expect((await proxy.get('/e')).body).toBe('rolled back')
  })

  it('brings the tags it names', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer({ ...stored, 'surrogate-key': 'one' }))
    await proxy.get('/f')
    clock.advance(11_000)
    origin.on((_, response) => { response.writeHead(304, { ...stored, 'surrogate-key': 'two' }).end() })
    await proxy.get('/f')
    expect(isHit(await proxy.get('/f'))).toBe(true)
    await proxy.purge({ tags: ['two'] })
    origin.on(answer(stored, 'after the purge'))
    expect((await proxy.get('/f')).body).toBe('after the purge')
  })

  it('whose answer is stale as it comes sends its waiters on at once, not one after another', async () => {
    const { origin, proxy, clock } = await stand()
    const old = { etag: '"1"', 'cache-control': 'max-age=10', age: '100' }
    origin.on(answer({ ...stored }))
    await proxy.get('/g')
    clock.advance(11_000)
    const gate = barrier()
    const there: ServerResponse[] = []
    origin.on(async (_, response) => {
      there.push(response)
      if (there.length === 1) await gate.passed
      else await until('all are there', () => there.length >= 6)
      response.writeHead(304, old).end()
    })
    const replies = many(proxy, 6, '/g')
    await waiting(proxy, 5)
    gate.open()
    await Promise.all(replies)
    expect(there.length).toBe(6)
  })
})

describe('a purge', () => {
  it('while the origin fails takes away what would have stood in for it', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer({ 'cache-control': 'max-age=10, stale-if-error=600', 'surrogate-key': 'k' }, 'purged'))
    await proxy.get('/sie')
    clock.advance(11_000)
    const gate = barrier()
    origin.on(async (_, response) => {
      await gate.passed
      answer({}, 'broken', 500)(_, response, 1)
    })
    const reply = proxy.get('/sie')
    await until('it is asked', () => origin.count() === 2)
    await proxy.purge({ tags: ['k'] })
    gate.open()
    expect((await reply).body).toBe('broken')
  })
})

describe('a purge by URL', () => {
  it('refuses what only a lenient reader takes for one', async () => {
    const { proxy } = await stand()
    for (const url of ['http:a/x', 'http:/a/x', 'http://a\\x', 'http://user@a/x', 'ftp://a/x', 'a/x']) {
      expect((await proxy.purge({ urls: [url] })).status, url).toBe(400)
      expect((await proxy.purge({ prefixes: [url] })).status, url).toBe(400)
    }
    for (const url of ['http://a', 'HTTP://A:80/x?y', 'https://[::1]:8/']) expect((await proxy.purge({ urls: [url] })).status, url).toBe(200)
  })
})

describe('a client that hangs up before the head', () => {
  it('ends the fetch of what is remembered as uncacheable', async () => {
    const { origin, proxy } = await stand()
    origin.on(answer({ 'cache-control': 'no-store' }))
    await proxy.get('/poll')
    const closed = barrier()
    const asked = barrier()
    origin.on((_, response) => {
      response.on('close', () => { closed.open() })
      asked.open()
    })
    const client = await dial(proxy)
    client.write(`GET /poll HTTP/1.1\r\nHost: 127.0.0.1:${proxy.port}\r\n\r\n`)
    await asked.passed
    client.socket.resetAndDestroy()
    await closed.passed
    await quiet(proxy)
  })
})

describe('a refresh behind a stale answer', () => {
  it('is not kept away by a fetch that nobody may join', async () => {
    const { origin, proxy, clock } = await stand()
    const fields = { 'cache-control': 'max-age=10, stale-while-revalidate=600', etag: '"1"' }
    origin.on(answer(fields, 'one'))
    await proxy.get('/swr')
    const gate = barrier()
    origin.on(async (_, response) => {
      // delimited by the end of the connection: never stored
      response.useChunkedEncodingByDefault = false
      response.shouldKeepAlive = false
      response.writeHead(200, { ...fields, connection: 'close' })
      response.write('endless')
      await gate.passed
      response.end()
    })
    const begun = barrier()
    const endless = proxy.get('/swr', { headers: { 'cache-control': 'no-cache' }, onChunk: () => { begun.open() } })
    await begun.passed
    clock.advance(11_000)
    origin.on(answer(fields, 'two'))
    expect(way(await proxy.get('/swr'))).toBe('hit')
    await until('it is refreshed', async () => (await proxy.get('/swr')).body === 'two')
    gate.open()
    await endless
  })
})

describe('parts that fail', () => {
  it('a store that loses what is committed costs the storing, not the answer', async () => {
    const { origin, get } = await assemble(({ store }) => {
      const begin = store.begin.bind(store)
      store.begin = (meta, length) => ({ ...begin(meta, length)!, commit: () => Promise.reject(new Error('lost')) })
      return { store }
    })
    origin.on(answer({ 'cache-control': 'max-age=60' }, 'whole'))
    expect((await get('/a')).body).toBe('whole')
    expect((await get('/a')).body).toBe('whole')
    expect(origin.count()).toBe(2)
  })

  it('nor does one that loses a refresh', async () => {
    const { origin, get } = await assemble(({ store }) => {
      store.refresh = () => Promise.reject(new Error('lost'))
      return { store }
    })
    origin.on(answer({ 'cache-control': 'no-cache', etag: '"1"' }, 'whole'))
    await get('/b')
    origin.on((_, response) => { response.writeHead(304, { etag: '"1"' }).end() })
    expect((await get('/b')).body).toBe('whole')
  })

  it('an origin client that throws is an answer, and leaves no fetch behind', async () => {
    const { counters, get } = await assemble(({ origins }) => ({ origins: { ...origins, ask: () => { throw new Error('no') } } }))
    expect((await get('/c')).status).toBe(500)
    expect((await get('/c')).status).toBe(500)
    expect(counters.fillsInFlight).toBe(0)
  })
})

describe('draining', () => {
  it('does not wait for a fetch that has no client left', async () => {
    const { origin, proxy } = await stand()
    origin.on((_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' })
      response.write('never whole')
    })
    const client = await dial(proxy)
    client.write('GET /left HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until(/never whole/)
    client.socket.resetAndDestroy()
    await until('the client is gone', async () => ((await proxy.stats())['connections'] as { open: number }).open === 0)
    await proxy.drain()
  })
})

describe('a write', () => {
  it('invalidates what Location names by the rules of its own route', async () => {
    const { origin, proxy } = await stand({ routes: [{ match: '/items*', key: { query: { ignore: ['utm_*'] } } }, {}] })
    origin.on(answer({ 'cache-control': 'max-age=60' }, 'old'))
    await proxy.get('/items?id=5')
    origin.on(answer({ location: '/items?id=5&utm_source=x' }, '', 201))
    await proxy.get('/orders', { method: 'POST', body: 'x' })
    origin.on(answer({ 'cache-control': 'max-age=60' }, 'new'))
    expect((await proxy.get('/items?id=5')).body).toBe('new')
  })
})

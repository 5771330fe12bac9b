/** The corners of collapsing: what waiters must not see, what a purge changes meanwhile, what nobody waits for. */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { many, quiet, waiting } from '../support/fills.js'
import { answer } from '../support/origin.js'
import { dial, stand, standRaw, way } from '../support/standing.js'

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

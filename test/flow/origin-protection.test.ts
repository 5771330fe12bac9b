/** What clients and operators see when an origin is busy, or is not asked. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { ask, type Reply } from '../support/client.js'
import type { ManualClock } from '../support/clock.js'
import { answer, startOrigin } from '../support/origin.js'
import type { TestProxy } from '../support/proxy.js'
import { cacheStatus } from '../support/scene.js'
import { dial, stand, standBefore } from '../support/standing.js'

const before = (url: string, more: object): object => ({ origins: { api: { url, ...more } } })

async function ready (proxy: TestProxy): Promise<unknown> {
  return JSON.parse((await ask(`${proxy.adminUrl}/readyz`)).body)
}

async function metric (proxy: TestProxy, name: string): Promise<string[]> {
  return (await ask(`${proxy.adminUrl}/metrics`)).body.split('\n').filter(line => line.startsWith(name))
}

describe('an origin that cannot be reached', () => {
  it('is left alone after some failures: 503 with Retry-After, stale where allowed, hits as ever', async () => {
    const origin = await startOrigin((seen, response) => {
      answer({ 'cache-control': seen.url === '/stale' ? 'max-age=1, stale-if-error=600' : 'max-age=600' }, seen.url)(seen, response, 0)
    })
    const { proxy, clock } = await standBefore(origin, before(origin.url, { breaker: { failures: 2, probe: '30s' } }))
    for (const path of ['/stale', '/fresh']) await proxy.get(path)
    await origin.stop()
    clock.advance(2_000)
    for (const path of ['/1', '/2']) expect((await proxy.get(path)).status).toBe(502)
    clock.advance(10_000)
    const refused = await proxy.get('/3')
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '20', 'cache-control': 'no-store' }, body: expect.stringContaining('"origin_unavailable"') as unknown })
    expect(cacheStatus(refused)).toBe('seawall; fwd=uri-miss; detail=origin_unavailable')
    expect((await proxy.get('/3', { method: 'POST', body: 'x' })).headers['retry-after']).toBe('20')
    expect(cacheStatus(await proxy.get('/stale'))).toMatch(/^seawall; fwd=stale; .*detail=stale-if-error$/)
    expect(await proxy.get('/fresh')).toMatchObject({ status: 200, body: '/fresh' })
    expect(await ready(proxy)).toEqual({ ready: true, origins: { api: { breaker: 'open', addresses: 1, healthy: 1 } } })
    expect(await metric(proxy, 'seawall_origin_breaker_state{origin="api",state="open"}')).toEqual(['seawall_origin_breaker_state{origin="api",state="open"} 1'])
    expect((await proxy.stats())['origins']).toMatchObject({ api: { breaker: 'open', rejected: { busy: 0 } } })
    expect(proxy.log().filter(line => String(line['msg']).startsWith('origin '))).toMatchObject([{ level: 'warn', origin: 'api', failures: 2 }])
  })
})

describe('an origin that has its hands full', () => {
  it('lets some wait and is spared the rest: 503 with Retry-After', async () => {
    const go = barrier()
    const { proxy, origin } = await stand({ routes: [{ cache: false }] }, async (_, response) => {
      await go.passed
      response.end('done')
    })
    const { proxy: narrow } = await standBefore(origin, { ...before(origin.url, { connections: 2, queue: { length: 1 } }), routes: [{ cache: false }] })
    const waiting = [narrow.get('/1'), narrow.get('/2'), narrow.get('/3')]
    await until('two are asked', () => origin.count() === 2)
    await until('one waits', async () => JSON.stringify((await narrow.stats())['origins']).includes('"queued":1'))
    expect(await narrow.get('/4')).toMatchObject({ status: 503, headers: { 'retry-after': '1' }, body: expect.stringContaining('"origin_busy"') as unknown })
    // the origin itself is not spent
    const other = proxy.get('/other')
    go.open()
    expect((await Promise.all([...waiting, other])).map(reply => reply.body)).toEqual(['done', 'done', 'done', 'done'])
    expect(await metric(narrow, 'seawall_origin_rejected_total')).toEqual(['seawall_origin_rejected_total{origin="api",why="busy"} 1', 'seawall_origin_rejected_total{origin="api",why="unavailable"} 0'])
  })
})

describe('places at an origin that nobody waits for', () => {
  const narrow = { connections: 2, queue: { length: 4, wait: '60s' } }

  /** Answers /ok; says the head and a byte of /slow, and nothing of the rest. */
  async function reluctant (more: object = {}) {
    const origin = await startOrigin((seen, response) => {
      if (seen.url === '/ok') response.end('ok')
      else if (seen.url.startsWith('/slow')) response.writeHead(200, { 'cache-control': 'max-age=60' }).write('x')
    })
    onTestFinished(() => origin.stop())
    return { origin, ...await standBefore(origin, { ...before(origin.url, narrow), ...more }) }
  }

  /** The answer to /ok: time goes by until it comes, since nothing shows when those that left are known to. */
  async function inTime (proxy: TestProxy, clock: ManualClock): Promise<Reply | undefined> {
    let reply: Reply | undefined
    void proxy.get('/ok').then(told => { reply = told })
    await until('it is let in', () => {
      clock.advance(1)
      return reply !== undefined
    })
    return reply
  }

  it('are those of clients that have left, closed for good', async () => {
    const { proxy, origin, clock } = await reluctant({ routes: [{ cache: false }] })
    for (const path of ['/a', '/b']) {
      const client = await dial(proxy)
      client.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`)
      await until('it is asked', () => origin.count(path) === 1)
      client.socket.destroy()
    }
    expect(await inTime(proxy, clock)).toMatchObject({ status: 200, body: 'ok' })
  })

  it('are those of answers that nobody reads any more', async () => {
    const { proxy, origin, clock } = await reluctant()
    for (const path of ['/slow1', '/slow2']) {
      const client = await dial(proxy)
      client.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`)
      await client.until(/\r\n\r\n[^]*x/)
      client.socket.resetAndDestroy()
      await until('it is gone', async () => (await metric(proxy, 'seawall_connections_open'))[0]!.endsWith(' 0'))
    }
    expect(origin.count()).toBe(2)
    expect(await inTime(proxy, clock)).toMatchObject({ status: 200, body: 'ok' })
  })
})

describe('an origin of two addresses', () => {
  it('goes on when one is gone, whatever is asked of it', async () => {
    const [one, two] = [await startOrigin(answer({}, 'one')), await startOrigin(answer({}, 'two'))]
    const { proxy } = await standBefore(one, { origins: { api: { urls: [one.url, two.url] } } })
    const replies = await Promise.all(Array.from({ length: 4 }, async (_, i) => (await proxy.get(`/${i}`)).body))
    expect([...replies].sort()).toEqual(['one', 'one', 'two', 'two'])
    await one.stop()
    for (let i = 0; i < 6; i++) expect(await proxy.get(`/then/${i}`, i % 2 === 0 ? {} : { method: 'POST', body: 'x' })).toMatchObject({ status: 200, body: 'two' })
    expect(await ready(proxy)).toMatchObject({ origins: { api: { breaker: 'closed', addresses: 2, healthy: 1 } } })
    await two.stop()
  })
})

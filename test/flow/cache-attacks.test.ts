/** What an attacker sends so that others are given it: none of it is stored under a key that others have. */
import { describe, expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { answer, type Handler } from '../support/origin.js'
import type { TestProxy } from '../support/proxy.js'
import { dial, stand, way } from '../support/standing.js'

const FRESH = { 'cache-control': 'max-age=60' }

/** An origin that believes every header and every body, and says so in what may be stored. */
const gullible: Handler = (request, response, count) => {
  const headers = Object.entries(request.headers).filter(([name]) => !['connection', 'host'].includes(name))
  return answer(FRESH, JSON.stringify({ method: request.method, url: request.url, headers, body: request.body.toString() }))(request, response, count)
}

async function entries (proxy: TestProxy): Promise<number> {
  return ((await proxy.stats())['store'] as { entries: number }).entries
}

describe('headers that are no part of the key', () => {
  const SPOOFED: readonly (readonly [string, string])[] = [
    ['X-Forwarded-For', '6.6.6.6'], ['X-Forwarded-Host', 'evil.test'], ['X-Forwarded-Proto', 'evil'], ['X-Forwarded-Port', '666'],
    ['X-Forwarded-Prefix', '/evil'], ['X-Forwarded-Scheme', 'evil'], ['X-Forwarded-Server', 'evil.test'], ['X-Forwarded-Path', '/evil'],
    ['X-Forwarded', 'evil'], ['Forwarded', 'host=evil.test'], ['Forwarded-For', 'evil'], ['X-Host', 'evil.test'], ['X-Original-Host', 'evil.test'],
    ['X-HTTP-Host-Override', 'evil.test'], ['X-Original-URL', '/evil'], ['X-Rewrite-URL', '/evil'], ['X-Override-URL', '/evil'],
    ['X-HTTP-Method-Override', 'EVIL'], ['X-Method-Override', 'EVIL'], ['X-HTTP-Method', 'EVIL'], ['X-Real-IP', 'evil'], ['X-Client-IP', 'evil'],
    ['True-Client-IP', 'evil'], ['CF-Connecting-IP', 'evil'], ['Fastly-Client-IP', 'evil'], ['X-Cluster-Client-IP', 'evil'],
    ['X-Remote-User', 'evil'], ['Front-End-Https', 'evil'], ['X-URL-Scheme', 'evil'], ['X-Scheme', 'evil'], ['X-Middleware-Subrequest', 'evil'],
    ['X-Forward-Host', 'evil.test'], ['X-Override-Host', 'evil.test'], ['X-HTTP-Host', 'evil.test'], ['X-Original-Path', '/evil'],
    ['X-HTTP-Path-Override', '/evil'], ['X-Request-URL', '/evil'], ['X-Original-Method', 'EVIL'], ['X-Proto', 'evil'], ['X-SSL', 'evil'], ['X-HTTPS', 'evil'],
    ['X-Original-Forwarded-For', 'evil'], ['X-ProxyUser-IP', 'evil'], ['X_Forwarded_Host', 'evil.test'], ['x_original_url', '/evil'], ['Proxy', 'evil'], ['TE', 'evil']
  ]

  it.each(SPOOFED)('%s of an untrusted client changes nothing that is stored', async (name, value) => {
    const { proxy, origin } = await stand({}, gullible)
    const poisoned = await proxy.get('/p', { headers: { [name]: value } })
    // the port is the system's choice, and may well be 46669; so is the name of this proxy in CDN-Loop
    expect(poisoned.body.replaceAll(String(proxy.port), '').replace(/id=[0-9a-f]{12}/, '')).not.toMatch(/evil|6\.6\.6\.6|666/i)
    expect(await proxy.get('/p')).toMatchObject({ body: poisoned.body })
    expect(origin.count()).toBe(1)
  })

  it('reach the origin where the route keys by them, and then split the key', async () => {
    const { proxy, origin } = await stand({ routes: [{ key: { headers: ['X-HTTP-Method-Override', 'X-Forwarded-Prefix'] } }] }, gullible)
    const attacked = await proxy.get('/p', { headers: { 'x-http-method-override': 'EVIL', 'x-forwarded-prefix': '/evil', 'x-original-url': '/worse' } })
    expect(attacked.body).toContain('EVIL')
    expect(attacked.body).toContain('/evil')
    expect(attacked.body).not.toContain('worse')
    expect((await proxy.get('/p')).body).not.toMatch(/evil/i)
    expect(origin.count()).toBe(2)
  })

  it('a body of GET is neither stored for others nor answered with what is', async () => {
    const { proxy } = await stand({}, gullible)
    const fat = { headers: { 'content-length': '4' }, body: 'evil' }
    expect((await proxy.get('/p', fat)).body).toContain('evil')
    expect((await proxy.get('/p')).body).not.toContain('evil')
    expect(way(await proxy.get('/p', fat))).not.toBe('hit')
    expect((await proxy.get('/p')).body).not.toContain('evil')
  })
})

describe('paths made up for an account page', () => {
  const PATHS = [
    '/account/x.css', '/account/x.js', '/account.css', '/account/x.avif', '/account;x.css', '/account%2fx.css', '/account?x.css', '/account/%3fx.png',
    '/account%23.css', '/static/..%2faccount', '/account/.css', '/account%0a.css'
  ]

  it.each([
    ['says nothing of caching', {}],
    ['is private', { 'cache-control': 'private, max-age=600' }],
    ['sets a cookie', { 'set-cookie': 'session=1', 'cache-control': 'max-age=60' }],
    ['is no-store', { 'cache-control': 'no-store' }],
    ['is of a static type', { 'content-type': 'text/css', etag: '"1"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' }]
  ])('are never stored: the answer %s', async (_, headers) => {
    const { proxy, origin } = await stand({}, answer(headers, 'your account'))
    for (const path of PATHS) for (let i = 0; i < 2; i++) expect(way(await proxy.get(path)), path).not.toBe('hit')
    expect(origin.count()).toBe(2 * PATHS.length)
    expect(await entries(proxy)).toBe(0)
  })

  it.each([
    '/static/..%2faccount', '/static/%2e%2e/account', '/static/../account', '/static/%252e%252e/account', '/static/..;a=b/account', '/static/x/..%5c../account',
    '/static//..//..%2f./account', '/%61ccount', '//account', '/;/account'
  ])('do not get it a lifetime that another route gives: %s', async path => {
    const routes = [{ match: '/account', cache: false }, { match: '/static/*', freshness: { override: '1h' } }, { match: '*', freshness: { default: '1h' } }]
    const { proxy } = await stand({ routes }, answer({}, 'your account'))
    for (let i = 0; i < 2; i++) expect(way(await proxy.get(path)), path).toBe('bypass')
    expect(await entries(proxy)).toBe(0)
  })

  it.each(['/static/caf%C3%A9.css', '/static/a%2Fb', '/static/./x', '/static/.well-known', '/static/x;v=1', '/caf%C3%A9/menu', '/static/%2e%2e/static/x'])('are told from paths that lead nowhere else: %s', async path => {
    const { proxy } = await stand({ routes: [{ match: '/static/*' }, { match: '/caf%C3%A9/*' }, { match: '/account/*', cache: false }] }, answer(FRESH))
    await proxy.get(path)
    expect(way(await proxy.get(path)), path).toBe('hit')
  })
})

describe('errors that a request provokes', () => {
  /** Fails what carries the trap, and is fine without. */
  const trapped = (status: number, headers: Record<string, string> = {}): Handler => (request, response, count) =>
    request.headers['x-trap'] === undefined && request.headers.range === undefined
      ? answer(FRESH, 'fine')(request, response, count)
      : answer(headers, 'no', status)(request, response, count)

  it.each([400, 401, 403, 405, 406, 408, 411, 412, 413, 414, 415, 416, 417, 421, 422, 429, 431, 500, 501, 502, 503, 504])(
    '%d is not stored, even where the route gives lifetimes', async status => {
      const { proxy } = await stand({ routes: [{ match: '/over*', freshness: { override: '60s' } }, { freshness: { default: '60s', negative: '60s' } }] }, trapped(status))
      for (const path of ['/p', '/over']) {
        expect((await proxy.get(path, { headers: { 'x-trap': 'x'.repeat(4000) } })).status).toBe(status)
        expect(await proxy.get(path)).toMatchObject({ status: 200, body: 'fine' })
      }
    })

  it('a range that cannot be is nobody else\'s', async () => {
    const { proxy } = await stand({}, trapped(416, { 'content-range': 'bytes */4', ...FRESH }))
    expect((await proxy.get('/p', { headers: { range: 'bytes=9-' } })).status).toBe(416)
    expect(await proxy.get('/p')).toMatchObject({ status: 200, body: 'fine' })
  })

  it('is stored where the origin says so', async () => {
    const { proxy, origin } = await stand({}, answer(FRESH, 'gone', 404))
    await proxy.get('/p')
    expect(way(await proxy.get('/p'))).toBe('hit')
    expect(origin.count()).toBe(1)
  })
})

describe('HEAD and Range', () => {
  it('a HEAD leaves nothing that answers a GET', async () => {
    const { proxy, origin } = await stand({}, (request, response, count) =>
      answer({ ...FRESH, 'x-method': request.method }, request.method === 'HEAD' ? '' : 'whole')(request, response, count))
    await proxy.get('/p', { method: 'HEAD' })
    expect(await proxy.get('/p')).toMatchObject({ status: 200, body: 'whole', headers: { 'x-method': 'GET' } })
    expect(origin.count()).toBe(2)
  })

  it('a part is never given for the whole', async () => {
    const { proxy } = await stand({}, (request, response, count) => request.headers.range === undefined
      ? answer({ ...FRESH, etag: '"1"' }, 'whole')(request, response, count)
      : answer({ ...FRESH, etag: '"1"', 'content-range': 'bytes 0-1/5' }, 'wh', 206)(request, response, count))
    expect(await proxy.get('/p', { headers: { range: 'bytes=0-1' } })).toMatchObject({ status: 206, body: 'wh' })
    expect(await proxy.get('/p')).toMatchObject({ status: 200, body: 'whole' })
  })

  it('a Range of another unit, or of nonsense, poisons nothing', async () => {
    const { proxy } = await stand({}, answer(FRESH, 'whole'))
    for (const range of ['lines=1-2', 'bytes=-', 'bytes=5-1', 'bytes', `bytes=${'0-0,'.repeat(500)}0-0`]) await proxy.get('/p', { headers: { range } })
    expect(await proxy.get('/p')).toMatchObject({ status: 200, body: 'whole' })
  })
})

describe('what could fill the store', () => {
  it('variants of one URL are bounded', async () => {
    const { proxy } = await stand({ cache: { maxVariants: 4 } }, answer({ ...FRESH, vary: 'x-any' }))
    for (let i = 0; i < 40; i++) await proxy.get('/p', { headers: { 'x-any': String(i) } })
    // the variants and the record that leads to them
    expect(await entries(proxy)).toBeLessThanOrEqual(5)
  })

  it.each([['found', 200], ['not found', 404]])('a flood of one-time URLs, all %s, leaves what is asked for often', async (_, status) => {
    const { proxy } = await stand({ cache: { memory: '256kb' } }, (request, response, count) =>
      answer(FRESH, 'x'.repeat(1000), request.url === '/hot' ? 200 : status)(request, response, count))
    for (let i = 0; i < 4; i++) await proxy.get('/hot')
    for (let i = 0; i < 600; i++) await proxy.get(`/once?${i}`)
    expect(way(await proxy.get('/hot'))).toBe('hit')
    expect(((await proxy.stats())['store'] as { bytes: number }).bytes).toBeLessThanOrEqual(256 * 1024)
  })
})

describe('the admin listener', () => {
  it('cannot be reached through the public one, in any form', async () => {
    const { proxy, origin } = await stand({}, answer(FRESH, 'of the origin'))
    const admin = new URL(proxy.adminUrl).host
    const paths = ['/purge', '/stats', '/metrics', '/livez', '/readyz']
    const client = await dial(proxy)
    const order = '{"urls":["http://h/p"],"all":true}'
    const requests = paths.flatMap(path => [
      `GET ${path} HTTP/1.1\r\nHost: ${admin}\r\n\r\n`,
      `GET http://${admin}${path} HTTP/1.1\r\nHost: ${admin}\r\n\r\n`,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: ${admin}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
      `POST ${path} HTTP/1.1\r\nHost: ${admin}\r\nContent-Type: application/json\r\nContent-Length: ${order.length}\r\n\r\n${order}`,
      `PURGE ${path} HTTP/1.1\r\nHost: ${admin}\r\n\r\n`
    ])
    for (const [i, request] of requests.entries()) {
      client.write(request)
      await until(`answer ${i} to ${JSON.stringify(request)}, after ${client.text()}`, () => client.text().split('of the origin').length === i + 2, 3000)
    }
    expect(client.text().match(/of the origin/g)).toHaveLength(requests.length)
    expect(origin.seen.some(({ method }) => method === 'PURGE')).toBe(true)
    expect((await proxy.stats())['invalidation']).toMatchObject({ purges: 0 })
  })
})

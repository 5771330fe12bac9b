/** What makes two requests the same one, and that the origin is asked for exactly what was keyed. */
import { describe, expect, it } from 'vitest'
import type { Reply } from '../support/client.js'
import { answer, type TestOrigin } from '../support/origin.js'
import type { TestProxy } from '../support/proxy.js'
import { cacheStatus } from '../support/scene.js'
import { dial, stand, way } from '../support/standing.js'

const FRESH = { 'cache-control': 'max-age=60' }

/** Targets that mean different things to some origin, each in origin-form and valid. */
const TARGETS = [
  '/', '/?', '/??', '/?&', '//', '//evil.example/x', '/a', '/a/', '/a//b', '/a/./b', '/a/b/../b', '/A', '/a;b=c', '/a,b', '/a:b@c', '/a+b', '/a%20b',
  '/~u', '/%7Eu', '/%7eu', '/a%2Fb', '/a%2fb', '/a/b', '/%C3%A4', '/%c3%a4', '/"<>`{|}^', '/?q=100%', '/?q=a%2', '/?a=1&b=2', '/?b=2&a=1', '/?a=1&a=2',
  '/?a=2&a=1', '/?a', '/?a=', '/?a=1&', '/?a=1?b', '/?http://x/', '/[x]', '/*', "/!$&'()=", '/http://other.example/', '/?__proto__=1', '/?constructor', '/__proto__'
]

/** The answers to raw requests of one connection, one after another. */
async function each (proxy: TestProxy, heads: readonly string[]): Promise<string[]> {
  const client = await dial(proxy)
  const answers: string[] = []
  let at = 0
  for (const head of heads) {
    client.write(`${head}\r\n\r\n`)
    const text = await client.until(new RegExp(`^[^]{${at}}HTTP/1\\.1 \\d{3} [^]*?\r\n\r\n[^\n]+\n$`))
    answers.push(text.slice(at))
    at = text.length
  }
  return answers
}

/** Says what it was asked for. */
function echo (origin: TestOrigin): void {
  origin.on((request, response) => {
    const body = `${request.headers.host} ${request.url}\n`
    answer({ ...FRESH, 'content-length': String(body.length) }, body)(request, response, 1)
  })
}

describe('the target', () => {
  it('is keyed and forwarded byte for byte', async () => {
    const { proxy, origin } = await stand()
    echo(origin)
    const heads = TARGETS.map(target => `GET ${target} HTTP/1.1\r\nHost: h`)
    const first = await each(proxy, heads)
    expect(origin.seen.map(s => s.url)).toEqual(TARGETS)
    const second = await each(proxy, heads)
    expect(origin.count()).toBe(TARGETS.length)
    for (const [i, target] of TARGETS.entries()) {
      expect(first[i]).toContain(`\r\n\r\nh ${target}\n`)
      expect(second[i]).toContain(`\r\n\r\nh ${target}\n`)
      expect(second[i]).toContain('cache-status: seawall; hit;')
    }
  })

  it('in absolute-form is the same as in origin-form', async () => {
    const { proxy, origin } = await stand()
    echo(origin)
    const [, second] = await each(proxy, ['GET http://h/a%2fb?c HTTP/1.1\r\nHost: h', 'GET /a%2fb?c HTTP/1.1\r\nHost: h'])
    expect(origin.seen.map(s => s.url)).toEqual(['/a%2fb?c'])
    expect(second).toContain('cache-status: seawall; hit;')
  })

  it('is one key for all methods', async () => {
    const { proxy, origin } = await stand({}, answer({ ...FRESH, 'x-made': 'by GET' }, 'twelve bytes'))
    await proxy.get('/p')
    const head = await proxy.get('/p', { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '12', 'x-made': 'by GET' } })
    expect(way(head)).toBe('hit')
    await proxy.get('/p', { method: 'PUT' })
    expect(origin.count()).toBe(2)
    expect(way(await proxy.get('/p', { method: 'HEAD' }))).not.toBe('hit')
    expect(way(await proxy.get('/p'))).toBe('uri-miss')
  })
})

describe('query rules', () => {
  /** What the origin is asked for, one request for each key. */
  async function asked (query: object, targets: readonly string[]): Promise<string[]> {
    const { proxy, origin } = await stand({ routes: [{ key: { query } }] }, answer(FRESH))
    for (const target of targets) await proxy.get(target)
    return origin.seen.map(s => s.url)
  }

  it('drop what they ignore, from the key and from what the origin is asked', async () => {
    const targets = ['/p?utm_source=a&id=1&utm_medium=b', '/p?id=1&gclid=x', '/p?id=1', '/p?gclid=1', '/p', '/p?ID=1&utm=2', '/p?xutm_a=1']
    expect(await asked({ ignore: ['utm_*', 'gclid'] }, targets)).toEqual(['/p?id=1', '/p', '/p?ID=1&utm=2', '/p?xutm_a=1'])
  })

  it('keep only what they name', async () => {
    const targets = ['/p?page=1&evil=2', '/p?page=1', '/p?page=2&page=1', '/p?evil', '/p', '/p?page', '/p?page=']
    expect(await asked({ only: ['page'] }, targets)).toEqual(['/p?page=1', '/p?page=2&page=1', '/p', '/p?page', '/p?page='])
  })

  it('sort by name, and leave the order of one name\'s values', async () => {
    const targets = ['/p?b=1&a=2', '/p?a=2&b=1', '/p?a=1&b=1&a=0', '/p?b=1&a=0&a=1', '/p?b=1&a=1&a=0']
    expect(await asked({ sort: true }, targets)).toEqual(['/p?a=2&b=1', '/p?a=1&a=0&b=1', '/p?a=0&a=1&b=1'])
  })

  it('take any name for what it is', async () => {
    const targets = ['/p?__proto__=1&constructor=2&x=3', '/p?constructor=2&x=3', '/p?x=3&toString=1', '/p?x=3']
    expect(await asked({ ignore: ['__proto__', 'toString'] }, targets)).toEqual(['/p?constructor=2&x=3', '/p?x=3'])
    expect(await asked({ only: ['constructor'] }, targets)).toEqual(['/p?constructor=2', '/p'])
  })
})

describe('headers and cookies of the key', () => {
  const ROUTES = [{ key: { headers: ['X-Tenant', '__proto__', 'constructor'], cookies: ['lang', '__proto__', 'constructor'] } }]

  it('split it by their values, absent ones too, and others do not', async () => {
    const { proxy, origin } = await stand({ routes: ROUTES }, answer(FRESH))
    const requests = [
      {}, { 'x-tenant': '' }, { 'X-TENANT': 'a' }, { 'x-tenant': 'A' }, { 'x-tenant': ['a', 'b'] }, { constructor: 'a' },
      Object.fromEntries([['__proto__', 'a']]),
      { cookie: 'lang=de' }, { cookie: 'lang=en' }, { cookie: '__proto__=de' }, { cookie: 'constructor=de' }, { cookie: 'lang=de; lang=en' }
    ] as Record<string, string | string[]>[]
    for (const headers of requests) expect(way(await proxy.get('/p', { headers }))).toBe('uri-miss')
    for (const headers of requests) expect(way(await proxy.get('/p', { headers }))).toBe('hit')
    expect(origin.count()).toBe(requests.length)
    for (const headers of [{ 'user-agent': 'x' }, { cookie: 'session=1' }, { 'x-tenants': 'a' }]) {
      expect(way(await proxy.get('/p', { headers }))).toBe('hit')
    }
    expect(way(await proxy.get('/p', { headers: { cookie: 'session=1; lang=de; theme=dark' } }))).toBe('hit')
  })

  it('cannot be mistaken for one another', async () => {
    const { proxy, origin } = await stand({ routes: [{ key: { headers: ['a', 'b'] } }] }, answer(FRESH))
    const requests = [{ a: 'x' }, { b: 'x' }, { a: 'xb1:x' }, { a: 'x', b: '' }, { a: '', b: 'x' }, { a: 'x, y' }, { a: 'x,y' }]
    for (const headers of requests) await proxy.get('/p', { headers: headers as Record<string, string> })
    expect(origin.count()).toBe(requests.length)
  })
})

describe('what Vary names', () => {
  it.each(['__proto__', 'constructor', 'toString'])('may be %s', async name => {
    const { proxy, origin } = await stand({}, (request, response) => {
      const at = request.rawHeaders.indexOf(name)
      answer({ ...FRESH, vary: name }, at < 0 ? 'none' : request.rawHeaders[at + 1]!)(request, response, 1)
    })
    const asked = (value: string): Promise<Reply> => proxy.get('/p', { headers: Object.fromEntries([[name, value]]) })
    expect((await asked('1')).body).toBe('1')
    expect((await asked('2')).body).toBe('2')
    expect((await proxy.get('/p')).body).toBe('none')
    expect((await asked('1')).body).toBe('1')
    expect(way(await asked('2'))).toBe('hit')
    expect(origin.count()).toBe(3)
  })
})

describe('the site', () => {
  it('is the host in lower case without its default port', async () => {
    const { proxy, origin } = await stand()
    echo(origin)
    for (const host of ['shop.example', 'SHOP.example', 'Shop.Example:80']) await proxy.get('/p', { headers: { host } })
    expect(origin.count()).toBe(1)
    for (const host of ['shop.example:81', 'shop.example.', 'www.shop.example', '[::1]', '[::1]:81']) {
      expect((await proxy.get('/p', { headers: { host } })).body).toBe(`${host} /p\n`)
    }
    expect(origin.count()).toBe(6)
    expect((await proxy.get('/p', { headers: { host: '[::1]:80' } })).body).toBe('[::1] /p\n')
    expect(origin.count()).toBe(6)
  })

  it('has the scheme the client used, as a trusted proxy says it: a redirect to https does not loop', async () => {
    const { proxy } = await stand({ trustedProxies: ['127.0.0.1'] }, (request, response) => {
      if (request.headers['x-forwarded-proto'] === 'https') answer(FRESH, 'the page')(request, response, 1)
      else answer({ ...FRESH, location: 'https://h/p' }, '', 301)(request, response, 1)
    })
    const over = (proto: string): Promise<Reply> => proxy.get('/p', { headers: { host: 'h', 'x-forwarded-proto': proto } })
    expect((await over('http')).status).toBe(301)
    expect(await over('https')).toMatchObject({ status: 200, body: 'the page' })
    expect(way(await over('http'))).toBe('hit')
    expect(await over('https')).toMatchObject({ status: 200, body: 'the page' })
  })

  it('that no route serves is answered 421, and no origin hears of it', async () => {
    const { proxy, origin } = await stand({ routes: [{ hosts: ['api.example', '*.shop.example'] }] }, answer(FRESH))
    for (const host of ['api.example', 'API.example:8443', 'a.shop.example', 'a.b.shop.example']) {
      expect((await proxy.get('/p', { headers: { host } })).status).toBe(200)
    }
    const served = origin.count()
    for (const host of ['evil.example', 'shop.example', 'xshop.example', 'api.example.evil', 'api.example.']) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const reply = await proxy.get('/p', { method, headers: { host } })
        expect(reply.status).toBe(421)
        expect(reply.body).toBe(method === 'HEAD' ? '' : '{"error":"misdirected","message":"No route of this proxy serves that host."}\n')
        expect(cacheStatus(reply)).toBe('seawall; detail=misdirected')
      }
    }
    expect(origin.count()).toBe(served)
  })
})

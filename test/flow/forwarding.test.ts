/** What travels on to the origin and back, and what stays on its hop. */
import { describe, expect, it } from 'vitest'
import { ask } from '../support/client.js'
import { answer } from '../support/origin.js'
import { dial, stand, standRaw, way } from '../support/standing.js'

const HEAD_END = '\r\n\r\n'

/** Field lines of a head, their names in lower case, sorted. */
function lines (head: string): string[] {
  return head.split('\r\n').slice(1).filter(Boolean).map(line => line.replace(/^[^:]*/, name => name.toLowerCase())).sort()
}

const named = (all: readonly string[], ...names: string[]): string[] => all.filter(line => names.some(name => line.startsWith(`${name}: `)))

describe('to the origin', () => {
  /** The fields the origin receives of these, sent by GET. */
  async function forwarded (fields: readonly string[], config: object = {}, version = '1.1'): Promise<string[]> {
    let head = ''
    const { proxy } = await standRaw(async peer => {
      head = await peer.expect(HEAD_END)
      peer.say(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`)
    }, config)
    const client = await dial(proxy)
    client.write(['GET /p HTTP/' + version, 'Host: h', ...fields, '', ''].join('\r\n'))
    await client.until(/^HTTP\/1\.1 200 /)
    return lines(head)
  }

  it('the same fields of one connection, as each route and version has them', async () => {
    const seen: string[][] = []
    const { proxy } = await standRaw(async peer => {
      for (;;) {
        seen.push(lines(await peer.expect(HEAD_END)))
        peer.say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      }
    }, { routes: [{ match: '/keyed/*', cache: false, key: { headers: ['x-host'] } }, { cache: false }] })
    const client = await dial(proxy)
    const asked = [['/keyed/1', '1.1'], ['/p', '1.1'], ['/p', '1.0'], ['/keyed/2', '1.1']] as const
    for (const [i, [path, version]] of asked.entries()) {
      client.write(`GET ${path} HTTP/${version}\r\nHost: h\r\nX-Host: other\r\nConnection: keep-alive\r\n\r\n`)
      await client.until(new RegExp(`^(?:[^]*HTTP/1\\.1 200 ){${i + 1}}`))
    }
    expect(seen.map(one => named(one, 'x-host', 'via'))).toEqual([
      ['via: 1.1 seawall', 'x-host: other'], ['via: 1.1 seawall'], ['via: 1.0 seawall'], ['via: 1.1 seawall', 'x-host: other']
    ])
  })

  it('hop-by-hop fields stay here, with those that Connection names', async () => {
    const seen = await forwarded([
      'Connection: X-Secret, keep-alive, x-OTHER', 'Connection: close', 'X-Secret: 1', 'x-other: 2', 'Keep-Alive: timeout=5', 'TE: trailers',
      'Trailer: X-Sum', 'Proxy-Connection: keep-alive', 'Proxy-Authorization: Basic eDp5', 'X-Secrets: stays', 'X-End: to-end'
    ])
    const gone = ['x-secret', 'x-other', 'keep-alive', 'te', 'trailer', 'proxy-connection', 'proxy-authorization', 'upgrade']
    expect(named(seen, ...gone)).toEqual([])
    expect(named(seen, 'x-secrets', 'x-end')).toEqual(['x-end: to-end', 'x-secrets: stays'])
    expect(named(seen, 'connection').every(line => line === 'connection: keep-alive')).toBe(true)
  })

  it('Connection that names what the answer depends on is refused, and the origin hears nothing', async () => {
    const { proxy, origin } = await stand()
    for (const option of ['authorization', 'Cookie', 'host', 'cache-control', 'content-length', 'x-forwarded-for']) {
      expect(await proxy.get('/p', { headers: { connection: `close, ${option}` } })).toMatchObject({ status: 400, body: expect.stringContaining('"bad_connection"') as unknown })
    }
    expect(origin.count()).toBe(0)
  })

  it('everything else passes as it came: order, case, repetition, odd bytes', async () => {
    const { proxy, origin } = await stand()
    const client = await dial(proxy)
    client.write(Buffer.from('POST /p HTTP/1.1\r\nHost: h\r\nX-B: 1\r\nx-a: \xe4\xff\r\nX-b: 2,3\r\nX-Empty:\r\nCookie: a=1\r\nCookie: b="2, 3"\r\nContent-Length: 2\r\n\r\nhi', 'latin1'))
    await client.until(/^HTTP\/1\.1 200 /)
    const { rawHeaders, body } = origin.seen[0]!
    const pairs = rawHeaders.map((name, i) => i % 2 === 0 ? `${name}: ${rawHeaders[i + 1]}` : '').filter(Boolean)
    expect(pairs.filter(pair => /^x-[abe]/i.test(pair) && !/^x-forw/i.test(pair))).toEqual(['X-B: 1', 'x-a: \xe4\xff', 'X-b: 2,3', 'X-Empty: '])
    expect(pairs.filter(pair => /^cookie/i.test(pair))).toEqual(['Cookie: a=1; b="2, 3"'])
    expect(body.toString()).toBe('hi')
  })

  it('Via tells the way, and the version the client spoke', async () => {
    expect(named(await forwarded([]), 'via')).toEqual(['via: 1.1 seawall'])
    expect(named(await forwarded(['Via: 1.0 old', 'Via: 2 cdn (Acme)']), 'via')).toEqual(['via: 1.0 old, 2 cdn (Acme), 1.1 seawall'])
    expect(named(await forwarded([], {}, '1.0'), 'via')).toEqual(['via: 1.0 seawall'])
  })

  const SPOOF = [
    'X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.example', 'Forwarded: for=6.6.6.6;proto=https;host=evil.example',
    'X-Forwarded-Prefix: /admin', 'X-Real-IP: 6.6.6.6', 'X-Original-URL: /admin', 'X-HTTP-Method-Override: DELETE', 'X_Forwarded_For: 6.6.6.6'
  ]

  it('what a client says of itself is replaced by what is known of it', async () => {
    const seen = await forwarded(SPOOF)
    expect(seen.filter(line => /6\.6\.6\.6|evil|admin|DELETE|: https/.test(line))).toEqual([])
    expect(named(seen, 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded')).toEqual([
      'forwarded: for=127.0.0.1;proto=http;host="h"', 'x-forwarded-for: 127.0.0.1', 'x-forwarded-host: h', 'x-forwarded-proto: http'
    ])
  })

  it('what a trusted proxy says of its client is kept, and continued', async () => {
    const seen = await forwarded([...SPOOF, 'Forwarded: for=10.0.0.1'], { trustedProxies: ['127.0.0.0/8'] })
    expect(named(seen, 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-prefix', 'forwarded', 'host')).toEqual([
      'forwarded: for=6.6.6.6;proto=https;host=evil.example, for=10.0.0.1, for=127.0.0.1;proto=https;host="evil.example"',
      'host: evil.example', 'x-forwarded-for: 6.6.6.6, 127.0.0.1', 'x-forwarded-host: evil.example', 'x-forwarded-prefix: /admin', 'x-forwarded-proto: https'
    ])
  })

  it('Host is the client\'s, or the origin\'s own where that is asked for', async () => {
    const { proxy, origin } = await stand()
    await proxy.get('/p', { headers: { host: 'Shop.example' } })
    expect(origin.seen[0]!.headers.host).toBe('shop.example')

    const { proxy: other } = await stand({ origins: { api: { url: origin.url, host: 'origin' } } })
    await other.get('/q', { headers: { host: 'Shop.example' } })
    expect(origin.seen[1]!.headers).toMatchObject({ host: `127.0.0.1:${origin.port}`, 'x-forwarded-host': 'shop.example' })
  })

  it('names that mean something to JavaScript are fields like any other', async () => {
    const seen = await forwarded(['__proto__: a', 'constructor: b', 'toString: c', 'Connection: constructor'])
    expect(named(seen, '__proto__', 'constructor', 'tostring')).toEqual(['__proto__: a', 'tostring: c'])
  })
})

describe('to the client', () => {
  const SAID = [
    'HTTP/1.1 200 Fine', 'Content-Length: 2', 'Connection: X-Inner, keep-alive', 'X-Inner: 1', 'Keep-Alive: timeout=5', 'Trailer: X-Sum', 'Upgrade: h2c',
    'Proxy-Connection: keep-alive', 'X-Outer: 1', 'X-OUTER: 2', 'X-Odd: \xe4', 'Via: 1.0 inner', '__proto__: p', 'constructor: c', 'Set-Cookie: a=1', 'Set-Cookie: b=2'
  ]

  it.each([
    ['stored', 'Cache-Control: max-age=60', ['uri-miss', 'hit']],
    ['passed', 'Cache-Control: no-store', ['uri-miss', 'uri-miss']]
  ])('end-to-end fields and no others, in what is %s', async (_, cacheControl, ways) => {
    const { proxy } = await standRaw(async peer => {
      for (;;) {
        await peer.expect(HEAD_END)
        peer.say([...SAID, cacheControl, '', 'hi'].join('\r\n'))
      }
    }, { routes: [{ setCookie: 'store' }] })
    for (const expected of ways) {
      const reply = await proxy.get('/p')
      expect(way(reply)).toBe(expected)
      const seen = lines(['', ...reply.rawHeaders.map((name, i) => i % 2 === 0 ? `${name}: ${reply.rawHeaders[i + 1]}` : '')].join('\r\n'))
      expect(named(seen, 'x-inner', 'keep-alive', 'trailer', 'upgrade', 'proxy-connection')).toEqual([])
      expect(named(seen, 'x-outer', 'x-odd', '__proto__', 'constructor', 'set-cookie')).toEqual([
        '__proto__: p', 'constructor: c', 'set-cookie: a=1', 'set-cookie: b=2', 'x-odd: \xe4', 'x-outer: 1', 'x-outer: 2'
      ])
      expect(named(seen, 'via')).toEqual(['via: 1.0 inner', 'via: 1.1 seawall'])
    }
  })

  const TAGGED = { 'cache-control': 'max-age=60', etag: '"1"', 'surrogate-key': 'a', 'cache-tag': 'b', xkey: 'c', 'surrogate-control': 'max-age=60' }
  const TAG_FIELDS = Object.keys(TAGGED).slice(2)

  it('what is meant for caches stays here, in every kind of answer', async () => {
    const { proxy, origin, clock } = await stand({}, answer(TAGGED))
    const conditional = { 'if-none-match': '"1"' }
    const replies = [
      await proxy.get('/p'), await proxy.get('/p'), await proxy.get('/p', { headers: conditional }), await proxy.get('/p', { headers: { range: 'bytes=0-0' } }),
      await proxy.get('/p', { method: 'HEAD' }), await proxy.get('/p', { method: 'POST' })
    ]
    await proxy.get('/p')
    clock.advance(61_000)
    origin.on(answer(TAGGED, '', 304))
    replies.push(await proxy.get('/p'), await proxy.get('/p'))
    expect(replies.map(r => r.status)).toEqual([200, 200, 304, 206, 200, 200, 200, 200])
    for (const reply of replies) expect(Object.keys(reply.headers).filter(name => TAG_FIELDS.includes(name))).toEqual([])
    await proxy.purge({ tags: ['a'] })
    origin.on(answer(TAGGED))
    expect(way(await proxy.get('/p'))).toBe('uri-miss')
  })

  it('unless the configuration shows it', async () => {
    const { proxy } = await stand({ cache: { exposeTags: true } }, answer(TAGGED))
    for (let i = 0; i < 2; i++) expect((await proxy.get('/p')).headers).toMatchObject({ 'surrogate-key': 'a', 'cache-tag': 'b', xkey: 'c' })
  })

  it('interim answers of the origin arrive before the final one', async () => {
    const { proxy } = await standRaw(async peer => {
      await peer.expect(HEAD_END)
      peer.say('HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
    })
    const reply = await ask(`${proxy.url}/p`)
    expect(reply.interim).toMatchObject([{ status: 103, headers: { link: '</s.css>; rel=preload' } }])
    expect(reply.body).toBe('hi')
  })
})

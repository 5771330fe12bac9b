import { createHash } from 'node:crypto'
import { request as send, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createAdmin, type Admin, type AdminOptions } from '../../src/admin/server.js'
import { Counters } from '../../src/core/counters.js'
import { silentLogger } from '../../src/core/logger.js'
import type { Scope, StoreKey } from '../../src/core/types.js'
import type { Acknowledged } from '../../src/invalidation/contract.js'

const open: Admin[] = []
afterEach(async () => { await Promise.all(open.splice(0).map(admin => admin.close())) })

interface Answer { readonly status: number, readonly headers: IncomingHttpHeaders, readonly text: string, readonly json: Record<string, unknown> }
interface Call { readonly method?: string, readonly path?: string, readonly headers?: Record<string, string | string[]>, readonly body?: string | Buffer | object }
interface Purge { readonly scopes: readonly Scope[], readonly mode: string, readonly wait: string }

const absolute = (url: string): StoreKey | undefined => /^https?:\/\/./.test(url) ? url as StoreKey : undefined

async function start (more: Partial<AdminOptions> = {}, append?: () => Promise<Acknowledged>) {
  const purges: Purge[] = []
  const counters = new Counters()
  const admin = createAdmin({
    log: {
      async append (scopes: readonly Scope[], mode: string, wait: string) {
        purges.push({ scopes, mode, wait })
        return append === undefined ? { seq: purges.length, applied: 1, unreachable: [] } : append()
      },
      stats: () => ({ epoch: 1, seq: 7, events: 3, prefixes: 1, sweeps: 2 })
    } as unknown as AdminOptions['log'],
    store: { stats: () => ({ entries: 5, records: 2, bytes: 4096, limit: 65536, evictions: 9, refusals: 1 }) } as AdminOptions['store'],
    purgeKeys: { url: absolute, prefix: absolute },
    counters, ready: () => ({ ready: true, details: {} }), token: undefined, logger: silentLogger, version: '1.2.3',
    ...more
  })
  open.push(admin)
  const { port, host } = await admin.listen('127.0.0.1', 0)
  const call = ({ method = 'GET', path = '/', headers = {}, body }: Call): Promise<Answer> => new Promise((resolve, reject) => {
    const request = send({ host, port, method, path, headers, agent: false }, response => {
      let text = ''
      response.setEncoding('latin1').on('data', (piece: string) => { text += piece }).on('end', () => {
        const json = response.headers['content-type'] === 'application/json' && text !== '' ? JSON.parse(text) as Answer['json'] : {}
        resolve({ status: response.statusCode!, headers: response.headers, text, json })
      })
    })
    request.on('error', reject)
    request.end(typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body)
  })
  const post = (body: Call['body'], headers: Record<string, string> = {}): Promise<Answer> =>
    call({ method: 'POST', path: '/purge', headers: { 'content-type': 'application/json', ...headers }, body: body! })
  return { admin, host, port, call, post, purges, counters }
}

test('POST /purge hands every scope to the log and answers what it acknowledged', async () => {
  const { post, purges, counters } = await start({}, async () => ({ seq: 4, applied: 2, unreachable: ['b'] }))
  const answer = await post({ tags: ['a', '__proto__', 'constructor'], urls: ['http://h/x'], prefixes: ['https://h/p/'], all: true, mode: 'soft', wait: 'local' },
    { 'content-type': 'Application/JSON; charset=utf-8' })
  expect(answer).toMatchObject({ status: 200, json: { seq: 4, applied: 2, unreachable: ['b'] } })
  expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  expect(purges).toEqual([{
    scopes: [{ tag: 'a' }, { tag: '__proto__' }, { tag: 'constructor' }, { url: 'http://h/x' }, { prefix: 'https://h/p/' }, 'all'], mode: 'soft', wait: 'local'
  }])
  expect(counters.purges).toBe(1)
})

test('a purge is hard and waits for the cluster unless it says otherwise', async () => {
  const { post, purges } = await start()
  await post({ tags: ['a'] })
  expect(purges).toEqual([{ scopes: [{ tag: 'a' }], mode: 'hard', wait: 'cluster' }])
})

test.each<[string, string | Buffer | object, number, string]>([
  ['not JSON', '{"tags":[', 400, 'body'],
  ['nothing at all', '', 400, 'body'],
  ['not UTF-8', Buffer.from('{"tags":["\xff"]}', 'latin1'), 400, 'body'],
  ['nested beyond reason', '['.repeat(200_000), 400, 'body'],
  ['not an object', '["a"]', 400, 'body'],
  ['null', 'null', 400, 'body'],
  ['an unknown field', { tags: ['a'], tag: 'b' }, 400, 'tag'],
  ['an unknown field named like the prototype', '{"tags":["a"],"__proto__":{"all":true}}', 400, '__proto__'],
  ['an empty purge', {}, 400, 'tags'],
  ['an empty purge in words', { tags: [], urls: [], prefixes: [], all: false }, 400, 'tags'],
  ['tags that are no array', { tags: 'a' }, 400, 'tags'],
  ['null for tags', { tags: { length: 1 } }, 400, 'tags'],
  ['a tag that is no string', { tags: ['a', 1] }, 400, 'tags[1]'],
  ['an empty tag', { tags: [''] }, 400, 'tags[0]'],
  ['a relative URL', { urls: ['http://h/', '/x'] }, 400, 'urls[1]'],
  ['a tag that nothing can carry', { tags: ['a', 'é'.repeat(513)] }, 400, 'tags[1]'],
  ['a prefix of another scheme', { prefixes: ['ftp://h/'] }, 400, 'prefixes[0]'],
  ['all as a word', { all: 'true' }, 400, 'all'],
  ['another mode', { all: true, mode: 'gone' }, 400, 'mode'],
  ['another wait', { all: true, wait: 1 }, 400, 'wait'],
  ['too much', JSON.stringify({ tags: ['a'.repeat(1024 * 1024)] }), 413, 'body']
])('POST /purge refuses %s, naming the field', async (_name, body, status, field) => {
  const { post, purges, counters } = await start()
  const answer = await post(body)
  expect(answer).toMatchObject({ status, json: { field, message: expect.any(String) as unknown } })
  expect(purges).toEqual([])
  expect(counters.purges).toBe(0)
})

test.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])('POST /purge refuses a body of type %s', async type => {
  const { call, purges } = await start()
  const answer = await call({ method: 'POST', path: '/purge', headers: type === undefined ? {} : { 'content-type': type }, body: { all: true } })
  expect(answer).toMatchObject({ status: 415, json: { field: 'Content-Type' } })
  expect(purges).toEqual([])
})

test('a purge the log could not record is answered 503', async () => {
  const { post, counters } = await start({}, async () => { throw new Error('no Redis') })
  expect(await post({ all: true })).toMatchObject({ status: 503, json: { error: 'not_durable' } })
  expect(counters.purges).toBe(0)
})

test('a page of another origin is refused, one of our own is not', async () => {
  const { post, call, purges, port } = await start()
  for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${port}.evil.example`, `http://127.0.0.1:${port + 1}`]) {
    expect(await post({ all: true }, { origin })).toMatchObject({ status: 403, json: { field: 'Origin' } })
    expect((await call({ method: 'PURGE', path: '/x', headers: { origin, 'surrogate-key': 'a' } })).status).toBe(403)
  }
  expect(purges).toEqual([])
  expect((await post({ all: true }, { origin: `http://127.0.0.1:${port}` })).status).toBe(200)
})

test('without a token, a name that is not ours is refused: it may have been rebound to loopback', async () => {
  const { call, post, purges, port } = await start()
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example', 'xlocalhost']) {
    expect(await post({ all: true }, { host })).toMatchObject({ status: 403, json: { field: 'Host' } })
    expect((await call({ path: '/stats', headers: { host } })).status).toBe(403)
    expect((await call({ method: 'PURGE', path: '/', headers: { host, 'xkey-purge': 'a' } })).status).toBe(403)
  }
  expect(purges).toEqual([])
  for (const host of ['localhost', `LOCALHOST:${port}`, 'app.localhost', '[::1]:1', '192.0.2.1']) expect((await call({ path: '/stats', headers: { host } })).status).toBe(200)
})

test('with a token, all but health wants it, whatever the Host', async () => {
  const { call, post, purges } = await start({ token: 's3cret' })
  const wrong = ['Bearer wrong', 'Bearer s3cret2', 'Bearer ', 'Basic s3cret', 's3cret', `Bearer ${createHash('sha256').update('s3cret').digest('hex')}`]
  for (const headers of [{}, ...wrong.map(authorization => ({ authorization }))]) {
    for (const path of ['/stats', '/metrics', '/nowhere']) expect((await call({ path, headers })).status).toBe(401)
    // PURGE is a purge, also of a path that is open to GET
    for (const path of ['/x', '/livez']) expect((await call({ method: 'PURGE', path, headers: { host: 'h', ...headers } })).status).toBe(401)
    const answer = await post({ all: true }, headers)
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer /)
  }
  expect(purges).toEqual([])
  for (const path of ['/livez', '/readyz']) expect((await call({ path })).status).toBe(200)
  const right = { authorization: 'bearer s3cret', host: 'admin.example' }
  expect((await call({ path: '/stats', headers: right })).status).toBe(200)
  expect((await post({ all: true }, right)).status).toBe(200)
})

test.each<[string, Record<string, string | string[]>, readonly Scope[] | number, string]>([
  ['/a?b=c', { host: 'Shop.example:8080' }, [{ url: 'http://Shop.example:8080/a?b=c' as StoreKey }, { url: 'https://Shop.example:8080/a?b=c' as StoreKey }], 'hard'],
  ['/livez', { host: 'shop.example', 'fastly-soft-purge': '1' }, [{ url: 'http://shop.example/livez' as StoreKey }, { url: 'https://shop.example/livez' as StoreKey }], 'soft'],
  ['https://shop.example/a', { host: 'shop.example' }, [{ url: 'https://shop.example/a' as StoreKey }], 'hard'],
  ['/', { 'surrogate-key': 'a  b,c' }, [{ tag: 'a' }, { tag: 'b,c' }], 'hard'],
  ['/', { 'surrogate-key': '__proto__', 'fastly-soft-purge': '1' }, [{ tag: '__proto__' }], 'soft'],
  ['/', { 'xkey-purge': 'a, b c' }, [{ tag: 'a' }, { tag: 'b' }, { tag: 'c' }], 'hard'],
  ['/', { 'xkey': 'a' }, [{ tag: 'a' }], 'hard'],
  ['/', { 'xkey-softpurge': 'a b' }, [{ tag: 'a' }, { tag: 'b' }], 'soft'],
  ['/', { 'cache-tags': 'node:1 node:2,node:3' }, [{ tag: 'node:1' }, { tag: 'node:2' }, { tag: 'node:3' }], 'hard'],
  ['/', { 'cache-tag': 'a b , c' }, [{ tag: 'a b' }, { tag: 'c' }], 'hard'],
  ['/', { 'cache-tag': 'a', 'surrogate-key': 'b' }, [{ tag: 'b' }, { tag: 'a' }], 'hard'],
  ['/', { 'surrogate-key': ['a b', 'c'] }, [{ tag: 'a' }, { tag: 'b' }, { tag: 'c' }], 'hard'],
  ['/', { 'surrogate-key': ' ' }, 400, ''],
  ['/', { 'xkey-softpurge': 'a', 'xkey-purge': 'b' }, 400, ''],
  ['/x', {}, 400, ''],
  ['ftp://shop.example/a', { host: 'shop.example' }, 400, '']
])('PURGE %s with %j', async (path, headers, expected, mode) => {
  const { call, purges } = await start()
  const answer = await call({ method: 'PURGE', path, headers })
  if (typeof expected === 'number') {
    expect(answer).toMatchObject({ status: expected, json: { field: expect.any(String) as unknown } })
    expect(purges).toEqual([])
  } else {
    expect(answer).toMatchObject({ status: 200, json: { seq: 1 } })
    expect(purges).toEqual([{ scopes: expected, mode, wait: 'cluster' }])
  }
})

test('health is open; readiness gives its details', async () => {
  let ready = true
  const { call } = await start({ ready: () => ({ ready, details: { draining: !ready, ready: 'overwritten' } }) })
  expect(await call({ path: '/readyz', headers: { host: 'probe' } })).toMatchObject({ status: 200, json: { ready: true, draining: false } })
  ready = false
  expect(await call({ path: '/readyz' })).toMatchObject({ status: 503, json: { ready: false, draining: true } })
  expect(await call({ path: '/livez?x' })).toMatchObject({ status: 200, json: { live: true } })
  expect(await call({ method: 'HEAD', path: '/livez' })).toMatchObject({ status: 200, text: '' })
})

test('an unknown path lists the known ones, a wrong method the right ones', async () => {
  const { call } = await start()
  const answer = await call({ path: '/nowhere' })
  expect(answer).toMatchObject({ status: 404, json: { paths: ['POST /purge', 'GET /metrics', 'GET /stats', 'GET /livez', 'GET /readyz', 'PURGE /{path}'] } })
  expect(answer.headers['cache-control']).toBe('no-store')
  expect((await call({ path: '/__proto__' })).status).toBe(404)
  for (const [method, path, allow] of [['GET', '/purge', 'POST'], ['POST', '/stats', 'GET, HEAD'], ['OPTIONS', '/purge', 'POST']] as const) {
    const answer = await call({ method, path })
    expect([answer.status, answer.headers.allow]).toEqual([405, allow])
  }
})

test('a failure of our own is answered 500 and logged', async () => {
  const logged: object[] = []
  const { call } = await start({ ready: () => { throw new Error('broken') }, logger: { ...silentLogger, error: fields => { logged.push(fields) } } })
  expect(await call({ path: '/readyz' })).toMatchObject({ status: 500, json: { error: 'internal' } })
  expect(logged).toEqual([{ err: expect.objectContaining({ message: 'broken' }) as unknown }])
})

test('an address that is taken rejects listen with the system\'s code', async () => {
  const { port } = await start()
  await expect(createAdmin({ token: undefined } as AdminOptions).listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('a client that leaves in the middle of its body purges nothing and is no failure', async () => {
  const logged: object[] = []
  const { port, host, purges, admin } = await start({ logger: { ...silentLogger, error: fields => { logged.push(fields) } } })
  const socket = connect(port, host)
  socket.write('POST /purge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"all":true}')
  await new Promise(resolve => socket.once('ready', resolve))
  socket.destroy()
  await admin.close()
  expect(purges).toEqual([])
  expect(logged).toEqual([])
})

test('stats work the ratios out', async () => {
  const { call, counters } = await start({ started: Date.now() - 90_000 })
  expect((await call({ path: '/stats' })).json).toMatchObject({ hitRatio: null, originRatio: null })
  Object.assign(counters.requests, { hit: 6, stale: 1, revalidated: 1, miss: 1, collapsed: 1, pass: 2, refused: 50, error: 50 })
  counters.originRequests = 5
  counters.statuses[2] = 12
  counters.count(counters.refusals, 'bad_host')
  expect((await call({ path: '/stats' })).json).toMatchObject({
    version: '1.2.3', uptime: 90, hitRatio: 0.5833, originRatio: 0.4167,
    requests: { hit: 6, error: 50 }, responses: { '2xx': 12, '5xx': 0 }, refusals: { bad_host: 1 },
    store: { entries: 5, limit: 65536 }, invalidation: { seq: 7, purges: 0 }, log: { dropped: 0 }
  })
})

/** Validating what is stored, with the origin and for clients (RFC 9111 §4.3, RFC 9110 §13). */
import { describe, expect, it } from 'vitest'
import { barrier } from '../support/barrier.js'
import { waiting } from '../support/fills.js'
import { answer, type Handler } from '../support/origin.js'
import { cacheStatus, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()
const MAX_AGE = { 'cache-control': 'max-age=60' }

/** Answers 304 to whoever has `etag`, the whole to all others. */
function versioned (etag: string, body: string, fields: Record<string, string> = MAX_AGE, update: Record<string, string> = fields): Handler {
  return (request, response, count) => {
    const known = request.headers['if-none-match'] === etag
    answer({ ...known ? update : fields, etag }, known ? '' : body, known ? 304 : 200)(request, response, count)
  }
}

const conditions = (s: Scene) => s.origin.seen.map(({ headers }) => headers['if-none-match'] ?? headers['if-modified-since'])

describe('our own conditional request', () => {
  it('carries the validators of what is stored, and the client\'s are not among them', async () => {
    const s = await scene()
    const modified = s.date(-5000)
    s.origin.on(versioned('"v1"', 'one', { ...MAX_AGE, 'last-modified': modified }))
    await s.get('/', { 'if-none-match': '"mine"', 'if-modified-since': s.date() })
    expect(s.origin.seen[0]!.headers).not.toHaveProperty('if-none-match')
    expect(s.origin.seen[0]!.headers).not.toHaveProperty('if-modified-since')
    s.pass(61)
    const reply = await s.get('/', { 'if-none-match': '"mine"' })
    expect(s.origin.seen[1]!.headers).toMatchObject({ 'if-none-match': '"v1"', 'if-modified-since': modified })
    expect(reply).toMatchObject({ status: 200, body: 'one', headers: { age: '0', 'cache-status': 'seawall; fwd=stale; fwd-status=304; ttl=60' } })
  })

  it('carries Last-Modified alone where there is no ETag, and nothing where there is neither', async () => {
    const s = await scene()
    const modified = s.date(-5000)
    s.origin.on((request, response, count) => {
      const known = request.headers['if-modified-since'] === modified
      answer({ ...MAX_AGE, 'last-modified': modified }, known ? '' : 'dated', known ? 304 : 200)(request, response, count)
    })
    await s.get('/dated')
    s.pass(61)
    expect((await s.get('/dated')).body).toBe('dated')
    expect(s.origin.seen[1]!.headers).toMatchObject({ 'if-modified-since': modified })
    expect(s.origin.seen[1]!.headers).not.toHaveProperty('if-none-match')
    s.origin.on(answer(MAX_AGE, 'bare'))
    await s.get('/bare')
    s.pass(61)
    expect(cacheStatus(await s.get('/bare'))).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
  })

  it('is one, however many ask', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one'))
    await s.get('/')
    s.pass(61)
    const gate = barrier()
    s.origin.on(async (request, response, count) => {
      await gate.passed
      await versioned('"v1"', 'one')(request, response, count)
    })
    const replies = Array.from({ length: 20 }, () => s.get('/'))
    await waiting(s.proxy, 19)
    gate.open()
    expect((await Promise.all(replies)).every(r => r.status === 200 && r.body === 'one')).toBe(true)
    expect(conditions(s)).toEqual([undefined, '"v1"'])
  })

  it('asks for each variant by its own validator', async () => {
    const s = await scene()
    s.origin.on((request, response, count) => {
      const language = String(request.headers['accept-language'])
      return versioned(`"${language}"`, language, { ...MAX_AGE, vary: 'accept-language' })(request, response, count)
    })
    for (const language of ['de', 'en']) await s.get('/', { 'accept-language': language })
    s.pass(61)
    for (const language of ['en', 'de']) expect(await s.get('/', { 'accept-language': language })).toMatchObject({ status: 200, body: language })
    expect(conditions(s)).toEqual([undefined, undefined, '"en"', '"de"'])
  })
})

describe('a 304', () => {
  it('updates the fields of what is stored and makes it fresh again', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one', { ...MAX_AGE, 'content-type': 'text/plain', 'x-kept': 'k', 'x-old': 'old' }, { 'cache-control': 'max-age=90', 'x-old': 'new', 'x-added': 'a' }))
    await s.get('/')
    s.pass(70)
    const date = s.date()
    const expected = { 'cache-control': 'max-age=90', 'content-type': 'text/plain', 'x-kept': 'k', 'x-old': 'new', 'x-added': 'a', etag: '"v1"', date, 'content-length': '3' }
    const validated = await s.get('/')
    expect(validated).toMatchObject({ status: 200, body: 'one', headers: { ...expected, age: '0', 'cache-status': 'seawall; fwd=stale; fwd-status=304; ttl=90' } })
    s.pass(89)
    expect(await s.get('/')).toMatchObject({ status: 200, body: 'one', headers: { ...expected, age: '89', 'cache-status': 'seawall; hit; ttl=1' } })
    s.pass(1)
    expect(isHit(await s.get('/'))).toBe(false)
  })

  it('answers the client\'s own condition too', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one'))
    await s.get('/')
    s.pass(61)
    expect(await s.get('/', { 'if-none-match': '"v1"' })).toMatchObject({ status: 304, body: '', headers: { etag: '"v1"', 'cache-status': 'seawall; fwd=stale; fwd-status=304; ttl=60' } })
    expect(isHit(await s.get('/'))).toBe(true)
  })

  it('that names another representation validates nothing: the whole is asked for', async () => {
    const s = await scene()
    const [modified, later] = [s.date(-5000), s.date(-10)]
    const rows: Record<string, string>[][] = [
      [{ etag: '"v1"' }, { etag: '"v2"' }], [{ 'last-modified': modified }, { 'last-modified': later }], [{ 'last-modified': modified }, { etag: '"v2"' }]
    ]
    for (const [i, [first, second]] of rows.entries()) {
      const path = `/${i}`
      s.origin.on(answer({ ...MAX_AGE, ...first }, 'one'))
      await s.get(path)
      s.pass(61)
      s.origin.on((request, response, count) => {
        const asked = request.headers['if-none-match'] ?? request.headers['if-modified-since']
        answer({ ...MAX_AGE, ...second }, asked === undefined ? 'two' : '', asked === undefined ? 200 : 304)(request, response, count)
      })
      expect(await s.get(path), path).toMatchObject({ status: 200, body: 'two', headers: { ...second, 'cache-status': 'seawall; fwd=stale; fwd-status=200; stored' } })
      expect(conditions(s).slice(-3), path).toEqual([undefined, Object.values(first!)[0], undefined])
      expect(await s.get(path), path).toMatchObject({ body: 'two', headers: { 'cache-status': 'seawall; hit; ttl=60' } })
    }
  })

  it('that repeats what is stored, or names nothing, validates it', async () => {
    const s = await scene()
    const modified = s.date(-5000)
    // nginx weakens the tag of what it compresses in the 200 alone
    const weakened: [string, Record<string, string>] = ['W/"v1"', { etag: '"v1"' }]
    const rows: typeof weakened[] = [['"v1"', { 'last-modified': modified }], ['"v1"', { etag: 'W/"v1"', 'last-modified': modified }], ['"v1"', {}], weakened]
    for (const [etag, fields] of rows) {
      const path = `/${encodeURIComponent(JSON.stringify(fields))}`
      s.origin.on(answer({ ...MAX_AGE, etag, 'last-modified': modified }, 'one'))
      await s.get(path)
      s.pass(61)
      s.origin.on(answer({ ...MAX_AGE, ...fields }, '', 304))
      expect(await s.get(path), path).toMatchObject({ status: 200, body: 'one', headers: { etag, 'last-modified': modified, 'cache-status': 'seawall; fwd=stale; fwd-status=304; ttl=60' } })
    }
  })

  it('that nobody asked for is an error, not an empty answer', async () => {
    const s = await scene()
    s.origin.on(answer(MAX_AGE, '', 304))
    expect(await s.get('/')).toMatchObject({ status: 502, headers: { 'cache-status': 'seawall; fwd=uri-miss; detail=origin_invalid' } })
    s.origin.on(answer(MAX_AGE, 'mended'))
    expect((await s.get('/')).body).toBe('mended')
  })

  it('that forbids storing ends what is stored', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one', MAX_AGE, { 'cache-control': 'no-store' }))
    await s.get('/')
    s.pass(61)
    expect((await s.get('/')).body).toBe('one')
    expect((await s.get('/')).body).toBe('one')
    expect(conditions(s)).toEqual([undefined, '"v1"', undefined])
  })

  it('is not asked for after a purge', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one'))
    await s.get('/')
    expect((await s.proxy.purge({ urls: [`${s.proxy.url}/`] })).status).toBe(200)
    expect(cacheStatus(await s.get('/'))).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
    expect(conditions(s)).toEqual([undefined, undefined])
  })

  it('that arrives after a purge revives nothing', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one'))
    await s.get('/')
    s.pass(61)
    const [gate, asked] = [barrier(), barrier()]
    s.origin.on(async (request, response, count) => {
      asked.open()
      await gate.passed
      await versioned('"v1"', 'one')(request, response, count)
    })
    const early = s.get('/')
    await asked.passed
    await s.proxy.purge({ all: true })
    s.origin.on(versioned('"v2"', 'two'))
    gate.open()
    expect(await early).toMatchObject({ body: 'two', headers: { 'cache-status': 'seawall; fwd=uri-miss; fwd-status=200; stored' } })
    expect(await s.get('/')).toMatchObject({ body: 'two', headers: { 'cache-status': 'seawall; hit; ttl=60' } })
    expect(conditions(s)).toEqual([undefined, '"v1"', undefined])
  })

  it('settles a soft purge', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one'))
    await s.get('/')
    await s.proxy.purge({ all: true, mode: 'soft' })
    expect(cacheStatus(await s.get('/'))).toBe('seawall; fwd=stale; fwd-status=304; ttl=60')
    expect(isHit(await s.get('/'))).toBe(true)
    expect(conditions(s)).toEqual([undefined, '"v1"'])
  })
})

describe('a 200', () => {
  it('to a conditional request replaces what is stored', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one', { ...MAX_AGE, 'x-old': 'o' }))
    await s.get('/')
    s.pass(61)
    s.origin.on(versioned('"v2"', 'and two'))
    expect(await s.get('/')).toMatchObject({ status: 200, body: 'and two', headers: { etag: '"v2"', 'cache-status': 'seawall; fwd=stale; fwd-status=200; stored' } })
    const hit = await s.get('/')
    expect(hit).toMatchObject({ body: 'and two', headers: { etag: '"v2"', 'content-length': '7', 'cache-status': 'seawall; hit; ttl=60' } })
    expect(hit.headers).not.toHaveProperty('x-old')
  })

  it('that may not be stored leaves nothing behind', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one'))
    await s.get('/')
    s.pass(61)
    s.origin.on(answer({ 'cache-control': 'private', etag: '"v2"' }, 'mine'))
    expect(cacheStatus(await s.get('/'))).toBe('seawall; fwd=stale; fwd-status=200; detail=private')
    s.origin.on(versioned('"v1"', 'back'))
    expect((await s.get('/')).body).toBe('back')
    expect(conditions(s)).toEqual([undefined, '"v1"', undefined])
  })
})

describe('a client\'s condition on a fresh entry', () => {
  async function stored (fields: (s: Scene) => Record<string, string>): Promise<Scene> {
    const s = await scene()
    s.origin.on(answer({ ...MAX_AGE, 'content-type': 'text/plain', vary: 'x-a', ...fields(s) }, 'body'))
    await s.get('/')
    return s
  }

  it('If-None-Match is compared weakly, in lists, and with *', async () => {
    for (const etag of ['"a,b"', 'W/"a,b"']) {
      const s = await stored(() => ({ etag }))
      for (const value of ['"a,b"', 'W/"a,b"', '"x", W/"a,b"', '"x" ,"a,b", "y"', '*', ',"a,b",']) {
        const reply = await s.get('/', { 'if-none-match': value })
        expect(reply, value).toMatchObject({ status: 304, body: '', headers: { etag, 'cache-control': 'max-age=60', vary: 'x-a', age: '0', 'cache-status': 'seawall; hit; ttl=60' } })
        expect(reply.headers).not.toHaveProperty('content-type')
      }
      for (const value of ['"a"', '"A,B"', 'a,b', '"x", "y"', '"a,b', 'w/"a,b"', '"a,b" x', '"a,b", x', '']) {
        expect(await s.get('/', { 'if-none-match': value }), value).toMatchObject({ status: 200, body: 'body' })
      }
      expect(await s.proxy.get('/', { method: 'HEAD', headers: { 'if-none-match': '"a,b"' } })).toMatchObject({ status: 304 })
      expect(s.origin.count()).toBe(1)
    }
  })

  it('If-None-Match of several lines is one list', async () => {
    const s = await stored(() => ({ etag: '"a"' }))
    expect((await s.get('/', { 'if-none-match': ['"x"', '"a"'] })).status).toBe(304)
  })

  it('If-Modified-Since is compared with Last-Modified, unless If-None-Match speaks', async () => {
    const s = await stored(s => ({ etag: '"a"', 'last-modified': s.date(-100) }))
    const since = async (value: string, more = {}) => (await s.get('/', { 'if-modified-since': value, ...more })).status
    for (const seconds of [-100, -50, 0]) expect(await since(s.date(seconds)), String(seconds)).toBe(304)
    for (const seconds of [-101, -5000]) expect(await since(s.date(seconds)), String(seconds)).toBe(200)
    expect(await since('yesterday')).toBe(200)
    expect(await since(s.date(), { 'if-none-match': '"other"' })).toBe(200)
    expect(await since(s.date(-5000), { 'if-none-match': '"a"' })).toBe(304)
    expect(s.origin.count()).toBe(1)
  })

  it('without a validator to compare holds nothing back, but for *', async () => {
    const s = await stored(() => ({}))
    expect((await s.get('/', { 'if-none-match': '"a"' })).status).toBe(200)
    expect((await s.get('/', { 'if-none-match': '*' })).status).toBe(304)
  })

  it('that the origin must judge goes to the origin', async () => {
    const s = await stored(() => ({ etag: '"a"' }))
    s.origin.on(answer({}, '', 412))
    for (const headers of [{ 'if-match': '"b"' }, { 'if-unmodified-since': s.date(-9) }] as Record<string, string>[]) {
      expect(await s.get('/', headers)).toMatchObject({ status: 412, headers: { 'cache-status': 'seawall; fwd=bypass; fwd-status=412; detail=precondition' } })
      expect(s.origin.seen.at(-1)!.headers).toMatchObject(headers)
    }
    expect(isHit(await s.get('/'))).toBe(true)
  })
})

describe('HEAD', () => {
  it('is answered from a stored GET, without its body', async () => {
    const s = await scene()
    s.origin.on(answer({ ...MAX_AGE, 'content-type': 'text/plain', etag: '"a"' }, 'twelve bytes'))
    const { headers } = await s.get('/')
    s.pass(5)
    const reply = await s.proxy.get('/', { method: 'HEAD' })
    const { 'content-type': type, etag, date, 'cache-control': control } = headers
    expect(reply).toMatchObject({ status: 200, body: '', headers: { 'content-type': type, etag, date, 'cache-control': control, 'content-length': '12', age: '5', 'cache-status': 'seawall; hit; ttl=55' } })
    expect(s.origin.count()).toBe(1)
  })

  it('of what is not stored goes as HEAD and stores nothing', async () => {
    const s = await scene()
    s.origin.on(answer({ ...MAX_AGE, 'content-length': '4' }, 'body'))
    expect(await s.proxy.get('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '', headers: { 'content-length': '4', 'cache-status': 'seawall; fwd=bypass; fwd-status=200; detail=head' } })
    expect(s.origin.seen[0]!.method).toBe('HEAD')
    expect(isHit(await s.get('/'))).toBe(false)
  })

  it('of what has expired validates it', async () => {
    const s = await scene()
    s.origin.on(versioned('"v1"', 'one'))
    await s.get('/')
    s.pass(61)
    expect(await s.proxy.get('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '', headers: { 'content-length': '3', 'cache-status': 'seawall; fwd=stale; fwd-status=304; ttl=60' } })
    expect(isHit(await s.get('/'))).toBe(true)
    expect(conditions(s)).toEqual([undefined, '"v1"'])
  })
})

/** What a successful unsafe request makes untrue (RFC 9111 §4.4): whoever wrote reads what they wrote. */
import { describe, expect, it } from 'vitest'
import { barrier } from '../support/barrier.js'
import { connect } from '../support/client.js'
import { quiet } from '../support/fills.js'
import { answer, type Handler } from '../support/origin.js'
import { cacheStatus, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()
const SITE = 'a.test'
const GONE = 'seawall; fwd=uri-miss; fwd-status=200; stored'

/** GETs are stored for a minute; all else is answered by `write`. */
function serves (s: Scene, write: Handler): void {
  s.origin.on((request, response, count) => {
    if (request.method !== 'GET') return write(request, response, count)
    return answer({ 'cache-control': 'max-age=60', vary: 'x-a' }, `answer ${count}`)(request, response, count)
  })
}

const read = (s: Scene, path: string, host = SITE) => s.get(path, { host })
const write = (s: Scene, path: string, method = 'POST', host = SITE) => s.proxy.get(path, { method, headers: { host }, body: 'x' })

async function fill (s: Scene, paths: readonly string[], host = SITE): Promise<void> {
  for (const path of paths) {
    await read(s, path, host)
    expect(isHit(await read(s, path, host)), path).toBe(true)
  }
}

describe('a write that succeeded', () => {
  it('invalidates its URL, whatever the method and the success', async () => {
    const s = await scene()
    for (const [method, status] of [['POST', 200], ['PUT', 204], ['PATCH', 200], ['DELETE', 204], ['POST', 201], ['POST', 303], ['MKCOL', 201], ['LOCK', 200]] as const) {
      serves(s, answer({}, '', status))
      await fill(s, ['/item', '/item?q', '/item/child'])
      expect(await write(s, '/item', method)).toMatchObject({ status, headers: { 'cache-status': `seawall; fwd=method; fwd-status=${status}; detail=method` } })
      expect(cacheStatus(await read(s, '/item')), `${method} ${status}`).toBe(GONE)
      for (const path of ['/item?q', '/item/child']) expect(isHit(await read(s, path)), `${method} ${status} ${path}`).toBe(true)
    }
    expect((await s.proxy.stats())['invalidation']).toMatchObject({ writes: 8, purges: 0 })
  })

  it('invalidates every variant of it', async () => {
    const s = await scene()
    serves(s, answer({}, ''))
    for (const a of ['1', '2']) await s.get('/item', { host: SITE, 'x-a': a })
    await write(s, '/item')
    for (const a of ['1', '2']) expect(isHit(await s.get('/item', { host: SITE, 'x-a': a })), a).toBe(false)
  })

  it('invalidates Location and Content-Location of the same origin', async () => {
    const s = await scene()
    for (const value of ['/other?a=1', `http://${SITE}/other?a=1`, `//${SITE}/other?a=1`, 'other?a=1', `HTTP://${SITE.toUpperCase()}:80/x/../other?a=1#f`]) {
      for (const field of ['Location', 'Content-Location']) {
        serves(s, answer({ [field]: value }, '', 201))
        await fill(s, ['/other?a=1', '/other'])
        await write(s, '/item')
        expect(cacheStatus(await read(s, '/other?a=1')), `${field}: ${value}`).toBe(GONE)
        expect(isHit(await read(s, '/other')), `${field}: ${value}`).toBe(true)
      }
    }
    serves(s, answer({ location: '/first', 'content-location': '/second' }, '', 201))
    await fill(s, ['/first', '/second'])
    await write(s, '/item')
    for (const path of ['/first', '/second']) expect(isHit(await read(s, path)), path).toBe(false)
  })

  it('invalidates nothing of another origin', async () => {
    const s = await scene()
    await expectUntouched(s, ['http://b.test/other', '//b.test/other', `https://${SITE}/other`, `http://${SITE}:8080/other`, `http://sub.${SITE}/other`, 'http://b.test\\@a.test/other'])
  })

  it('takes a Location that is no URL, or none of ours, for none', async () => {
    const s = await scene()
    await expectUntouched(s, ['http://[', 'http://', 'urn:x', 'mailto:a@a.test', ''])
  })

  it('takes no Location for one of ours where the request names no host', async () => {
    const s = await scene()
    s.origin.on(answer({ 'cache-control': 'max-age=60', location: '/other' }, 'done'))
    const asks = async (line: string): Promise<string> => {
      const client = await connect(s.proxy.port)
      client.write(`${line} HTTP/1.0\r\n\r\n`)
      const text = await client.until(/done$/)
      client.socket.destroy()
      return text
    }
    await asks('GET /folder/other')
    await asks('GET /other')
    await asks('POST /folder/item')
    for (const path of ['/folder/other', '/other']) expect(await asks(`GET ${path}`), path).toContain('seawall; hit')
  })

  async function expectUntouched (s: Scene, values: readonly string[]): Promise<void> {
    for (const value of values) {
      serves(s, answer({ location: value, 'content-location': value }, 'done', 201))
      for (const host of [SITE, 'b.test', `${SITE}:8080`, `sub.${SITE}`]) await fill(s, ['/other'], host)
      expect(await write(s, '/item'), value).toMatchObject({ status: 201, body: 'done' })
      for (const host of [SITE, 'b.test', `${SITE}:8080`, `sub.${SITE}`]) expect(isHit(await read(s, '/other', host)), `${value} and ${host}`).toBe(true)
    }
  }

  it('to another host leaves this one\'s URL alone', async () => {
    const s = await scene()
    serves(s, answer({}, ''))
    await fill(s, ['/item'])
    await write(s, '/item', 'POST', 'b.test')
    expect(isHit(await read(s, '/item'))).toBe(true)
  })

  it('is keyed as reads are, after the rules of the route that serves the URL', async () => {
    const query = { query: { ignore: ['utm_*'] } }
    const s = await scene({ config: { routes: [{ match: '/items/*', key: query }, { match: '/*' }] } })
    serves(s, answer({ location: '/items/1?utm_source=x' }, '', 201))
    await fill(s, ['/items/1', '/items/2?utm_source=y'])
    await write(s, '/items/2?utm_source=z')
    for (const path of ['/items/1', '/items/2']) expect(isHit(await read(s, path)), path).toBe(false)
    await fill(s, ['/items/1'])
    await write(s, '/orders')
    expect(isHit(await read(s, '/items/1'))).toBe(false)
  })

  it('to a site no URL can name is answered as the origin answered it', async () => {
    const s = await scene()
    serves(s, answer({ location: '/other' }, 'done', 201))
    for (const head of ['POST /item HTTP/1.0', 'POST /item HTTP/1.1\r\nHost: xn--a']) {
      const connection = await connect(s.proxy.port)
      connection.write(`${head}\r\nContent-Length: 0\r\n\r\n`)
      expect(await connection.until(/done/), head).toMatch(/^HTTP\/1\.1 201 /)
      connection.socket.destroy()
    }
  })
})

describe('what invalidates nothing', () => {
  it('a write that failed', async () => {
    const s = await scene()
    for (const status of [400, 403, 404, 409, 412, 500, 503]) {
      serves(s, answer({ location: '/other' }, '', status))
      await fill(s, ['/item', '/other'])
      await write(s, '/item')
      for (const path of ['/item', '/other']) expect(isHit(await read(s, path)), `${status} ${path}`).toBe(true)
    }
    serves(s, (_, response) => { response.socket!.destroy() })
    expect((await write(s, '/item')).status).toBe(502)
    expect(isHit(await read(s, '/item'))).toBe(true)
  })

  it('a safe method', async () => {
    const s = await scene()
    serves(s, answer({ location: '/item' }, ''))
    await fill(s, ['/item'])
    for (const method of ['OPTIONS', 'QUERY']) {
      await write(s, '/item', method)
      expect(isHit(await read(s, '/item')), method).toBe(true)
    }
  })
})

describe('the moment', () => {
  it('is before the writer has the head of the answer', async () => {
    const s = await scene()
    const gate = barrier()
    serves(s, async (_, response) => {
      response.writeHead(200)
      response.write('written')
      await gate.passed
      response.end()
    })
    await fill(s, ['/item'])
    let after: Promise<string | undefined> | undefined
    const written = s.proxy.get('/item', { method: 'PUT', headers: { host: SITE }, onHead: () => { after = read(s, '/item').then(cacheStatus).finally(() => { gate.open() }) } })
    await written
    expect(await after).toBe(GONE)
  })

  it('counts against a read that was under way: it is asked for again, neither stored nor given to anybody', async () => {
    const s = await scene()
    const [gate, asked] = [barrier(), barrier()]
    let state = 'old'
    s.origin.on(async (request, response, count) => {
      const seen = state
      if (request.method === 'PUT') state = 'new'
      else if (seen === 'old') {
        asked.open()
        await gate.passed
      }
      await answer({ 'cache-control': 'max-age=60' }, seen)(request, response, count)
    })
    const early = read(s, '/item')
    await asked.passed
    await write(s, '/item', 'PUT')
    expect((await read(s, '/item')).body).toBe('new')
    gate.open()
    expect((await early).body).toBe('new')
    await quiet(s.proxy)
    expect(await read(s, '/item')).toMatchObject({ body: 'new', headers: { 'cache-status': 'seawall; hit; ttl=60' } })
  })
})

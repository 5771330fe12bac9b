/** Partial content: parts are stored, reused, completed and combined, and never mistaken for the whole (RFC 9111 §3.3, §3.4). */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import type { Reply } from '../support/client.js'
import { answer, type Handler } from '../support/origin.js'
import { rangedOrigin, type Ranged } from '../support/ranged-origin.js'
import { cacheStatus, collapsed, scenes, type Scene } from '../support/scene.js'
import { stand, standRaw, way, type Standing } from '../support/standing.js'

const TEXT = '0123456789abcdefghij'

interface Parts extends Standing { readonly origin: Ranged, part (range: string | undefined, headers?: Record<string, string>, method?: string): Promise<Reply> }

async function parts (changes: Partial<Ranged> = {}, config: object = {}): Promise<Parts> {
  const served = Object.assign(rangedOrigin(TEXT), changes)
  const { origin, proxy, clock } = await stand(config, (request, response, count) => served.handle(request, response, count))
  served.seen = origin.seen
  const ask = (range: string | undefined, more: Record<string, string> = {}, method = 'GET'): Promise<Reply> =>
    proxy.get('/p', { method, headers: range === undefined ? more : { range, ...more } })
  return { origin: served, proxy, clock, part: ask }
}

/** What the origin was asked for, in order. */
const asked = ({ seen }: Ranged): (string | undefined)[] => seen.map(({ headers }) => headers.range === undefined ? undefined : `${headers.range}${headers['if-range'] === undefined ? '' : ` if ${headers['if-range']}`}`)
const contentRange = (reply: Reply): string | undefined => reply.headers['content-range']

describe('a stored part', () => {
  it('answers ranges that lie in it, suffixes where the length is known', async () => {
    const { origin, part, clock } = await parts()
    const first = await part('bytes=5-14')
    expect(first).toMatchObject({ status: 206, body: '56789abcde', headers: { 'content-range': 'bytes 5-14/20' } })
    expect(cacheStatus(first)).toBe('seawall; fwd=uri-miss; fwd-status=206; stored')
    clock.advance(7_000)
    for (const [range, body, where] of [['bytes=5-14', '56789abcde', '5-14'], ['bytes=7-8', '78', '7-8'], ['BYTES=5-5', '5', '5-5']] as const) {
      const reply = await part(range)
      expect(reply).toMatchObject({ status: 206, body })
      expect(reply.headers).toMatchObject({ 'content-range': `bytes ${where}/20`, 'content-length': String(body.length), age: '7', etag: '"v1"', 'x-own': 'kept' })
      expect(cacheStatus(reply)).toBe('seawall; hit; ttl=53')
    }
    expect(origin.seen.length).toBe(1)
  })

  it('answers suffixes, and what lies behind the end, where the length is known', async () => {
    const { origin, part } = await parts()
    await part('bytes=-5')
    expect(await part('bytes=-3')).toMatchObject({ status: 206, body: 'hij', headers: { 'content-range': 'bytes 17-19/20' } })
    expect(await part('bytes=16-')).toMatchObject({ status: 206, body: 'ghij', headers: { 'content-range': 'bytes 16-19/20' } })
    expect(await part('bytes=20-')).toMatchObject({ status: 416, body: '', headers: { 'content-range': 'bytes */20' } })
    expect(origin.seen.length).toBe(1)
  })

  it('is never a 200 (RFC 9111 §3.3)', async () => {
    const { origin, part } = await parts()
    await part('bytes=0-9')
    expect(await part(undefined, { 'cache-control': 'only-if-cached' })).toMatchObject({ status: 504 })
    expect(await part(undefined)).toMatchObject({ status: 200, body: TEXT })
    expect(origin.seen.length).toBe(2)
  })

  it('answers HEAD with the length of the whole, where it is known', async () => {
    const { origin, part } = await parts()
    await part('bytes=5-9')
    const head = await part(undefined, {}, 'HEAD')
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '20', etag: '"v1"' } })
    expect(contentRange(head)).toBeUndefined()
    expect(way(head)).toBe('hit')
    expect(await part('bytes=0-1', {}, 'HEAD')).toMatchObject({ status: 200, headers: { 'content-length': '20' } })
    expect(origin.seen.length).toBe(1)

    const unknown = await parts({ total: '*' })
    await unknown.part('bytes=5-9')
    expect(await unknown.part(undefined, {}, 'HEAD')).toMatchObject({ headers: { 'cache-status': 'seawall; fwd=bypass; fwd-status=200; detail=head' } })
  })

  it('answers If-Range strongly, and a condition with 304', async () => {
    const { origin, part } = await parts()
    await part('bytes=5-14')
    expect(way(await part('bytes=5-6', { 'if-range': '"v1"' }))).toBe('hit')
    expect(await part('bytes=5-6', { 'if-none-match': '"v1"' })).toMatchObject({ status: 304 })
    expect(origin.seen.length).toBe(1)
    expect(await part('bytes=5-6', { 'if-range': '"v0"' })).toMatchObject({ status: 200, body: TEXT })
    expect(asked(origin)[1]).toBe('bytes=5-6 if "v0"')
    expect(way(await part('bytes=5-6', { 'if-range': '"v1"' }))).toBe('hit')
  })

  it('gives way to the whole, and does not take its place', async () => {
    const { origin, part, proxy } = await parts()
    await part('bytes=0-4')
    await part(undefined)
    expect(way(await part('bytes=10-'))).toBe('hit')

    // a part that was asked for while nothing was known of the whole, and comes after it
    const [head, late] = [barrier(), barrier()]
    await proxy.purge({ all: true })
    const { handle } = origin
    origin.handle = async (request, response, count) => {
      await (request.headers.range === undefined ? head : late).passed
      await handle(request, response, count)
    }
    const whole = part(undefined)
    await until('the whole to be asked for', () => origin.seen.length === 3)
    const slow = part('bytes=0-4')
    await until('the part to be asked for', () => origin.seen.length === 4)
    head.open()
    await whole
    late.open()
    expect(await slow).toMatchObject({ status: 206, body: '01234' })
    expect(way(await part(undefined))).toBe('hit')
  })

  it('that is all of it is the whole (RFC 9110 §15.3.7.3)', async () => {
    const { origin, part } = await parts()
    expect(await part('bytes=0-')).toMatchObject({ status: 206, body: TEXT, headers: { 'content-range': 'bytes 0-19/20' } })
    const whole = await part(undefined)
    expect(whole).toMatchObject({ status: 200, body: TEXT })
    expect(contentRange(whole)).toBeUndefined()
    expect(origin.seen.length).toBe(1)
  })

  it('is purged, hard and softly, as the whole is', async () => {
    const { origin, part, proxy } = await parts()
    await part('bytes=5-9')
    await proxy.purge({ urls: [`${proxy.url}/p`], mode: 'soft' })
    expect(await part('bytes=6-7')).toMatchObject({ status: 206, body: '67', headers: { 'content-range': 'bytes 6-7/20' } })
    expect(origin.seen[1]!.headers).toMatchObject({ range: 'bytes=6-7', 'if-none-match': '"v1"' })
    expect(way(await part('bytes=5-9'))).toBe('hit')
    await proxy.purge({ tags: ['own'] })
    origin.version = 2
    expect(await part('bytes=6-7')).toMatchObject({ status: 206, headers: { etag: '"v2"' } })
    expect(origin.seen[2]!.headers['if-none-match']).toBeUndefined()
  })

  it('is one of its variant (RFC 9111 §4.1)', async () => {
    const { origin, part } = await parts({ fields: { vary: 'accept-language' } })
    await part('bytes=5-9', { 'accept-language': 'de' })
    expect(way(await part('bytes=5-9', { 'accept-language': 'de' }))).toBe('hit')
    expect(way(await part('bytes=5-9', { 'accept-language': 'en' }))).toBe('vary-miss')
    expect(origin.seen.length).toBe(2)
  })

  it('for credentials is for nobody else (RFC 9111 §3.5)', async () => {
    const { origin, part } = await parts()
    await part('bytes=5-9', { authorization: 'Bearer x' })
    await part('bytes=5-9')
    expect(origin.seen.length).toBe(2)
    expect(way(await part('bytes=5-9'))).toBe('hit')
  })
})

describe('a stale part', () => {
  it('is validated with the range that is asked for, and kept as it is by a 304', async () => {
    const { origin, part, clock } = await parts()
    await part('bytes=5-14')
    clock.advance(61_000)
    const reply = await part('bytes=7-8')
    expect(reply).toMatchObject({ status: 206, body: '78', headers: { 'content-range': 'bytes 7-8/20' } })
    expect(cacheStatus(reply)).toMatch(/^seawall; fwd=stale; fwd-status=304/)
    expect(way(await part('bytes=5-14'))).toBe('hit')
    expect(origin.seen.length).toBe(2)
  })

  it('is replaced by a part of what it has become', async () => {
    const { origin, part, clock } = await parts()
    await part('bytes=5-14')
    clock.advance(61_000)
    origin.version = 2
    expect(await part('bytes=7-8')).toMatchObject({ status: 206, headers: { etag: '"v2"', 'content-range': 'bytes 7-8/20' } })
    expect(await part('bytes=7-8')).toMatchObject({ headers: { etag: '"v2"', 'cache-status': 'seawall; hit; ttl=60' } })
    expect(asked(origin)).toEqual(['bytes=5-14', 'bytes=7-8'])
  })

  it('answers while it is refreshed, and for a failing origin (RFC 5861)', async () => {
    const { origin, part, clock } = await parts({ fields: { 'cache-control': 'max-age=60, stale-while-revalidate=60, stale-if-error=600' } })
    await part('bytes=5-14')
    clock.advance(61_000)
    expect(await part('bytes=7-8')).toMatchObject({ status: 206, body: '78', headers: { 'cache-status': 'seawall; hit; ttl=-1; detail=stale-while-revalidate' } })
    await until('the refresh', async () => way(await part('bytes=7-8')) === 'hit' && cacheStatus(await part('bytes=7-8')) === 'seawall; hit; ttl=60')
    expect(asked(origin)).toEqual(['bytes=5-14', 'bytes=7-8'])
    clock.advance(200_000)
    origin.handle = answer({}, 'no', 503)
    expect(await part('bytes=7-8')).toMatchObject({ status: 206, body: '78', headers: { 'cache-status': /detail=stale-if-error/ } })
  })
})

describe('what a part lacks', () => {
  it.each([
    ['behind it', 'bytes=0-9', 'bytes=5-14', 'bytes=10-14', '56789abcde', 'bytes=0-14'],
    ['before it', 'bytes=10-14', 'bytes=5-12', 'bytes=5-9', '56789abc', 'bytes=5-14'],
    ['right behind it', 'bytes=0-9', 'bytes=10-11', 'bytes=10-11', 'ab', 'bytes=0-11'],
    ['right before it', 'bytes=10-14', 'bytes=9-9', 'bytes=9-9', '9', 'bytes=9-14'],
    ['to the end', 'bytes=5-9', 'bytes=-12', 'bytes=10-19', '89abcdefghij', 'bytes=5-19']
  ])('is asked for by itself: %s', async (_, stored, wanted, missing, body, both) => {
    const { origin, part } = await parts()
    await part(stored)
    const reply = await part(wanted)
    expect(reply).toMatchObject({ status: 206, body })
    expect(reply.headers['content-length']).toBe(String(body.length))
    expect(cacheStatus(reply)).toBe('seawall; fwd=partial; fwd-status=206; stored')
    expect(asked(origin)).toEqual([stored, `${missing} if "v1"`])
    const joined = await part(both)
    expect(way(joined)).toBe('hit')
    expect(joined.body).toBe(TEXT.slice(...both.slice(6).split('-').map((n, i) => Number(n) + i)))
  })

  it('is asked for so that it is whole', async () => {
    for (const [stored, missing] of [['bytes=0-9', 'bytes=10-'], ['bytes=-5', 'bytes=0-14']] as const) {
      const { origin, part } = await parts()
      await part(stored)
      const reply = await part(undefined)
      expect(reply).toMatchObject({ status: 200, body: TEXT, headers: { 'content-length': '20', 'x-own': 'kept' } })
      expect(contentRange(reply)).toBeUndefined()
      expect(cacheStatus(reply)).toBe('seawall; fwd=partial; fwd-status=206; stored')
      expect(asked(origin)).toEqual([stored, `${missing} if "v1"`])
      expect(cacheStatus(await part(undefined))).toBe('seawall; hit; ttl=60')
    }
  })

  it('between two ends, or of which it does not adjoin, is asked for as it is', async () => {
    const { origin, part } = await parts()
    await part('bytes=5-9')
    expect(await part('bytes=3-12')).toMatchObject({ status: 206, body: '3456789abc' })
    expect(await part('bytes=15-16')).toMatchObject({ status: 206, body: 'fg' })
    expect(await part(undefined)).toMatchObject({ status: 200, body: TEXT })
    expect(asked(origin)).toEqual(['bytes=5-9', 'bytes=3-12', 'bytes=15-16', undefined])
  })

  it('makes fresh what was stale: it shares its validator (RFC 9111 §3.4)', async () => {
    const { part, clock } = await parts()
    await part('bytes=0-9')
    clock.advance(61_000)
    expect(await part(undefined)).toMatchObject({ status: 200, body: TEXT })
    expect(cacheStatus(await part(undefined))).toBe('seawall; hit; ttl=60')
  })

  it('leaves the tags of both to purge it by, and the newer fields of the two (RFC 9111 §3.4)', async () => {
    const { origin, part, proxy } = await parts()
    await part('bytes=0-9')
    origin.fields = { 'surrogate-key': 'late', 'x-own': 'newer', 'x-new': 'added' }
    expect(await part(undefined)).toMatchObject({ status: 200, body: TEXT, headers: { 'x-own': 'newer', 'x-new': 'added' } })
    for (const tag of ['own', 'late']) {
      expect(way(await part(undefined))).toBe('hit')
      await proxy.purge({ tags: [tag] })
      origin.fields = { 'surrogate-key': 'late' }
      expect(way(await part(undefined))).toBe('uri-miss')
    }
  })

  it('and is purged while it comes is neither stored nor given to who asks later', async () => {
    const { origin, part, proxy } = await parts()
    await part('bytes=0-9')
    const held = barrier()
    const { handle } = origin
    origin.handle = async (request, response, count) => {
      await held.passed
      await handle(request, response, count)
    }
    const early = part(undefined)
    await until('the rest to be asked for', () => origin.seen.length === 2)
    await proxy.purge({ tags: ['own'] })
    origin.handle = handle
    expect(way(await part(undefined))).toBe('uri-miss')
    held.open()
    expect(await early).toMatchObject({ status: 200, body: TEXT })
    expect(asked(origin)).toEqual(['bytes=0-9', 'bytes=10- if "v1"', undefined])
  })

  it('is asked for once for all who ask for the whole', async () => {
    const { origin, part, proxy } = await parts()
    await part('bytes=0-9')
    const held = barrier()
    const { handle } = origin
    origin.handle = async (request, response, count) => {
      await held.passed
      await handle(request, response, count)
    }
    const all = Promise.all([1, 2, 3].map(() => part(undefined)))
    await until('two to wait', async () => await collapsed({ proxy } as Scene) === 2)
    held.open()
    for (const reply of await all) expect(reply).toMatchObject({ status: 200, body: TEXT })
    expect(asked(origin)).toEqual(['bytes=0-9', 'bytes=10- if "v1"'])
  })

  it('is of another version: the new whole is the answer, or its range (RFC 9110 §13.1.5)', async () => {
    const { origin, part } = await parts()
    await part('bytes=0-9')
    origin.version = 2
    expect(await part('bytes=5-14')).toMatchObject({ status: 206, body: origin.body(2).slice(5, 15), headers: { etag: '"v2"', 'content-range': 'bytes 5-14/20' } })
    expect(asked(origin)).toEqual(['bytes=0-9', 'bytes=10-14 if "v1"'])
    await until('it to be stored', async () => way(await part(undefined)) === 'hit')
    expect(await part(undefined)).toMatchObject({ status: 200, body: origin.body(2) })
  })

  it('is not combined with what is called otherwise: the client\'s own range is asked for then (RFC 9111 §3.4)', async () => {
    for (const changes of [{ ignoresIfRange: true }, { validator: 'none', ignoresIfRange: true }] as Partial<Ranged>[]) {
      const { origin, part } = await parts()
      await part('bytes=0-9')
      Object.assign(origin, changes, { version: 2 })
      expect(await part('bytes=5-14')).toMatchObject({ status: 206, body: origin.body(2).slice(5, 15) })
      expect(asked(origin)).toEqual(['bytes=0-9', 'bytes=10-14 if "v1"', 'bytes=5-14'])
    }
  })

  it('is not combined without a strong validator', async () => {
    const { origin, part } = await parts({ validator: 'weak' })
    await part('bytes=0-9')
    expect(await part('bytes=5-14')).toMatchObject({ status: 206, body: '56789abcde' })
    expect(asked(origin)).toEqual(['bytes=0-9', 'bytes=5-14'])
  })

  it('of a beginning without a validator is asked for all the same, in case the origin sends the whole', async () => {
    const { origin, part } = await parts({ validator: 'none' })
    await part('bytes=0-9')
    expect(await part(undefined)).toMatchObject({ status: 200, body: TEXT })
    expect(asked(origin)).toEqual(['bytes=0-9', 'bytes=10-', undefined])

    const rangeless = await parts({ validator: 'none' })
    await rangeless.part('bytes=0-9')
    rangeless.origin.ignoresRange = true
    expect(await rangeless.part(undefined)).toMatchObject({ status: 200, body: TEXT })
    expect(asked(rangeless.origin)).toEqual(['bytes=0-9', 'bytes=10-'])
  })

  it('is an error where the origin fails: before the head an answer, after it a broken connection', async () => {
    const { origin, part } = await parts()
    await part('bytes=0-9')
    const { handle } = origin
    origin.handle = (_, response) => { response.destroy() }
    expect(await part(undefined)).toMatchObject({ status: 502 })
    origin.handle = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 10-19/20', etag: '"v1"', 'content-length': '10', 'cache-control': 'max-age=60' })
      response.write('abc', () => { response.destroy() })
    }
    await expect(part(undefined)).rejects.toThrow()
    origin.handle = handle
    expect(await part(undefined)).toMatchObject({ status: 200, body: TEXT })
    expect(asked(origin).at(-1)).toBe('bytes=10- if "v1"')
  })

  it('and is shorter or longer than it says breaks the answer (RFC 9110 §14.4)', async () => {
    for (const sent of ['abc', 'abcdefghijk']) {
      const { origin, part } = await parts()
      await part('bytes=0-9')
      const { handle } = origin
      origin.handle = (_, response) => {
        response.writeHead(206, { 'content-range': 'bytes 10-19/20', etag: '"v1"', 'cache-control': 'max-age=60' })
        response.write(sent)
        response.end()
      }
      await expect(part(undefined)).rejects.toThrow()
      origin.handle = handle
      expect(await part('bytes=0-9')).toMatchObject({ status: 206, body: '0123456789', headers: { 'cache-status': 'seawall; hit; ttl=60' } })
    }
  })

  it('and is too short to reach the part is not followed by it', async () => {
    const { origin, part, proxy } = await parts()
    await part('bytes=-5')
    origin.handle = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-14/20', etag: '"v1"', 'cache-control': 'max-age=60' })
      response.write('0123')
      response.end()
    }
    let received = ''
    await expect(proxy.get('/p', { onChunk: chunk => { received += String(chunk) } })).rejects.toThrow()
    expect(TEXT.startsWith(received)).toBe(true)
  })
})

describe('not stored, but passed on', () => {
  const FRESH = { 'cache-control': 'max-age=60', etag: '"1"' }

  async function twice (handler: Handler, range: string, headers: Record<string, string> = {}): Promise<Reply> {
    const { origin, proxy } = await stand({}, handler)
    const first = await proxy.get('/p', { headers: { range, ...headers } })
    const second = await proxy.get('/p', { headers: { range, ...headers } })
    expect(origin.seen.length).toBe(2)
    expect(second.bytes.equals(first.bytes)).toBe(true)
    expect(contentRange(second)).toBe(contentRange(first))
    return second
  }

  it('what does not agree with its Content-Range (RFC 9110 §14.4, §15.3.7; RFC 9111 §3.3)', async () => {
    const reply = await twice(answer({ ...FRESH, 'content-range': 'bytes 4-9/10' }, '01234', 206), 'bytes=-5')
    expect(reply).toMatchObject({ status: 206, body: '01234', headers: { 'content-range': 'bytes 4-9/10' } })
    for (const body of ['01234', '0123456']) {
      await twice((_, response) => {
        response.writeHead(206, { ...FRESH, 'content-range': 'bytes 4-9/10', 'transfer-encoding': 'chunked' })
        response.end(body)
      }, 'bytes=4-9')
    }
  })

  it('several ranges (§15.3.7.2), other units, and what does not say which', async () => {
    await twice(answer({ ...FRESH, 'content-type': 'multipart/byteranges; boundary=x' }, '--x--', 206), 'bytes=0-0,5-5')
    await twice(answer({ ...FRESH, 'content-range': 'lines 0-4/10' }, '01234', 206), 'lines=0-4')
    await twice(answer({ ...FRESH, 'content-range': 'bytes 0-4/5, 0-4/5' }, '01234', 206), 'bytes=0-4')
    await twice(answer(FRESH, '01234', 206), 'bytes=0-4')
  })

  it('what was sent under If-Range, without the fields the client knows (§15.3.7)', async () => {
    await twice(answer({ ...FRESH, 'content-range': 'bytes 0-4/10' }, '01234', 206), 'bytes=0-4', { 'if-range': '"1"' })
  })

  it('what is too large, while smaller parts are stored', async () => {
    const { part } = await parts({}, { cache: { maxObject: '8b' } })
    expect(cacheStatus(await part('bytes=0-9'))).toBe('seawall; fwd=uri-miss; fwd-status=206; detail=too-large')
    await part('bytes=0-4')
    expect(way(await part('bytes=0-4'))).toBe('hit')
    expect((await part('bytes=3-12')).body).toBe('3456789abc')
    expect(way(await part('bytes=0-4'))).toBe('hit')
  })

  it('what ends with the connection', async () => {
    const { origin, proxy } = await standRaw(async peer => {
      await peer.expect('\r\n\r\n')
      peer.socket.end('HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=60\r\nContent-Range: bytes 0-4/10\r\n\r\n01234')
    })
    for (let i = 0; i < 2; i++) expect(await proxy.get('/p', { headers: { range: 'bytes=0-4' } })).toMatchObject({ status: 206, body: '01234' })
    expect(origin.peers.length).toBe(2)
  })
})

describe('a range', () => {
  it('that the origin answers with the whole leaves that stored', async () => {
    const { origin, part } = await parts({ ignoresRange: true })
    expect(await part('bytes=0-4')).toMatchObject({ status: 200, body: TEXT })
    expect(await part('bytes=0-4')).toMatchObject({ status: 206, body: '01234' })
    expect(origin.seen.length).toBe(1)
  })

  it('of what is under way is taken from it', async () => {
    const { origin, part, proxy } = await parts()
    const rest = barrier()
    origin.handle = async (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', etag: '"v1"', 'content-length': '20' })
      response.write(TEXT.slice(0, 10))
      await rest.passed
      response.end(TEXT.slice(10))
    }
    const head = barrier()
    const whole = proxy.get('/p', { onHead: () => { head.open() } })
    await head.passed
    const reply = await part('bytes=3-6')
    expect(reply).toMatchObject({ status: 206, body: '3456', headers: { 'content-range': 'bytes 3-6/20' } })
    expect(cacheStatus(reply)).toBe('seawall; fwd=uri-miss; fwd-status=200; stored; collapsed')
    expect(await part('bytes=20-')).toMatchObject({ status: 416 })
    const later = part('bytes=8-11')
    rest.open()
    expect(await later).toMatchObject({ status: 206, body: '89ab' })
    expect(await whole).toMatchObject({ status: 200, body: TEXT })
    expect(origin.seen.length).toBe(1)
  })
})

describe('whatever is asked, in whatever order', () => {
  const scene = scenes()
  const position = fc.nat(24)
  const range = fc.oneof(
    fc.tuple(position, position).map(([a, b]) => `bytes=${Math.min(a, b)}-${Math.max(a, b)}`), position.map(n => `bytes=${n}-`), fc.integer({ min: 1, max: 24 }).map(n => `bytes=-${n}`)
  )
  const request = fc.record({ range: fc.option(range, { nil: undefined, freq: 6 }), ifRange: fc.option(fc.constantFrom(1, 2, 3), { nil: undefined, freq: 3 }), head: fc.boolean() })
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.array(request, { minLength: 1, maxLength: 1 }) }, { weight: 2, arbitrary: fc.array(request, { minLength: 2, maxLength: 4 }) },
    { weight: 2, arbitrary: fc.constant('change' as const) }, { weight: 1, arbitrary: fc.constant('late' as const) }, { weight: 1, arbitrary: fc.constant('purge' as const) }
  )

  it('no answer mixes versions, and every byte is right', async () => {
    let origin = rangedOrigin(TEXT)
    const s = await scene({ route: { stale: { whileRevalidate: '30s' } } })
    s.origin.on((request, response, count) => origin.handle(request, response, count))
    let path = 0
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), fc.constantFrom<Partial<Ranged>[]>({}, { total: '*' }, { ignoresIfRange: true }, { validator: 'date' }, { validator: 'weak' }, { validator: 'none' }), async (steps, changes) => {
      origin = Object.assign(rangedOrigin(TEXT), changes)
      const url = `/${path++}`
      for (const one of steps) {
        if (one === 'change') origin.version++
        else if (one === 'late') s.pass(61)
        else if (one === 'purge') await s.proxy.purge({ all: true })
        else {
          await Promise.all(one.map(async ({ range, ifRange, head }) => {
            const method = head && range === undefined ? 'HEAD' : 'GET'
            check(origin, await s.proxy.get(url, { method, headers: asHeaders(range, ifRange) }), range, method)
          }))
        }
      }
    }), { numRuns: 150 })
  })

  function asHeaders (range: string | undefined, ifRange: number | undefined): Record<string, string> {
    return { ...(range === undefined ? {} : { range }), ...(ifRange === undefined ? {} : { 'if-range': `"v${ifRange}"` }) }
  }

  /** The answer is right of the version it says it is of. */
  function check (origin: Ranged, reply: Reply, wanted: string | undefined, method: string): void {
    const version = Number(reply.headers['x-version'])
    if (reply.headers.etag !== undefined) expect(reply.headers.etag).toMatch(`"v${version}"`)
    const body = origin.body(version)
    if (reply.status === 416) return expect(contentRange(reply)).toBe('bytes */20')
    if (reply.status === 200) {
      expect(contentRange(reply)).toBeUndefined()
      expect(reply.body).toBe(method === 'HEAD' ? '' : body)
      return
    }
    expect(reply.status).toBe(206)
    const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(contentRange(reply)!)!
    expect(['20', '*']).toContain(total)
    expect(reply.body).toBe(body.slice(Number(first), Number(last) + 1))
    const [from, to] = wanted!.slice(6).split('-') as [string, string]
    const begin = from === '' ? Math.max(0, 20 - Number(to)) : Number(from)
    expect([Number(first), Number(last)]).toEqual([begin, from === '' || to === '' ? 19 : Math.min(19, Number(to))])
  }
})

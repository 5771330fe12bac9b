/** Parts of what is stored (RFC 9110 §14), and of what is not. */
import { describe, expect, it } from 'vitest'
import type { Reply } from '../support/client.js'
import { answer } from '../support/origin.js'
import { cacheStatus } from '../support/scene.js'
import { stand, way, type Standing } from '../support/standing.js'

const TEXT = '0123456789abcdefghij'
const MODIFIED = 'Wed, 01 Jan 2020 00:00:00 GMT'
const FIELDS = { 'cache-control': 'max-age=60', etag: '"1"', 'last-modified': MODIFIED, 'content-type': 'text/plain', 'x-own': 'kept' }

interface Stored extends Standing { part (range: string, headers?: Record<string, string>, method?: string): Promise<Reply> }

/** With `body` stored. */
async function stored (body: string | Buffer = TEXT, headers: Record<string, string> = FIELDS): Promise<Stored> {
  const { proxy, clock } = await stand({}, answer(headers, body))
  await proxy.get('/p')
  return { proxy, clock, part: (range, more = {}, method = 'GET') => proxy.get('/p', { method, headers: { range, ...more } }) }
}

describe('of a stored answer', () => {
  it.each([
    ['bytes=0-4', '01234', '0-4'],
    ['bytes=5-5', '5', '5-5'],
    ['bytes=15-', 'fghij', '15-19'],
    ['bytes=15-99', 'fghij', '15-19'],
    ['bytes=-3', 'hij', '17-19'],
    ['bytes=-99', TEXT, '0-19'],
    ['bytes=0-', TEXT, '0-19'],
    ['BYTES=0-0', '0', '0-0']
  ])('%s is %s', async (range, body, content) => {
    const { part, clock } = await stored()
    clock.advance(7_000)
    const reply = await part(range)
    expect(reply).toMatchObject({ status: 206, body })
    expect(reply.headers).toMatchObject({
      'content-range': `bytes ${content}/20`, 'content-length': String(body.length), age: '7', etag: '"1"', 'content-type': 'text/plain', 'x-own': 'kept',
      'cache-status': 'seawall; hit; ttl=53'
    })
  })

  it('is cut at the byte, wherever the pieces it came in lie', async () => {
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
    const { part } = await stored(body)
    for (const [first, last] of [[0, 0], [65_535, 65_536], [1, 299_998], [131_071, 262_145], [299_999, 299_999]] as const) {
      expect((await part(`bytes=${first}-${last}`)).bytes.equals(body.subarray(first, last + 1))).toBe(true)
    }
  })

  it.each(['bytes=20-', 'bytes=99-100', 'bytes=-0'])('%s is nothing of it: 416', async range => {
    const { part } = await stored()
    const reply = await part(range)
    expect(reply).toMatchObject({ status: 416, body: '' })
    expect(reply.headers).toMatchObject({ 'content-range': 'bytes */20', 'content-length': '0' })
    expect(reply.headers['content-type']).toBeUndefined()
  })

  it.each([
    'bytes=0-1,5-6', 'bytes=0-0, -1', 'bytes=5-4', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes 0-1', 'lines=0-1', 'bytes=0-1-2', 'bytes=+1-2', 'bytes=0x1-2'
  ])('%s is answered with the whole', async range => {
    const { part } = await stored()
    const reply = await part(range)
    expect(reply).toMatchObject({ status: 200, body: TEXT })
    expect(reply.headers['content-range']).toBeUndefined()
  })

  it.each<[string, string, number]>([
    ['the entity-tag', '"1"', 206],
    ['another entity-tag', '"2"', 200],
    ['a weak one', 'W/"1"', 200],
    ['the date it was modified', MODIFIED, 206],
    ['an earlier date', 'Tue, 31 Dec 2019 23:59:59 GMT', 200],
    ['a later date', 'Thu, 02 Jan 2020 00:00:00 GMT', 200],
    ['nonsense', 'yes', 200]
  ])('is a part only if If-Range holds: %s', async (_, ifRange, status) => {
    const { part } = await stored()
    expect(await part('bytes=0-4', { 'if-range': ifRange })).toMatchObject({ status, body: status === 206 ? '01234' : TEXT })
  })

  it('with a weak entity-tag is never a part under If-Range', async () => {
    const { part } = await stored(TEXT, { ...FIELDS, etag: 'W/"1"' })
    expect((await part('bytes=0-4', { 'if-range': 'W/"1"' })).status).toBe(200)
    expect((await part('bytes=0-4')).status).toBe(206)
  })

  it('is not given where a condition says the client has it', async () => {
    const { part } = await stored()
    const reply = await part('bytes=0-4', { 'if-none-match': '"1"' })
    expect(reply).toMatchObject({ status: 304, body: '' })
    expect(reply.headers['content-range']).toBeUndefined()
  })

  it('is not for HEAD, nor for what is no success', async () => {
    const { part } = await stored()
    const head = await part('bytes=0-4', {}, 'HEAD')
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '20' } })
    expect(head.headers['content-range']).toBeUndefined()

    const { proxy } = await stand({}, answer({ 'cache-control': 'max-age=60' }, 'no such page', 404))
    await proxy.get('/p')
    expect(await proxy.get('/p', { headers: { range: 'bytes=0-1' } })).toMatchObject({ status: 404, body: 'no such page' })
  })

  it('of nothing is nothing or the whole', async () => {
    const { part } = await stored('')
    expect(await part('bytes=0-')).toMatchObject({ status: 416, headers: { 'content-range': 'bytes */0' } })
    expect(await part('bytes=-1')).toMatchObject({ status: 200, body: '' })
  })

  it('comes from what a 304 made fresh again', async () => {
    const { origin, proxy, clock } = await stand({}, answer(FIELDS, TEXT))
    await proxy.get('/p')
    clock.advance(61_000)
    origin.on(answer(FIELDS, '', 304))
    const reply = await proxy.get('/p', { headers: { range: 'bytes=-2' } })
    expect(reply).toMatchObject({ status: 206, body: 'ij' })
    expect(origin.seen[1]!.headers).toMatchObject({ 'if-none-match': '"1"' })
    expect(origin.seen[1]!.headers.range).toBeUndefined()
  })
})

describe('of what is not stored', () => {
  it('the origin is asked for the part alone, which is not taken for the whole', async () => {
    const { origin, proxy } = await stand({}, (request, response) => {
      if (request.headers.range === undefined) answer(FIELDS, TEXT)(request, response, 1)
      else answer({ ...FIELDS, 'content-range': 'bytes 5-6/20' }, '56', 206)(request, response, 1)
    })
    for (let i = 0; i < 2; i++) {
      const reply = await proxy.get('/p', { headers: { range: 'bytes=5-6', 'if-range': '"1"' } })
      expect(reply).toMatchObject({ status: 206, body: '56', headers: { 'content-range': 'bytes 5-6/20' } })
      expect(cacheStatus(reply)).toBe('seawall; fwd=uri-miss; fwd-status=206; detail=partial')
    }
    expect(origin.seen[1]!.headers).toMatchObject({ range: 'bytes=5-6', 'if-range': '"1"' })
    expect(await proxy.get('/p')).toMatchObject({ status: 200, body: TEXT })
    expect(way(await proxy.get('/p', { headers: { range: 'bytes=5-6' } }))).toBe('hit')
  })
})

/** Ranges of what is not stored in parts: passed on, taken from the whole, or from what is under way. */
import { describe, expect, it } from 'vitest'
import { barrier } from '../support/barrier.js'
import type { Reply } from '../support/client.js'
import { answer, type Handler } from '../support/origin.js'
import { cacheStatus } from '../support/scene.js'
import { stand, standRaw, way } from '../support/standing.js'
import { contentRange, parts, TEXT } from '../support/parts.js'

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

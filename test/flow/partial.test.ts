/** Partial content: parts are stored and reused, and never mistaken for the whole (RFC 9111 §3.3). */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { answer } from '../support/origin.js'
import { cacheStatus } from '../support/scene.js'
import { way } from '../support/standing.js'
import { asked, contentRange, parts, TEXT } from '../support/parts.js'

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

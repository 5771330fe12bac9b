/** What a stored part lacks is asked for, and combined with it (RFC 9111 §3.4). */
import { describe, expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { waiting } from '../support/fills.js'
import type { Ranged } from '../support/ranged-origin.js'
import { cacheStatus } from '../support/scene.js'
import { way } from '../support/standing.js'
import { asked, contentRange, holdBack, parts, TEXT } from '../support/parts.js'

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
    const held = holdBack(origin)
    const early = part(undefined)
    await until('the rest to be asked for', () => origin.seen.length === 2)
    await proxy.purge({ tags: ['own'] })
    held.lift()
    expect(way(await part(undefined))).toBe('uri-miss')
    held.open()
    expect(await early).toMatchObject({ status: 200, body: TEXT })
    expect(asked(origin)).toEqual(['bytes=0-9', 'bytes=10- if "v1"', undefined])
  })

  it('is asked for once for all who ask for the whole', async () => {
    const { origin, part, proxy } = await parts()
    await part('bytes=0-9')
    const held = holdBack(origin)
    const all = Promise.all([1, 2, 3].map(() => part(undefined)))
    await waiting(proxy, 2)
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

/** The sample origin says how it may be cached, answers conditions, fails on demand, and comes back where it was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSampleOrigin, type SampleOrigin } from '../../src/demo/origin.js'
import { ask, type Asked, type Reply } from '../support/client.js'

let origin: SampleOrigin
beforeAll(async () => { origin = await startSampleOrigin(0) })
afterAll(() => origin.stop())

const get = (path: string, asked?: Asked): Promise<Reply> => ask(origin.url + path, asked)
const post = (path: string): Promise<Reply> => get(path, { method: 'POST' })

describe('the sample origin', () => {
  test.each([
    ['/', 'max-age=60', undefined],
    ['/products', 'max-age=5, s-maxage=60', 'products'],
    ['/products/42', 'max-age=60', 'products product-42'],
    ['/prices/42', 'max-age=1, stale-if-error=600', 'product-42'],
    ['/stock/42', 'max-age=1, stale-while-revalidate=600', 'product-42'],
    ['/report', 's-maxage=60', undefined],
    ['/cart', 'private', undefined]
  ])('%s has its lifetime, its tags and an entity tag', async (path, cacheControl, tags) => {
    const { status, headers } = await get(path)
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'cache-control': cacheControl, etag: expect.stringMatching(/^"[\w-]{4}"$/), 'content-type': 'application/json' })
    expect(headers['surrogate-key']).toBe(tags)
  })

  test('every path it lists is there', async () => {
    const { routes } = JSON.parse((await get('/')).body) as { routes: string[] }
    const listed = routes.filter(r => r.startsWith('GET ')).map(r => r.split(' ')[1]!)
    expect(listed).toHaveLength(8)
    for (const path of listed) expect((await get(path)).status).toBe(200)
    expect((await get('/nowhere')).status).toBe(404)
    expect((await get('/products/constructor')).status).toBe(404)
  })

  test('a client that has it gets a 304', async () => {
    const { headers } = await get('/prices/42')
    const again = await get('/prices/42', { headers: { 'if-none-match': headers.etag! } })
    expect(again).toMatchObject({ status: 304, body: '', headers: { etag: headers.etag } })
    expect((await get('/prices/42', { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
  })

  test.each([['de-CH,fr;q=0.5', 'de'], ['fr', 'fr'], ['ja', 'en'], ['', 'en']])('greets who reads %s in %s', async (accepted, language) => {
    expect((await get('/greeting', { headers: { 'accept-language': accepted } })).headers).toMatchObject({ 'content-language': language, vary: 'Accept-Language' })
  })

  test('selling one changes what is there, and its entity tag', async () => {
    const before = await get('/stock/99')
    expect((await post('/products/99')).status).toBe(200)
    const after = await get('/stock/99')
    expect(JSON.parse(after.body)).toEqual({ id: '99', stock: (JSON.parse(before.body) as { stock: number }).stock - 1 })
    expect(after.headers.etag).not.toBe(before.headers.etag)
  })

  test('HEAD is GET without its body', async () => {
    const [head, whole] = [await get('/products/42', { method: 'HEAD' }), await get('/products/42')]
    expect(head.body).toBe('')
    expect(head.headers).toMatchObject({ etag: whole.headers.etag, 'content-length': String(whole.bytes.length) })
  })

  test('switched off it answers 503, counted; the switch itself is not', async () => {
    const before = origin.requests()
    await post('/fail/on')
    expect((await get('/products/42')).status).toBe(503)
    await post('/fail/off')
    expect((await get('/products/42')).status).toBe(200)
    expect(origin.requests() - before).toBe(2)
  })

  test('stopped it refuses connections; restarted it is on the same port', async () => {
    await origin.stop()
    await expect(get('/')).rejects.toThrow('ECONNREFUSED')
    await origin.restart()
    expect((await get('/')).status).toBe(200)
  })

  test('a port that is taken is an error to handle', async () => {
    await expect(startSampleOrigin(Number(new URL(origin.url).port))).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

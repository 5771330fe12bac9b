/** What a real application gets from standing behind Seawall; the same for every framework. */
import { createHash } from 'node:crypto'
import http from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from './barrier.js'
import { ask } from './client.js'
import { manualClock, type ManualClock } from './clock.js'
import { portToGive, type Program } from './program.js'
import { before, startProxy, type TestProxy } from './proxy.js'

/** Resolves when it listens on `port`. */
export type StartApp = (port: number, env: { SEAWALL_ADMIN: string }) => Promise<Program>

const MEGABYTES = 8

export function describeProductApp (start: StartApp): void {
  let clock: ManualClock
  let proxy: TestProxy
  let app: Program

  beforeAll(async () => {
    const port = await portToGive()
    // What o'clock it is the application says too, in its Date: only how long things last is the test's.
    clock = { ...manualClock(), wall: Date.now }
    proxy = await startProxy(before({ url: `http://127.0.0.1:${port}` }), { clock })
    app = await start(port, { SEAWALL_ADMIN: proxy.adminUrl })
  })
  afterAll(async () => {
    proxy.stop()
    await app.stop()
  })

  const forget = () => proxy.purge({ all: true })
  const cacheStatus = async (path: string) => String((await proxy.get(path)).headers['cache-status'])

  test('a second request is a hit, without what only caches read', async () => {
    await forget()
    const first = await proxy.get('/products/1')
    expect(first).toMatchObject({ status: 200, headers: { 'cache-control': 'max-age=60', 'cache-status': expect.stringContaining('stored') } })
    const second = await proxy.get('/products/1')
    expect(second).toMatchObject({ status: 200, body: first.body, headers: { age: expect.stringMatching(/^[01]$/), etag: first.headers.etag, 'cache-status': expect.stringMatching(/^seawall; hit/) } })
    expect(second.headers['surrogate-key']).toBeUndefined()
    expect(JSON.parse(second.body)).toMatchObject({ id: '1', name: 'Anchor' })
  })

  test('a client that has it gets its 304 from the store', async () => {
    await forget()
    const { headers } = await proxy.get('/products/1')
    const again = await proxy.get('/products/1', { headers: { 'if-none-match': headers.etag! } })
    expect(again).toMatchObject({ status: 304, body: '', headers: { 'cache-status': expect.stringMatching(/^seawall; hit/) } })
  })

  test('what has expired is validated by a 304 of the application', async () => {
    await forget()
    const { body } = await proxy.get('/products/1')
    clock.advance(61_000)
    const validated = await proxy.get('/products/1')
    expect(validated).toMatchObject({ status: 200, body, headers: { 'cache-status': expect.stringMatching(/^seawall; fwd=stale; fwd-status=304/) } })
    expect(await cacheStatus('/products/1')).toMatch(/^seawall; hit/)
  })

  test('an application that purges the tags of what it wrote is read as it is', async () => {
    await forget()
    for (const path of ['/products', '/products/1', '/products/2']) await proxy.get(path)
    const price = 130
    const written = await proxy.get('/products/1', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ price }) })
    expect(written.status).toBe(200)
    const list = await proxy.get('/products')
    expect(list.headers['cache-status']).toMatch(/^seawall; fwd=uri-miss/)
    expect(JSON.parse(list.body)).toContainEqual({ id: '1', name: 'Anchor', price })
    expect(JSON.parse((await proxy.get('/products/1')).body)).toMatchObject({ price })
    expect(await cacheStatus('/products/2')).toMatch(/^seawall; hit/)
  })

  test('an upload and what is told of it are streamed', async () => {
    const events = await listen(proxy)
    const hash = createHash('sha256')
    const upload = http.request(`${proxy.url}/uploads`, { method: 'POST', agent: false })
    const reply = new Promise<string>((resolve, reject) => {
      upload.on('error', reject).on('response', response => {
        let body = ''
        response.on('error', reject).on('data', chunk => { body += String(chunk) }).on('end', () => { resolve(body) })
      })
    })
    const piece = Buffer.alloc(2 ** 20, 'storm ')
    upload.write(hash.update(piece) && piece)
    await until('the application has the first piece, and says so', () => events.text().includes('data: upload\n\n'))
    for (let i = 1; i < MEGABYTES; i++) upload.write(hash.update(piece) && piece)
    upload.end()
    expect(JSON.parse(await reply)).toEqual({ bytes: MEGABYTES * 2 ** 20, sha256: hash.digest('hex') })
    events.close()
  })

  test('a download arrives whole', async () => {
    const bytes = MEGABYTES * 2 ** 20
    const reply = await ask(`${proxy.url}/downloads/${bytes}`)
    expect(reply.headers['cache-status']).toContain('detail=no-store')
    expect(reply.bytes.equals(Buffer.alloc(bytes, 'seawall '))).toBe(true)
  })

  test('what the application refuses it refuses through Seawall', async () => {
    expect((await proxy.get('/products/3')).status).toBe(404)
    expect((await proxy.get('/products/1', { method: 'DELETE' })).status).toBeOneOf([404, 405])
  })
}

/** Server-sent events, from when they are listened to. */
function listen (proxy: TestProxy): Promise<{ text (): string, close (): void }> {
  return new Promise((resolve, reject) => {
    let text = ''
    const request = http.get(`${proxy.url}/events`, { agent: false }, response => {
      response.on('error', () => undefined).on('data', chunk => {
        text += String(chunk)
        resolve({ text: () => text, close: () => { request.destroy() } })
      })
    })
    request.on('error', reject)
  })
}

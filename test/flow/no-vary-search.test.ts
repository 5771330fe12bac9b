/** No-Vary-Search: one stored answer for every URL it says it answers, and what takes it away again. */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { ask } from '../support/client.js'
import { isHit, scenes, type Scene, type Staging } from '../support/scene.js'

const scene = scenes()
const TRACKING = 'params=("utm" "ref")'

/** Answers with the URL it was asked for, and this field. */
async function searching (field = TRACKING, fields: Record<string, string> = {}, staging: Staging = {}): Promise<Scene> {
  const s = await scene(staging)
  serve(s, field, fields)
  return s
}

function serve (s: Scene, field: string, fields: Record<string, string> = {}): void {
  s.origin.on(({ url }, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=60', 'No-Vary-Search': field, ...fields }).end(url)
  })
}

/** What `path` is answered with from the store; undefined where it is not. */
async function held (s: Scene, path: string): Promise<string | undefined> {
  const reply = await s.get(path, { 'cache-control': 'only-if-cached' })
  return reply.status === 200 ? reply.body : undefined
}

describe('a parameter the answer does not depend on', () => {
  it('splits nothing', async () => {
    const s = await searching()
    await s.get('/p?id=1&utm=a')
    for (const path of ['/p?id=1', '/p?utm=b&id=1', '/p?id=1&ref=x&utm=', '/p?id=1&&', '/p?id=1&%75tm=2']) expect(await held(s, path), path).toBe('/p?id=1&utm=a')
    for (const path of ['/p?id=2', '/p', '/p?id=1&id=1', '/p?id=1&UTM=1', '/q?id=1', '/p?id=%31']) expect(await held(s, path), path).toBeUndefined()
    expect(s.origin.count()).toBe(1)
  })

  it('splits nothing for HEAD, ranges and conditions either', async () => {
    const s = await searching(TRACKING, { ETag: '"a"' })
    await s.get('/p?utm=a')
    expect(await s.proxy.get('/p?utm=b', { method: 'HEAD' })).toMatchObject({ status: 200, headers: { etag: '"a"', 'content-length': '8' } })
    expect(await s.get('/p?utm=b', { range: 'bytes=0-1' })).toMatchObject({ status: 206, body: '/p' })
    expect((await s.get('/p?utm=b', { 'if-none-match': '"a"' })).status).toBe(304)
    expect(s.origin.count()).toBe(1)
  })

  it.each([
    ['params', '/p?a=1', ['/p', '/p?b'], []],
    ['params, except=("id")', '/p?a=1&id=1', ['/p?id=1', '/p?b&id=1'], ['/p?id=2', '/p']],
    ['key-order', '/p?a=1&b=2', ['/p?b=2&a=1'], ['/p?a=2&b=1', '/p?a=1']],
    ['params=(utm)', '/p?utm=a', [], ['/p', '/p?utm=b']],
    ['except=("id")', '/p?utm=a', [], ['/p', '/p?utm=b']]
  ])('as %s has it', async (field, stored, same, others) => {
    const s = await searching(field)
    await s.get(stored)
    for (const path of same) expect(await held(s, path), path).toBe(stored)
    for (const path of others) expect(await held(s, path), path).toBeUndefined()
  })

  it('is forgotten with the answer that said so', async () => {
    const s = await searching()
    await s.get('/p?utm=a')
    s.pass(60)
    expect(await held(s, '/p')).toBeUndefined()
    expect((await s.get('/p')).body).toBe('/p')
    expect(await held(s, '/p?utm=b')).toBe('/p')
  })

  it('counts again once the answer says otherwise: what is stored decides, not what led to it', async () => {
    const s = await searching()
    await s.get('/p?utm=a')
    serve(s, 'params=("other")')
    await s.get('/p?utm=a', { 'cache-control': 'no-cache' })
    expect(await held(s, '/p?utm=b')).toBeUndefined()
    expect(await held(s, '/p?utm=a&other=1')).toBe('/p?utm=a')
  })

  it('counts again once a 304 says otherwise', async () => {
    const s = await searching(TRACKING, { ETag: '"a"' })
    await s.get('/p?utm=a')
    s.pass(61)
    s.origin.on((_, response) => { response.writeHead(304, { 'Cache-Control': 'max-age=60', 'No-Vary-Search': 'params=("other")' }).end() })
    await s.get('/p?utm=a')
    expect(await held(s, '/p?utm=a')).toBe('/p?utm=a')
    expect(await held(s, '/p?utm=b')).toBeUndefined()
  })

  it('does not let a request wait that another URL answers, nor one share a fetch', async () => {
    const s = await searching()
    const both = barrier()
    s.origin.on(async ({ url }, response) => {
      if (s.origin.count() === 2) both.open()
      await both.passed
      response.writeHead(200, { 'Cache-Control': 'max-age=60', 'No-Vary-Search': TRACKING }).end(url)
    })
    const replies = await Promise.all(['/p?utm=a', '/p?utm=b'].map(path => s.get(path)))
    expect(replies.map(({ body }) => body)).toEqual(['/p?utm=a', '/p?utm=b'])
  })
})

describe('beside it', () => {
  it('Vary, keyed headers and credentials split as ever', async () => {
    const s = await searching(TRACKING, { Vary: 'X' }, { route: { key: { headers: ['Y'] } } })
    await s.get('/p?utm=a', { x: '1', y: '1' })
    const found = async (headers: Record<string, string>) => isHit(await s.get('/p?utm=b', { 'cache-control': 'only-if-cached', ...headers }))
    expect(await found({ x: '1', y: '1' })).toBe(true)
    expect(await found({ x: '2', y: '1' })).toBe(false)
    expect(await found({ x: '1', y: '2' })).toBe(false)
  })

  it('hosts, and routes that store nothing, share nothing', async () => {
    const s = await searching()
    await s.get('/p?utm=a')
    expect((await s.get('/p?utm=b', { host: 'other.example', 'cache-control': 'only-if-cached' })).status).toBe(504)
  })

  it('no-cache, no-store and writes reach the origin', async () => {
    const s = await searching()
    await s.get('/p?utm=a')
    for (const value of ['no-cache', 'no-store', 'max-age=0, min-fresh=61']) expect((await s.get('/p?utm=b', { 'cache-control': value })).body, value).toBe('/p?utm=b')
    expect((await ask(`${s.proxy.url}/p?utm=c`, { method: 'POST' })).body).toBe('/p?utm=c')
  })
})

describe('a purge', () => {
  const stored = async (): Promise<Scene> => {
    const s = await searching(TRACKING, { 'Surrogate-Key': 'k' })
    await s.get('/p?utm=a')
    expect(await held(s, '/p?utm=b')).toBe('/p?utm=a')
    return s
  }

  it('of the URL asked for is final, whatever it was stored as', async () => {
    const s = await stored()
    await s.proxy.purge({ urls: [`${s.proxy.url}/p?utm=b`] })
    expect(await held(s, '/p?utm=b')).toBeUndefined()
    expect(await held(s, '/p?utm=a')).toBe('/p?utm=a')
    expect((await s.get('/p?utm=b')).body).toBe('/p?utm=b')
  })

  it.each([
    ['of the URL it was stored as', (url: string) => ({ urls: [`${url}/p?utm=a`] })],
    ['by tag', () => ({ tags: ['k'] })],
    ['by the prefix of what it was stored as', (url: string) => ({ prefixes: [`${url}/p?utm=a`] })],
    ['by the prefix of what is asked for', (url: string) => ({ prefixes: [`${url}/p?utm=b`] })],
    ['of everything', () => ({ all: true })],
    ['that is soft', (url: string) => ({ urls: [`${url}/p?utm=b`], mode: 'soft' })]
  ])('%s is final too', async (_, order) => {
    const s = await stored()
    expect((await s.proxy.purge(order(s.proxy.url))).status).toBe(200)
    expect(await held(s, '/p?utm=b')).toBeUndefined()
  })

  it('by a write to the URL asked for holds (RFC 9111 §4.4)', async () => {
    const s = await stored()
    await ask(`${s.proxy.url}/p?utm=b`, { method: 'DELETE' })
    expect(await held(s, '/p?utm=b')).toBeUndefined()
  })

  it('during the fetch holds for every URL', async () => {
    const s = await stored()
    const asked = barrier()
    const purged = barrier()
    s.origin.on(async ({ url }, response) => {
      asked.open()
      await purged.passed
      response.writeHead(200, { 'Cache-Control': 'max-age=60', 'No-Vary-Search': TRACKING }).end(`old ${url}`)
    })
    const fetching = s.get('/p?utm=c', { 'cache-control': 'no-cache' })
    await asked.passed
    await s.proxy.purge({ urls: [`${s.proxy.url}/p?utm=b`] })
    purged.open()
    await fetching
    expect(await held(s, '/p?utm=b')).toBeUndefined()
    expect(await held(s, '/p?utm=c')).toBe('old /p?utm=c')
  })

  it('holds when the log has been swept since', async () => {
    const s = await searching(TRACKING, { 'Cache-Control': 'max-age=600' })
    await s.get('/p?utm=a')
    await s.proxy.purge({ urls: [`${s.proxy.url}/p?utm=b`] })
    s.pass(61)
    await until('the log has forgotten', async () => ((await s.proxy.stats())['invalidation'] as { events: number }).events === 0)
    expect(await held(s, '/p?utm=b')).toBeUndefined()
    expect(await held(s, '/p?utm=a')).toBe('/p?utm=a')
    // what is stored since leads on again
    await s.get('/p?utm=c')
    expect(await held(s, '/p?utm=b')).toBe('/p?utm=c')
  })
})

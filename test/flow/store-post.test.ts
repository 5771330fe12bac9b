/** POST answers stored for GETs (RFC 9110 §9.3.3), on routes that allow it. */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { ask } from '../support/client.js'
import { cacheStatus, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()
const STORABLE = { 'Cache-Control': 'max-age=60', 'Content-Location': '/' }

function post (s: Scene, headers: Record<string, string> = {}) {
  return ask(`${s.proxy.url}/`, { method: 'POST', headers, body: 'act' })
}

/** Answers with what it was asked, and these fields. */
function echoing (s: Scene, fields: Record<string, string> = STORABLE): void {
  s.origin.on(({ method, body }, response, count) => {
    response.writeHead(200, fields)
    response.end(`${method} ${String(body)} ${count}`)
  })
}

describe('storePost', () => {
  it('answers GETs with it, having invalidated what was stored', async () => {
    const s = await scene({ route: { storePost: true } })
    echoing(s)
    expect((await s.get('/')).body).toBe('GET  1')
    const posted = await post(s)
    expect(posted.body).toBe('POST act 2')
    expect(cacheStatus(posted)).toBe('seawall; fwd=method; fwd-status=200; stored')
    const got = await s.get('/')
    expect(isHit(got)).toBe(true)
    expect(got.body).toBe('POST act 2')
    s.pass(61)
    expect((await s.get('/')).body).toBe('GET  3')
  })

  it('never answers a POST from the store, nor collapses two', async () => {
    const s = await scene({ route: { storePost: true } })
    const both = barrier()
    s.origin.on(async (_, response, count) => {
      if (count === 2) both.open()
      await both.passed
      response.writeHead(200, STORABLE).end(`${count}`)
    })
    const [one, other] = await Promise.all([post(s), post(s)])
    expect([one.body, other.body].sort()).toEqual(['1', '2'])
    expect((await post(s)).body).toBe('3')
    expect((await s.get('/')).body).toBe('3')
    expect(s.origin.count()).toBe(3)
  })

  it('streams it while it is stored, and stores nothing that breaks off', async () => {
    const s = await scene({ route: { storePost: true } })
    const seen = barrier()
    s.origin.on(async ({ method }, response) => {
      response.writeHead(200, { ...STORABLE, 'Content-Length': '8' })
      if (method === 'GET') {
        response.end('complete')
        return
      }
      response.write('part')
      await seen.passed
      response.destroy()
    })
    const broken = ask(`${s.proxy.url}/`, { method: 'POST', body: 'act', onChunk: () => { seen.open() } })
    await expect(broken).rejects.toThrow()
    expect((await s.get('/')).body).toBe('complete')
  })

  it('stores it when its client went away in the middle', async () => {
    const s = await scene({ route: { storePost: true } })
    const gone = barrier()
    s.origin.on(async (_, response) => {
      response.writeHead(200, STORABLE)
      response.write('first ')
      await gone.passed
      response.end('last')
    })
    let request: import('node:http').ClientRequest | undefined
    await expect(ask(`${s.proxy.url}/`, {
      method: 'POST', body: 'act', onRequest: sent => { request = sent }, onChunk: () => { request!.destroy() }
    })).rejects.toThrow()
    gone.open()
    await until('the POST is stored', async () => isHit(await s.get('/', { 'cache-control': 'only-if-cached' })))
    expect((await s.get('/')).body).toBe('first last')
  })

  it('stores nothing when it was purged while the origin worked', async () => {
    const s = await scene({ route: { storePost: true } })
    const asked = barrier()
    const purged = barrier()
    s.origin.on(async ({ method }, response) => {
      if (method === 'POST') {
        asked.open()
        await purged.passed
      }
      response.writeHead(200, { ...STORABLE, 'Surrogate-Key': 'a' }).end(method)
    })
    const posting = post(s)
    await asked.passed
    await s.proxy.purge({ tags: ['a'] })
    purged.open()
    expect((await posting).body).toBe('POST')
    expect((await s.get('/')).body).toBe('GET')
  })

  it('stores nothing when it is purged while it streams', async () => {
    const s = await scene({ route: { storePost: true } })
    const purged = barrier()
    s.origin.on(async ({ method }, response) => {
      response.writeHead(200, STORABLE)
      response.write(method)
      if (method === 'POST') await purged.passed
      response.end()
    })
    const heads = barrier()
    const posting = ask(`${s.proxy.url}/`, { method: 'POST', body: 'act', onChunk: () => { heads.open() } })
    await heads.passed
    await s.proxy.purge({ urls: [`${s.proxy.url}/`] })
    purged.open()
    expect((await posting).body).toBe('POST')
    expect((await s.get('/')).body).toBe('GET')
  })

  it.each([
    ['without Content-Location', { 'Cache-Control': 'max-age=60' }],
    ['without a lifetime', { 'Content-Location': '/' }],
    ['with no-store', { ...STORABLE, 'Cache-Control': 'max-age=60, no-store' }],
    ['with Set-Cookie', { ...STORABLE, 'Set-Cookie': 'a=1' }]
  ])('stores nothing %s, and remembers nothing of it', async (_, fields) => {
    const s = await scene({ route: { storePost: true } })
    echoing(s, fields)
    expect((await post(s)).body).toBe('POST act 1')
    echoing(s, { 'Cache-Control': 'max-age=60' })
    const got = await s.get('/')
    expect(got.body).toBe('GET  2')
    expect(cacheStatus(got)).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
  })

  it('stores for requests with the same selecting fields alone (RFC 9111 §4.1)', async () => {
    const s = await scene({ route: { storePost: true } })
    echoing(s, { ...STORABLE, Vary: 'X' })
    await post(s, { x: '1' })
    expect(isHit(await s.get('/', { x: '2' }))).toBe(false)
    expect((await s.get('/', { x: '1' })).body).toBe('POST act 1')
  })

  it('keeps the answer to one with credentials to itself (RFC 9111 §3.5)', async () => {
    const s = await scene({ route: { storePost: true } })
    echoing(s)
    await post(s, { authorization: 'Basic x' })
    expect((await s.get('/')).body).toBe('GET  2')
  })
})

it('a POST is stored nowhere by default', async () => {
  const s = await scene()
  echoing(s)
  await post(s)
  expect((await s.get('/')).body).toBe('GET  2')
})

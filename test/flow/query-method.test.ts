/** QUERY: safe and idempotent, its answer chosen by its content; to this cache a method like any it does not know. */
import { expect, it } from 'vitest'
import { ask } from '../support/client.js'
import { cacheStatus, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()

function query (s: Scene, body: string) {
  return ask(`${s.proxy.url}/`, { method: 'QUERY', headers: { 'content-type': 'text/plain' }, body })
}

it('passes through with its content, each time, and is stored for nobody', async () => {
  const s = await scene({ route: { storePost: true } })
  s.origin.on(({ method, body }, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=60', 'Content-Location': '/' }).end(`${method} ${String(body)}`)
  })
  for (const body of ['one', 'two', 'two']) {
    const reply = await query(s, body)
    expect(reply.body).toBe(`QUERY ${body}`)
    expect(cacheStatus(reply)).toBe('seawall; fwd=method; fwd-status=200; detail=method')
  }
  expect(s.origin.seen.map(seen => seen.headers['content-type'])).toEqual(['text/plain', 'text/plain', 'text/plain'])
  expect((await s.get('/')).body).toBe('GET ')
})

it('is not answered with a stored GET, and invalidates none (RFC 9111 §4.4)', async () => {
  const s = await scene()
  s.origin.on(({ method }, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=60', Location: '/', 'Content-Location': '/' }).end(method)
  })
  await s.get('/')
  expect((await query(s, 'one')).body).toBe('QUERY')
  const got = await s.get('/')
  expect(isHit(got)).toBe(true)
  expect(got.body).toBe('GET')
})

it('does not wait for a GET, nor a GET for it', async () => {
  const s = await scene()
  let release!: () => void
  const both = new Promise<void>(resolve => { release = resolve })
  s.origin.on(async ({ method }, response) => {
    if (s.origin.count() === 2) release()
    await both
    response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end(method)
  })
  const [got, queried] = await Promise.all([s.get('/'), query(s, 'one')])
  expect([got.body, queried.body]).toEqual(['GET', 'QUERY'])
})

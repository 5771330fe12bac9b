/** What a 304 changes for those who waited, and for those who come later. */
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { many, waiting } from '../support/fills.js'
import { answer } from '../support/origin.js'
import { cacheStatus, isHit } from '../support/scene.js'
import { stand } from '../support/standing.js'

describe('a 304', () => {
  const stored = { 'cache-control': 'max-age=10', etag: '"1"' }

  it('to a request with credentials leaves what others are given', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer(stored, 'for all'))
    await proxy.get('/a')
    clock.advance(11_000)
    origin.on((_, response) => { response.writeHead(304, { etag: '"1"', 'cache-control': 'max-age=10' }).end() })
    expect((await proxy.get('/a', { headers: { authorization: 'x' } })).body).toBe('for all')
    expect(origin.seen.at(-1)!.headers['if-none-match']).toBe('"1"')
    await proxy.get('/a')
    expect(origin.seen.at(-1)!.headers['if-none-match'], 'it is still there to be validated').toBe('"1"')
    expect(isHit(await proxy.get('/a'))).toBe(true)
  })

  it('that forbids storing answers its own client with what it says, and nobody else', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer({ ...stored, 'cache-control': 'max-age=100' }, 'old'))
    await proxy.get('/b')
    clock.advance(1_000)
    const gate = barrier()
    origin.on(async (request, response) => {
      await gate.passed
      if (request.headers['if-none-match'] === undefined) return answer({ 'cache-control': 'private' }, 'new')(request, response, 1)
      response.writeHead(304, { etag: '"1"', 'cache-control': 'private' }).end()
    })
    const first = proxy.get('/b', { headers: { 'cache-control': 'no-cache' } })
    await until('it is asked', () => origin.count() === 2)
    const others = many(proxy, 5, '/b', { 'cache-control': 'max-age=0' })
    await waiting(proxy, 5)
    gate.open()
    const reply = await first
    expect(reply.body).toBe('old')
    expect(reply.headers['cache-control']).toBe('private')
    expect((await Promise.all(others)).map(r => r.body)).toEqual(Array.from({ length: 5 }, () => 'new'))
    expect(origin.count()).toBe(2 + 5)
  })

  it('that adds a Vary does not make one variant answer for all', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer(stored, 'in de'))
    await proxy.get('/c', { headers: { 'x-lang': 'de' } })
    clock.advance(11_000)
    origin.on((request, response) => {
      if (request.headers['if-none-match'] === '"1"' && request.headers['x-lang'] === 'de') response.writeHead(304, { ...stored, vary: 'X-Lang' }).end()
      else answer({ ...stored, etag: '"2"', vary: 'X-Lang' }, `in ${String(request.headers['x-lang'])}`)(request, response, 1)
    })
    expect((await proxy.get('/c', { headers: { 'x-lang': 'de' } })).body).toBe('in de')
    expect((await proxy.get('/c', { headers: { 'x-lang': 'fr' } })).body).toBe('in fr')
  })

  it('keeps a variant findable for as long as it is fresh', async () => {
    const { origin, proxy, clock } = await stand({ cache: { keepStale: '5s' } })
    origin.on(answer({ ...stored, vary: 'X-Lang' }))
    await proxy.get('/d')
    clock.advance(14_000)
    origin.on((_, response) => { response.writeHead(304, { ...stored, vary: 'X-Lang' }).end() })
    expect(cacheStatus(await proxy.get('/d'))).toContain('fwd-status=304')
    clock.advance(5_000)
    expect(isHit(await proxy.get('/d'))).toBe(true)
  })

  it('that names an older modification validates nothing', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer({ 'cache-control': 'max-age=10', 'last-modified': 'Fri, 20 Nov 2020 10:00:00 GMT' }, 'deployed'))
    await proxy.get('/e')
    clock.advance(11_000)
    origin.on((request, response) => {
      const fields = { 'cache-control': 'max-age=10', 'last-modified': 'Thu, 19 Nov 2020 10:00:00 GMT' }
      if (request.headers['if-modified-since'] === undefined) answer(fields, 'rolled back')(request, response, 1)
      else response.writeHead(304, fields).end()
    })
    expect((await proxy.get('/e')).body).toBe('rolled back')
    expect((await proxy.get('/e')).body).toBe('rolled back')
  })

  it('brings the tags it names', async () => {
    const { origin, proxy, clock } = await stand()
    origin.on(answer({ ...stored, 'surrogate-key': 'one' }))
    await proxy.get('/f')
    clock.advance(11_000)
    origin.on((_, response) => { response.writeHead(304, { ...stored, 'surrogate-key': 'two' }).end() })
    await proxy.get('/f')
    expect(isHit(await proxy.get('/f'))).toBe(true)
    await proxy.purge({ tags: ['two'] })
    origin.on(answer(stored, 'after the purge'))
    expect((await proxy.get('/f')).body).toBe('after the purge')
  })

  it('whose answer is stale as it comes sends its waiters on at once, not one after another', async () => {
    const { origin, proxy, clock } = await stand()
    const old = { etag: '"1"', 'cache-control': 'max-age=10', age: '100' }
    origin.on(answer({ ...stored }))
    await proxy.get('/g')
    clock.advance(11_000)
    const gate = barrier()
    const there: ServerResponse[] = []
    origin.on(async (_, response) => {
      there.push(response)
      if (there.length === 1) await gate.passed
      else await until('all are there', () => there.length >= 6)
      response.writeHead(304, old).end()
    })
    const replies = many(proxy, 6, '/g')
    await waiting(proxy, 5)
    gate.open()
    await Promise.all(replies)
    expect(there.length).toBe(6)
  })
})

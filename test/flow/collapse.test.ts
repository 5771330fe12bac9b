/** One fetch, however many ask; and what becomes of them when the answer is not for all, fails, or is overtaken. */
import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock, type Clock } from '../../src/core/clock.js'
import { barrier, until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { collapsed, many, waiting } from '../support/fills.js'
import { answer, startOrigin, type TestOrigin } from '../support/origin.js'
import { before, startProxy, type TestProxy } from '../support/proxy.js'

const running: (() => unknown)[] = []
afterEach(async () => { for (const stop of running.splice(0).toReversed()) await stop() })

async function setUp (config: object = {}, clock: Clock = systemClock): Promise<{ origin: TestOrigin, proxy: TestProxy }> {
  const origin = await startOrigin()
  const proxy = await startProxy(before(origin, config), { clock })
  running.push(() => origin.stop(), () => { proxy.stop() })
  return { origin, proxy }
}

describe('collapsing', () => {
  it('asks the origin once for 1,000 clients of one cold key', async () => {
    const { origin, proxy } = await setUp()
    const gate = barrier()
    origin.on(async (_, response) => {
      await gate.passed
      answer({ 'cache-control': 'max-age=60' }, 'the one answer')(_, response, 1)
    })
    const replies = many(proxy, 1000, '/cold')
    await waiting(proxy, 999)
    gate.open()
    const all = await Promise.all(replies)
    expect(origin.count('/cold')).toBe(1)
    expect(all.every(r => r.status === 200 && r.body === 'the one answer')).toBe(true)
    expect(all.filter(r => /collapsed/.test(String(r.headers['cache-status']))).length).toBe(999)
  })

  it('brings the first byte of a slow body to every waiter before the origin sends the last', async () => {
    const { origin, proxy } = await setUp()
    const gate = barrier()
    const first = barrier()
    origin.on(async (_, response) => {
      await first.passed
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': '10' })
      response.write('first')
      await gate.passed
      response.end('-last')
    })
    let begun = 0
    const replies = Array.from({ length: 50 }, () => proxy.get('/slow', { onChunk: () => { begun++ } }))
    await waiting(proxy, 49)
    first.open()
    await until('every client has its first byte', () => begun >= 50)
    const late = proxy.get('/slow', { onChunk: () => { begun++ } })
    await until('one who joined late too', () => begun >= 51)
    gate.open()
    expect((await Promise.all([...replies, late])).every(r => r.body === 'first-last')).toBe(true)
    expect(origin.count()).toBe(1)
  })

  it('shares an answer that outlived its freshness on the way, with those who asked before', async () => {
    const clock = manualClock()
    const { origin, proxy } = await setUp({}, clock)
    const gate = barrier()
    const asked = barrier()
    origin.on(async (_, response) => {
      asked.open()
      await gate.passed
      answer({ 'cache-control': 's-maxage=1' }, 'slow')(_, response, 1)
    })
    const replies = many(proxy, 50, '/slower-than-fresh')
    await waiting(proxy, 49)
    await asked.passed
    clock.advance(2000)
    gate.open()
    expect((await Promise.all(replies)).every(r => r.body === 'slow')).toBe(true)
    expect(origin.count()).toBe(1)
  })

  it('sends everybody at once when the answer is for nobody else, and remembers it', async () => {
    const { origin, proxy } = await setUp()
    const gate = barrier()
    const held: ServerResponse[] = []
    origin.on(async (_, response) => {
      held.push(response)
      await gate.passed
      answer({ 'cache-control': 'private' }, 'mine')(_, response, 1)
    })
    const replies = many(proxy, 100, '/private')
    await waiting(proxy, 99)
    gate.open()
    expect((await Promise.all(replies)).every(r => r.body === 'mine')).toBe(true)
    expect(origin.count()).toBe(100)

    held.length = 0
    const second = barrier()
    origin.on(async (_, response) => {
      held.push(response)
      await second.passed
      answer({ 'cache-control': 'private' }, 'mine again')(_, response, 1)
    })
    const again = many(proxy, 100, '/private')
    await until('all are at the origin side by side', () => held.length === 100)
    second.open()
    expect((await Promise.all(again)).every(r => r.body === 'mine again')).toBe(true)
  })

  it('a storable answer replaces the memory of an uncacheable one', async () => {
    const { origin, proxy } = await setUp()
    origin.on(answer({ 'cache-control': 'no-store' }))
    await proxy.get('/changes')
    origin.on(answer({ 'cache-control': 'max-age=60' }, 'now'))
    await proxy.get('/changes')
    expect((await proxy.get('/changes')).headers['cache-status']).toMatch(/^seawall; hit/)
  })

  it('lets a failing origin see two requests of a stampede', async () => {
    const { origin, proxy } = await setUp()
    const gates = [barrier(), barrier()]
    origin.on(async (_, response, count) => {
      await gates[count - 1]?.passed
      answer({}, 'broken', 500)(_, response, count)
    })
    const replies = many(proxy, 1000, '/failing')
    await waiting(proxy, 999)
    gates[0]!.open()
    await waiting(proxy, 999 + 998)
    gates[1]!.open()
    const statuses = (await Promise.all(replies)).map(r => r.status)
    expect(origin.count()).toBe(2)
    expect(statuses.every(s => s === 500)).toBe(true)
  })

  it('keeps a fetch alive whose first client hung up, and stores it', async () => {
    const { origin, proxy } = await setUp()
    const gate = barrier()
    const asked = barrier()
    origin.on(async (_, response) => {
      asked.open()
      await gate.passed
      answer({ 'cache-control': 'max-age=60' }, 'kept')(_, response, 1)
    })
    const lost = proxy.get('/left', { onRequest: request => { void asked.passed.then(() => request.destroy(new Error('gone'))) } })
    await expect(lost).rejects.toThrow('gone')
    gate.open()
    await until('it is stored', async () => /; hit/.test(String((await proxy.get('/left')).headers['cache-status'])))
    expect(origin.count()).toBe(1)
  })

  it('never gives one user what another was given', async () => {
    const { origin, proxy } = await setUp()
    const gate = barrier()
    origin.on(async (request, response) => {
      await gate.passed
      answer({ 'cache-control': 'max-age=60' }, `for ${request.headers.authorization ?? 'anybody'}`)(request, response, 1)
    })
    const users = Array.from({ length: 20 }, (_, i) => `Bearer user-${i}`)
    const replies = users.map(authorization => proxy.get('/me', { headers: { authorization } }))
    await waiting(proxy, 19)
    gate.open()
    const all = await Promise.all(replies)
    expect(all.map(r => r.body)).toEqual(users.map(u => `for ${u}`))
  })

  it('shares with every user what the origin calls public', async () => {
    const { origin, proxy } = await setUp()
    const gate = barrier()
    origin.on(async (request, response) => {
      await gate.passed
      answer({ 'cache-control': 'public, max-age=60' }, 'for all')(request, response, 1)
    })
    const replies = Array.from({ length: 20 }, (_, i) => proxy.get('/all', { headers: { authorization: `Bearer ${i}` } }))
    await waiting(proxy, 19)
    gate.open()
    expect((await Promise.all(replies)).every(r => r.body === 'for all')).toBe(true)
    expect(origin.count()).toBe(1)
  })

  it('sends waiters of another variant to a fill of their own', async () => {
    const { origin, proxy } = await setUp()
    const gate = barrier()
    origin.on(async (request, response) => {
      await gate.passed
      answer({ 'cache-control': 'max-age=60', vary: 'X-Lang' }, `in ${String(request.headers['x-lang'])}`)(request, response, 1)
    })
    const langs = ['de', 'en', 'fr']
    const replies = langs.flatMap(lang => many(proxy, 10, '/page', { 'x-lang': lang }))
    await until('all wait', async () => await collapsed(proxy) >= 29)
    gate.open()
    const all = await Promise.all(replies)
    expect(all.map(r => r.body)).toEqual(langs.flatMap(lang => Array.from({ length: 10 }, () => `in ${lang}`)))
    expect(origin.count()).toBe(3)
  })

  it('a purge during a fetch wins over it', async () => {
    const { origin, proxy } = await setUp()
    const gate = barrier()
    const asked = barrier()
    origin.on(async (_, response) => {
      asked.open()
      await gate.passed
      answer({ 'cache-control': 'max-age=60', 'surrogate-key': 'p1' }, 'old')(_, response, 1)
    })
    const early = proxy.get('/p')
    await asked.passed
    expect((await proxy.purge({ tags: ['p1'] })).status).toBe(200)
    origin.on(answer({ 'cache-control': 'max-age=60', 'surrogate-key': 'p1' }, 'new'))
    const late = proxy.get('/p')
    await waiting(proxy, 1)
    gate.open()
    expect((await early).body).toBe('new')
    expect((await late).body).toBe('new')
    expect((await proxy.get('/p')).body).toBe('new')
  })

  it('an old fetch never overwrites a newer answer', async () => {
    const { origin, proxy } = await setUp()
    const gate = barrier()
    const asked = barrier()
    origin.on(async (_, response) => {
      asked.open()
      await gate.passed
      answer({ 'cache-control': 'max-age=60' }, 'older')(_, response, 1)
    })
    const slow = proxy.get('/race')
    await asked.passed
    origin.on(answer({ 'cache-control': 'max-age=60' }, 'newer'))
    expect((await proxy.get('/race', { headers: { 'cache-control': 'no-cache' } })).body).toBe('newer')
    gate.open()
    expect((await slow).body).toBe('older')
    expect((await proxy.get('/race')).body).toBe('newer')
  })
})

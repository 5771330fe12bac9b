/** Proxies that share a store take turns at the origin: one fetch for all of them, and nobody waits for what is not coming. */
import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { SeawallError } from '../../src/core/errors.js'
import { silentLogger } from '../../src/core/logger.js'
import { createLocalLog } from '../../src/invalidation/log.js'
import { createOrigins } from '../../src/origin/origins.js'
import { compileRoutes } from '../../src/policy/routes.js'
import { createCore } from '../../src/proxy/core.js'
import { Fills } from '../../src/proxy/fills.js'
import type { Parts } from '../../src/proxy/parts.js'
import type { Store } from '../../src/store/contract.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { barrier, until } from '../support/barrier.js'
import { ask, type Asked, type Reply } from '../support/client.js'
import { manualClock, type ManualClock } from '../support/clock.js'
import { cleanUp, startListener } from '../support/listener.js'
import { localLeases, type LocalLeases } from '../support/local-leases.js'
import { answer, startOrigin, type TestOrigin } from '../support/origin.js'
import { before, settingsOf } from '../support/proxy.js'
import { cacheStatus, isHit } from '../support/scene.js'

cleanUp()

interface Pair {
  readonly origin: TestOrigin
  /** Lets time pass for the proxies and their listeners alike. */
  advance (ms: number): void
  readonly leases: LocalLeases
  readonly counters: readonly Counters[]
  /** Through the first or the second proxy. */
  get (proxy: 0 | 1, path: string, asked?: Asked): Promise<Reply>
}

/** Two proxies before one origin, with one store and one log. `mayStore`: what is whole is stored no sooner. */
async function pair (config: object = {}, mayStore: Promise<void> = Promise.resolve()): Promise<Pair> {
  const origin = await startOrigin()
  onTestFinished(() => origin.stop())
  const settings = settingsOf(before(origin, config))
  const clock = manualClock()
  const store = slowly(createMemoryStore({ limit: 1e6, maxObject: 1e5, maxVariants: 8, clock }), mayStore)
  const log = createLocalLog({ clock })
  const leases = localLeases(store)
  const one = async (): Promise<{ port: number, counters: Counters, clock: ManualClock }> => {
    const counters = new Counters()
    const origins = createOrigins(settings.origins, { clock, counters, log: silentLogger })
    onTestFinished(() => { origins.destroy(new SeawallError('draining')) })
    const parts: Parts = {
      clock, counters, origins, store, log, leases, logger: silentLogger, random: () => 0, id: 'test', strictPurge: false, originHost: (_, host) => host,
      route: compileRoutes(settings.routes)
    }
    const { port, clock: listening } = await startListener(createCore(parts, new Fills(parts)))
    return { port, counters, clock: listening }
  }
  const proxies = [await one(), await one()]
  return {
    origin, leases, advance: ms => { for (const each of [clock, ...proxies.map(proxy => proxy.clock)]) each.advance(ms) }, counters: proxies.map(({ counters }) => counters),
    // as one site: the port of a proxy is not what it is asked for
    get: (proxy, path, asked = {}) => ask(`http://127.0.0.1:${proxies[proxy]!.port}${path}`, { ...asked, headers: { host: 'shop.test', ...asked.headers } })
  }
}

function slowly (store: Store, mayStore: Promise<void>): Store {
  const begin = store.begin.bind(store)
  store.begin = (meta, length) => {
    const writer = begin(meta, length)
    return writer === undefined ? undefined : {
      write: chunk => { writer.write(chunk) },
      abort: () => { writer.abort() },
      commit: async () => {
        await mayStore
        return await writer.commit()
      }
    }
  }
  return store
}

const many = (p: Pair, proxy: 0 | 1, n: number, path: string, headers: Record<string, string> = {}): Promise<Reply>[] =>
  Array.from({ length: n }, () => p.get(proxy, path, { headers }))

const FRESH = { 'Cache-Control': 'max-age=60' }

describe('a key nobody has', () => {
  it('is fetched once for both, and who waited says so', async () => {
    const p = await pair()
    const open = barrier()
    p.origin.on(async (_, response) => {
      await open.passed
      answer(FRESH, 'once')(p.origin.seen[0]!, response, 1)
    })
    const first = many(p, 0, 20, '/a')
    await until('the origin is asked', () => p.origin.count() === 1)
    const second = many(p, 1, 20, '/a')
    await until('the others wait', () => p.leases.waiting() === 1 && p.counters[1]!.collapsed === 19)
    open.open()
    const replies = await Promise.all([...first, ...second])
    expect(p.origin.count()).toBe(1)
    expect(new Set(replies.map(reply => reply.body))).toEqual(new Set(['once']))
    expect(cacheStatus(replies.at(-1)!)).toContain('seawall; fwd=uri-miss; ttl=60; collapsed')
    expect(p.counters[1]!.fills.shared).toBe(1)
  })

  it('is each variant’s own', async () => {
    const p = await pair()
    const open = barrier()
    p.origin.on(async (request, response) => {
      await open.passed
      answer({ ...FRESH, Vary: 'Accept-Language' }, String(request.headers['accept-language']))(request, response, 1)
    })
    const en = p.get(0, '/a', { headers: { 'accept-language': 'en' } })
    await until('the origin is asked', () => p.origin.count() === 1)
    const others = [...many(p, 1, 5, '/a', { 'accept-language': 'de' }), ...many(p, 1, 5, '/a', { 'accept-language': 'en' })]
    await until('the other waits', () => p.leases.waiting() === 1)
    open.open()
    expect((await en).body).toBe('en')
    expect((await Promise.all(others)).map(reply => reply.body)).toEqual([...Array(5).fill('de'), ...Array(5).fill('en')])
    expect(p.origin.count()).toBe(2)
  })

  it('is asked for by the next when the first fails', async () => {
    const p = await pair()
    const open = barrier()
    p.origin.on(async (request, response, count) => {
      await open.passed
      if (count === 1) response.destroy()
      else answer(FRESH, 'second')(request, response, count)
    })
    const first = p.get(0, '/a')
    await until('the origin is asked', () => p.origin.count() === 1)
    const second = p.get(1, '/a')
    await until('the other waits', () => p.leases.waiting() === 1)
    open.open()
    expect([(await first).status, (await second).body]).toEqual([502, 'second'])
  })
})

describe('what is not coming', () => {
  it('is not waited for: an answer for one alone sends all the others at once', async () => {
    const p = await pair()
    const bodies: ServerResponse[] = []
    p.origin.on((_, response) => {
      response.writeHead(200, { 'Cache-Control': 'private' })
      response.write('h')
      bodies.push(response)
    })
    const first = p.get(0, '/a')
    await until('the origin is asked', () => p.origin.count() === 1)
    const others = many(p, 1, 10, '/a')
    // the first body never ends while they are served
    await until('all are served side by side', () => p.origin.count() === 11)
    for (const response of bodies) response.end('i')
    expect((await Promise.all([first, ...others])).every(reply => reply.body === 'hi')).toBe(true)
  })

  it('is not waited for when its body takes its time', async () => {
    const p = await pair()
    let held: ServerResponse | undefined
    p.origin.on((request, response, count) => {
      if (count > 1) return answer(FRESH, 'quick')(request, response, count)
      response.writeHead(200, FRESH)
      response.write('sl')
      held = response
    })
    const first = p.get(0, '/a')
    await until('the origin is asked', () => held !== undefined)
    const second = p.get(1, '/a')
    await until('the other waits', () => p.leases.waiting() === 1)
    p.advance(500)
    expect((await second).body).toBe('quick')
    held!.end('ow')
    expect((await first).body).toBe('slow')
  })

  it('is waited for ten seconds, whatever the other says', async () => {
    const p = await pair()
    const gate = barrier()
    p.origin.on(async (request, response, count) => {
      if (count === 1) await gate.passed
      await answer({ 'cache-control': 'max-age=60' }, `body ${count}`)(request, response, count)
    })
    const first = p.get(0, '/a')
    await until('it is asked', () => p.origin.count() === 1)
    const second = p.get(1, '/a')
    await until('it waits', () => p.leases.waiting() === 1)
    p.advance(9_999)
    expect(p.origin.count()).toBe(1)
    p.advance(1)
    expect((await second).body).toBe('body 2')
    gate.open()
    expect((await first).body).toBe('body 1')
  })

  it('does not mean what is whole, and slowly stored', async () => {
    const stored = barrier()
    const p = await pair({}, stored.passed)
    const open = barrier()
    p.origin.on(async (request, response, count) => {
      await open.passed
      answer(FRESH, `body ${count}`)(request, response, count)
    })
    const first = p.get(0, '/a')
    await until('the origin is asked', () => p.origin.count() === 1)
    const second = p.get(1, '/a')
    await until('the other waits', () => p.leases.waiting() === 1)
    open.open()
    expect((await first).body).toBe('body 1')
    p.advance(1_000)
    stored.open()
    expect((await second).body).toBe('body 1')
    expect(p.origin.count()).toBe(1)
  })
})

describe('no turn is taken', () => {
  it('for what is known to be uncacheable, or demanded anew', async () => {
    const p = await pair()
    p.origin.on(answer({ 'Cache-Control': 'private' }))
    await p.get(0, '/a')
    expect(p.leases.asked).toHaveLength(1)
    await p.get(1, '/a')
    await p.get(1, '/b', { headers: { 'cache-control': 'no-cache' } })
    await p.get(1, '/c', { headers: { range: 'bytes=0-1' } })
    expect(p.leases.asked).toHaveLength(1)
  })
})

describe('a refresh', () => {
  it('in the background is left to whoever does it already', async () => {
    const p = await pair()
    const open = barrier()
    p.origin.on(async (request, response, count) => {
      if (count > 1) await open.passed
      answer({ 'Cache-Control': 'max-age=10, stale-while-revalidate=60' }, `body ${count}`)(request, response, count)
    })
    await p.get(0, '/a')
    p.advance(11_000)
    await p.get(0, '/a')
    await until('it is refreshed', () => p.origin.count() === 2)
    expect(isHit(await p.get(1, '/a'))).toBe(true)
    await until('the other has left it', () => p.counters[1]!.fills.abandoned === 1)
    open.open()
    await until('it is fresh', async () => (await p.get(1, '/a')).body === 'body 2')
    expect(p.origin.count()).toBe(2)
  })
})

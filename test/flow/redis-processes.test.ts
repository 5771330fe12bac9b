/**
 * What processes that share a Redis promise, with real ones that stop, die and are cut off. Rounds are few here;
 * PURGE_ROUNDS says how many else (`npm run soak:purge`).
 */
import { expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { chance } from '../support/chance.js'
import { answer, type TestOrigin } from '../support/origin.js'
import { collapsed, get, joined, purge, sharing, startMember, versions } from '../support/redis-crew.js'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js'
import { startRelay } from '../support/relay.js'
import { isHit } from '../support/scene.js'
import type { Seawall } from '../support/seawall.js'

const ROUNDS = Number(process.env['PURGE_ROUNDS'] ?? 6)
const SEED = Number(process.env['PURGE_SEED'] ?? Date.now() % 2 ** 31)
const MAX_LAG = 300
/** For a machine that may be busy: what is late is not waited for, nor trusted. */
const GENEROUS = { timeout: '5s', maxLag: '30s' }
const LONG = { timeout: 60_000 + ROUNDS * 6_000 }

const start = (origin: TestOrigin, url: string, more: object = {}): Promise<Seawall> => startMember(origin, { url, maxLag: `${MAX_LAG}ms`, ...more })

describeWithRedis('real processes that share a Redis', () => {
  it('ask the origin once for a thousand clients of both', LONG, async () => {
    const redis = await startRedis()
    const { origin } = await versions()
    const both = [await start(origin, redis.url, GENEROUS), await start(origin, redis.url, GENEROUS)]
    // one of each process asks, or waits for the other's turn; all others wait for it
    const waiting = async (): Promise<number> => (await Promise.all(both.map(collapsed))).reduce((sum, count) => sum + count)
    origin.on(async (request, response, count) => {
      await until('all are there', async () => await waiting() >= 998)
      answer({ 'Cache-Control': 'max-age=600' }, `body ${count}`)(request, response, count)
    })
    const replies = await Promise.all(Array.from({ length: 1000 }, (_, i) => get(both[i % 2]!, '/a')))
    expect(new Set(replies.map(reply => reply.body))).toEqual(new Set(['body 1']))
    expect(origin.count('/a')).toBe(1)
  })

  it.each([['stopped', 'SIGSTOP'], ['cut off from Redis', 'cut']])('never give what was purged while one was %s', LONG, async (_, how) => {
    const random = chance(SEED)
    const redis = await startRedis()
    const relay = await startRelay(redis.port)
    const v = await versions()
    const one = await start(v.origin, redis.url)
    const other = await start(v.origin, `redis://127.0.0.1:${relay.port}`)
    const interrupt = (): void => { if (how === 'cut') relay.stall(); else other.signal('SIGSTOP') }
    const resume = (): void => { if (how === 'cut') relay.mend(); else other.signal('SIGCONT') }
    const pause = (most: number): Promise<void> => {
      const end = performance.now() + random(most)
      return until('a moment', () => performance.now() >= end)
    }
    for (let round = 0; round < ROUNDS; round++) {
      expect(Number((await get(other, '/a')).body), `seed ${SEED}`).toBe(v.version)
      await get(one, '/a')
      await pause(50)
      interrupt()
      await pause(MAX_LAG)
      v.version++
      const answered = await purge(one)
      expect(answered.status, answered.body).toBe(200)
      if (how === 'cut') expect(Number((await get(other, '/a')).body), `seed ${SEED}, round ${round}, still cut off`).toBe(v.version)
      const reading = how === 'cut' ? undefined : get(other, '/a')
      await pause(50)
      resume()
      expect(Number((await (reading ?? get(other, '/a'))).body), `seed ${SEED}, round ${round}`).toBe(v.version)
      expect(Number((await get(one, '/a')).body)).toBe(v.version)
      // whoever next wants something of Redis finds out
      await until('it is back', async () => { await get(other, `/${random(2 ** 31)}`); return joined(other) }, 20_000)
    }
  })

  it('wait the whole lag for one that has vanished, and when Redis has come back empty', LONG, async () => {
    const redis = await startRedis()
    const v = await versions()
    const one = await start(v.origin, redis.url)
    const other = await start(v.origin, redis.url)
    // past the time in which an epoch is too young to know everybody
    await until('purges are quick', async () => (JSON.parse((await purge(one, { tags: ['none'] })).body) as { applied: number }).applied === 2, 20_000)
    await other.stop('SIGKILL')
    const before = performance.now()
    expect(JSON.parse((await purge(one)).body)).toMatchObject({ unreachable: [expect.any(String)] })
    expect(performance.now() - before).toBeGreaterThanOrEqual(MAX_LAG)
    redis.cli('FLUSHALL')
    await get(one, '/a')
    v.version++
    const start2 = performance.now()
    expect((await purge(one)).status).toBe(200)
    expect(performance.now() - start2).toBeGreaterThanOrEqual(MAX_LAG)
    expect(Number((await get(one, '/a')).body)).toBe(v.version)
  })

  it('find what was stored when all of them were begun anew', LONG, async () => {
    const redis = await startRedis()
    const v = await versions()
    for (const how of ['SIGTERM', 'SIGKILL'] as const) {
      const first = await start(v.origin, redis.url, GENEROUS)
      await get(first, `/${how}`)
      // the answer is given before it is stored
      await until('it is stored', async () => (await sharing(first)).writes.done === 1)
      await first.stop(how)
      const second = await start(v.origin, redis.url, GENEROUS)
      expect(isHit(await get(second, `/${how}`)), how).toBe(true)
      await second.stop()
    }
  })

  it('answer everybody while Redis stands still, dies, and comes back', LONG, async () => {
    const redis = await startRedis()
    const v = await versions()
    const one = await start(v.origin, redis.url, { timeout: '50ms', maxLag: '2s' })
    await get(one, '/hot')
    const statuses = new Set<number>()
    const load = async (rounds: number): Promise<void> => {
      for (let i = 0; i < rounds; i++) {
        const replies = await Promise.all(['/hot', `/${i}a`, `/${i}b`, '/hot'].map(path => get(one, path)))
        for (const { status } of replies) statuses.add(status)
      }
    }
    await load(5)
    redis.pause()
    await load(20)
    const { state, errors } = await sharing(one)
    expect(state).not.toBe('ready')
    expect(errors.open).toBeGreaterThan(0)
    // of forty misses, each with several commands: those under way when it stopped, those until the breaker opened, and its probes
    expect(errors.timeout).toBeLessThan(30)
    redis.resume()
    await load(5)
    await redis.stop()
    await load(10)
    await redis.restart()
    await until('it is used again', async () => { await load(1); return joined(one) }, 20_000)
    expect(statuses).toEqual(new Set([200]))
  })
})

describeWithRedis('whatever Redis loses', () => {
  it('no purge is lost', LONG, async () => {
    const random = chance(SEED)
    const redis: TestRedis = await startRedis()
    const v = await versions()
    const both = [await start(v.origin, redis.url), await start(v.origin, redis.url)]
    const losses = [['FLUSHALL'], ['DEL', 'seawall:v1:{log}:events'], ['DEL', 'seawall:v1:{log}:meta'], ['XTRIM', 'seawall:v1:{log}:events', 'MAXLEN', '0'], ['PING']]
    for (let round = 0; round < 2 * ROUNDS; round++) {
      await Promise.all(both.map(seawall => get(seawall, '/a')))
      if (random(2) === 0) redis.cli(...losses[random(losses.length)]!)
      v.version++
      const answered = await purge(both[random(2)]!)
      if (random(2) === 0) redis.cli(...losses[random(losses.length)]!)
      if (answered.status !== 200) continue
      for (const seawall of both) expect(Number((await get(seawall, '/a')).body), `seed ${SEED}, round ${round}`).toBe(v.version)
    }
  })
})

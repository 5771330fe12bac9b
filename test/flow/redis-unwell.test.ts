/** Redis says that it is unwell, breaks off, evicts; clocks disagree. Everybody is answered, and with nothing wrong. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { until } from '../support/barrier.js'
import { chance } from '../support/chance.js'
import { ask } from '../support/client.js'
import { answer, startOrigin, type TestOrigin } from '../support/origin.js'
import { get, joined, purge, sharing, startMember, versions } from '../support/redis-crew.js'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js'
import { startRelay } from '../support/relay.js'
import { isHit } from '../support/scene.js'
import { emptyFolder, type Seawall } from '../support/seawall.js'

const LONG = { timeout: 120_000 }
const SEED = Number(process.env['PURGE_SEED'] ?? Date.now() % 2 ** 31)
/** For a machine that may be busy. */
const GENEROUS = { timeout: '2s', maxLag: '3s' }
const LOCAL = { tags: ['tag'], wait: 'local' }
const META = 'seawall:v1:{log}:meta'
const EVENTS = 'seawall:v1:{log}:events'

/** Longer than what comes in one piece. */
const bodyOf = (path: string): string => path.repeat(40_000 / path.length)

async function pages (): Promise<TestOrigin> {
  const origin = await startOrigin()
  onTestFinished(() => origin.stop())
  origin.on((request, response, count) => { answer({ 'Cache-Control': 'max-age=600', 'Surrogate-Key': 'tag' }, bodyOf(request.url!))(request, response, count) })
  return origin
}

async function asks (seawall: Seawall, paths: readonly string[]): Promise<void> {
  const replies = await Promise.all(paths.map(path => get(seawall, path)))
  for (const [i, { status, body }] of replies.entries()) {
    expect(status).toBe(200)
    expect(body === bodyOf(paths[i]!), paths[i]).toBe(true)
  }
}

const several = (name: string): string[] => Array.from({ length: 20 }, (_, i) => `/${name}/${i}`)

describeWithRedis('a Redis that is unwell', () => {
  const full = (redis: TestRedis): void => { redis.cli('CONFIG', 'SET', 'maxmemory', '1') }
  const replica = (redis: TestRedis): void => { redis.cli('REPLICAOF', '127.0.0.1', '1') }
  it.each([
    ['oom', full, (redis: TestRedis) => { redis.cli('CONFIG', 'SET', 'maxmemory', '0') }],
    ['readonly', replica, (redis: TestRedis) => { redis.cli('REPLICAOF', 'NO', 'ONE') }],
    ['noscript', (redis: TestRedis) => { redis.cli('SCRIPT', 'FLUSH') }, () => undefined]
  ] as const)('costs the sharing alone: %s', LONG, async (fault, harm, heal) => {
    const redis = await startRedis()
    const origin = await pages()
    const one = await startMember(origin, { url: redis.url, ...GENEROUS })
    await asks(one, several('before'))
    const before = (await sharing(one)).errors[fault] ?? 0
    harm(redis)
    await asks(one, [...several('before'), ...several('meanwhile')])
    await until('it was heard', async () => ((await sharing(one)).errors[fault] ?? 0) > before)
    expect((await purge(one, LOCAL)).status).toBe(fault === 'noscript' ? 200 : 503)
    heal(redis)
    await until('it is used again', async () => (await purge(one, LOCAL)).status === 200, 20_000)
    await asks(one, several('before'))
  })

  it.each(['-LOADING Redis is loading the dataset in memory', '-MASTERDOWN Link with MASTER is down', '-ERR anything else', '+OK', ':1', '*0', '$-1'])('costs the sharing alone: %s', LONG, async line => {
    const redis = await startRedis()
    const relay = await startRelay(redis.port)
    const origin = await pages()
    const one = await startMember(origin, { url: `redis://127.0.0.1:${relay.port}`, ...GENEROUS })
    await asks(one, several('before'))
    relay.say(line)
    await asks(one, [...several('before'), ...several('meanwhile')])
    expect((await purge(one, LOCAL)).status).toBe(503)
    relay.mend()
    await until('it is used again', async () => (await purge(one, LOCAL)).status === 200, 20_000)
    await asks(one, several('before'))
  })

  it('breaks off anywhere in its replies, and nothing of them is given', LONG, async () => {
    const random = chance(SEED)
    const redis = await startRedis()
    const relay = await startRelay(redis.port)
    const origin = await pages()
    const writer = await startMember(origin, { url: redis.url, ...GENEROUS })
    const reader = await startMember(origin, { url: `redis://127.0.0.1:${relay.port}`, ...GENEROUS })
    for (let round = 0; round < 10; round++) {
      const paths = several(`round${round}`)
      await asks(writer, paths)
      relay.cutAfter(random(400_000))
      await asks(reader, paths)
      // whoever next wants something of Redis finds out
      await until(`it is back (seed ${SEED})`, async () => { await get(reader, `/${random(2 ** 31)}`); return joined(reader) }, 20_000)
    }
    expect((await sharing(reader)).lookups.hits).toBeGreaterThan(0)
    expect((await sharing(reader)).errors['cut'] ?? 0).toBeGreaterThan(0)
  })

  it('evicts anything, the log of purges included: purges hold', LONG, async () => {
    const random = chance(SEED)
    const redis = await startRedis(['--maxmemory', '4mb', '--maxmemory-policy', 'allkeys-random'])
    const v = await versions()
    const filler = await pages()
    const both = [await startMember(v.origin, { url: redis.url, maxLag: '300ms' }), await startMember(v.origin, { url: redis.url, maxLag: '300ms' })]
    const other = await startMember(filler, { url: redis.url, ...GENEROUS })
    let acknowledged = 0
    for (let round = 0; round < 12; round++) {
      await Promise.all([...both.map(seawall => get(seawall, '/a')), asks(other, several(`fill${round}`))])
      v.version++
      const answered = await Promise.all([purge(both[random(2)]!), asks(other, several(`more${round}`))])
      if (answered[0].status !== 200) continue
      acknowledged++
      for (const seawall of both) expect(Number((await get(seawall, '/a')).body), `seed ${SEED}, round ${round}`).toBe(v.version)
    }
    expect(acknowledged).toBeGreaterThan(0)
    expect(Number(/evicted_keys:(\d+)/.exec(redis.cli('INFO', 'stats'))![1])).toBeGreaterThan(0)
  })
})

describeWithRedis('a Redis in which somebody wrote', () => {
  it.each([
    ['a string in place of the hash', ['SET', META, 'x']],
    ['a string in place of the stream', ['SET', EVENTS, 'x']],
    ['the greatest epoch there is', ['HSET', META, 'epoch', '9007199254740991']],
    ['a word for an epoch', ['HSET', META, 'epoch', 'none']]
  ] as const)('%s: purges hold, and are answered again after a look', LONG, async (_, command) => {
    const redis = await startRedis()
    const v = await versions()
    const both = [await startMember(v.origin, { url: redis.url, maxLag: '500ms' }), await startMember(v.origin, { url: redis.url, maxLag: '500ms' })]
    for (const [i, seawall] of [...both, ...both].entries()) {
      await Promise.all(both.map(one => get(one, '/a')))
      redis.cli(...command)
      v.version++
      await until(`it is purged (round ${i})`, async () => (await purge(seawall)).status === 200)
      for (const one of both) expect(Number((await get(one, '/a')).body)).toBe(v.version)
    }
  })
})

describeWithRedis('a Redis with less memory than it takes for itself', () => {
  it('answers everybody through memory and origin, and is told of once', LONG, async () => {
    const redis = await startRedis()
    const v = await versions()
    const both = [await startMember(v.origin, { url: redis.url, maxLag: '500ms' }), await startMember(v.origin, { url: redis.url, maxLag: '500ms' })]
    const evicted = (): number => Number(/evicted_keys:(\d+)/.exec(redis.cli('INFO', 'stats'))![1])
    const told = (words: string): number[] => both.map(seawall => seawall.log().filter(({ msg }) => String(msg).includes(words)).length)
    const lines = told('')
    redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    redis.cli('CONFIG', 'SET', 'maxmemory', '1')
    await until('the log was evicted time and again', () => evicted() >= 20, 60_000)
    for (const seawall of both) expect((await get(seawall, '/a')).body).toBe('1')
    expect(told('raise maxmemory')).toEqual([1, 1])
    for (const [i, count] of told('').entries()) expect(count - lines[i]!).toBeLessThan(6)
    const counted = (await ask(`${both[0]!.adminUrl}/metrics`)).body
    expect(Number(/^seawall_log_epochs_total (\d+)$/m.exec(counted)![1])).toBeGreaterThan(3)
    redis.cli('CONFIG', 'SET', 'maxmemory', '0')
    v.version++
    await until('purges are taken again', async () => (await purge(both[0]!)).status === 200)
    for (const seawall of both) expect(Number((await get(seawall, '/a')).body)).toBe(v.version)
    await until('it is told of', () => told('lasts again').every(count => count === 1))
  })
})

describeWithRedis('clocks that differ by an hour', () => {
  it('change nothing: neither what is fresh, nor what was purged', LONG, async () => {
    const redis = await startRedis()
    const origin = await startOrigin()
    onTestFinished(() => origin.stop())
    origin.on((request, response, count) => {
      response.sendDate = false
      answer({ 'Cache-Control': 'max-age=600', 'Surrogate-Key': 'tag' }, String(count))(request, response, count)
    })
    const ahead = join(emptyFolder(), 'ahead.cjs')
    writeFileSync(ahead, 'const now = Date.now\nDate.now = () => now() + 3_600_000\n')
    const one = await startMember(origin, { url: redis.url, ...GENEROUS })
    const other = await startMember(origin, { url: redis.url, ...GENEROUS }, { NODE_OPTIONS: `--require ${ahead}` })
    for (const [first, second] of [[one, other], [other, one]] as const) {
      const { body } = await get(first, '/a')
      await until('it is stored', async () => (await sharing(first)).writes.done > 0)
      const found = await get(second, '/a')
      expect([isHit(found), found.body]).toEqual([true, body])
      expect(Number(found.headers['age'])).toBeLessThan(60)
      expect((await purge(first)).status).toBe(200)
      for (const seawall of [first, second]) expect(Number((await get(seawall, '/a')).body)).toBeGreaterThan(Number(body))
      expect((await purge(second)).status).toBe(200)
    }
  })
})

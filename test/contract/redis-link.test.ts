/** Commands to a real Redis that is well, stopped, gone and back: each settles in time, and is counted as what it was. */
import type { Redis } from 'ioredis'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { openClient } from '../../src/redis/connect.js'
import { RedisCounters } from '../../src/redis/counters.js'
import { RedisLink, script } from '../../src/redis/link.js'
import { until } from '../support/barrier.js'
import { describeWithRedis, startFakeRedis, startRedis, type TestRedis } from '../support/redis.js'

const TIMEOUT = 100

describeWithRedis('a link to Redis', () => {
  let redis: TestRedis
  let client: Redis
  let link: RedisLink
  let counters: RedisCounters
  let logged: string[]

  beforeEach(async () => {
    redis = await startRedis()
    counters = new RedisCounters()
    logged = []
    const note = (_: object, message: string): void => { logged.push(message) }
    const log = { ...silentLogger, info: note, warn: note }
    client = openClient({ kind: 'url', url: redis.url }, { name: 'test', silence: 50 * TIMEOUT, counters, log }) as Redis
    link = new RedisLink({ client, name: 'test', timeout: TIMEOUT, breaker: { failures: 3, probe: 300 }, clock: systemClock, counters, log })
    await until('connected', () => link.state === 'ready')
  })

  afterEach(async () => {
    link.close()
    await redis.stop()
  })

  it('hands out replies as bytes', async () => {
    await link.call('SET', 'a', Buffer.from([0, 255]))
    expect(await link.call('GET', 'a')).toEqual(Buffer.from([0, 255]))
    expect(await link.call('GET', 'b')).toBeNull()
  })

  it('runs a script the server knows, and one it has forgotten', async () => {
    const twice = script('return {ARGV[1], ARGV[1]}')
    for (let i = 0; i < 2; i++) expect(await link.eval(twice, [], ['x'])).toEqual([Buffer.from('x'), Buffer.from('x')])
    redis.cli('SCRIPT', 'FLUSH')
    expect(await link.eval(twice, [], ['y'])).toEqual([Buffer.from('y'), Buffer.from('y')])
    expect(counters.faults.noscript).toBe(2)
    expect(link.state).toBe('ready')
  })

  it('sends what is asked in one turn in one write, and answers each', async () => {
    let writes = 0
    const { stream } = client
    const write = stream._writev!.bind(stream)
    stream._writev = (chunks, done) => {
      writes++
      write(chunks, done)
    }
    expect(await Promise.all(Array.from({ length: 100 }, (_, i) => link.call('ECHO', i)))).toEqual(Array.from({ length: 100 }, (_, i) => Buffer.from(String(i))))
    expect(writes).toBe(1)
  })

  it('tells errors of the command from outages', async () => {
    await link.call('SET', 'a', 'text')
    await expect(link.call('LPUSH', 'a', 'b')).rejects.toMatchObject({ name: 'RedisFailure', fault: 'wrongtype' })
    await expect(link.eval(script("return redis.call('LPUSH', KEYS[1], 'b')"), ['a'], [])).rejects.toMatchObject({ fault: 'wrongtype' })
    for (let i = 0; i < 5; i++) await expect(link.call('NONSENSE')).rejects.toMatchObject({ fault: 'reply' })
    expect(link.state).toBe('ready')
  })

  it('does not blame Redis for a reply that this process was too busy to read', async () => {
    const reply = link.call('PING')
    const until = performance.now() + 2 * TIMEOUT
    while (performance.now() < until) { /* busy */ }
    expect(await reply).toEqual(Buffer.from('PONG'))
    expect(counters.faults.timeout).toBe(0)
  })

  it('gives up at the deadline on a server that is stopped, then asks no more until it answers again', async () => {
    redis.pause()
    await Promise.all([1, 2, 3].map(() => expect(link.call('GET', 'a')).rejects.toMatchObject({ fault: 'timeout' })))
    await expect(link.call('GET', 'a')).rejects.toMatchObject({ fault: 'open' })
    redis.resume()
    await until('used again', async () => {
      const reply = await link.call('PING').catch(() => undefined)
      return reply !== undefined
    })
    expect(link.state).toBe('ready')
    expect(logged).toEqual(['redis is not used until it answers', 'redis is used again'])
  })

  it('refuses at once while there is no server, and finds it when it comes', async () => {
    await redis.stop()
    await until('noticed', () => link.state === 'down')
    await expect(link.call('GET', 'a')).rejects.toMatchObject({ fault: 'down' })
    await until('a refused connection is counted', () => counters.connectionErrors > 0)
    await redis.restart()
    await until('connected again', () => link.state === 'ready')
    expect(await link.call('GET', 'a')).toBeNull()
  })

  it('rejects what was under way when the connection broke', async () => {
    redis.pause()
    const lost = expect(link.call('GET', 'a')).rejects.toMatchObject({ fault: expect.stringMatching(/^(cut|timeout)$/) })
    await redis.stop()
    await lost
  })
})

describe('a Redis that misbehaves', () => {
  /** Is well until it is asked for something, which it answers with `reply`. */
  async function linkTo (reply: (socket: Socket) => void): Promise<{ link: RedisLink, counters: RedisCounters }> {
    const { url } = await startFakeRedis(socket => {
      socket.on('error', () => undefined)
      socket.on('data', chunk => {
        for (const [, command] of String(chunk).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
          if (command!.toUpperCase() === 'GET') reply(socket)
          else if (command!.toUpperCase() === 'INFO') socket.write('$9\r\nloading:0\r\n')
          else socket.write('+OK\r\n')
        }
      })
    })
    const counters = new RedisCounters()
    const client = openClient({ kind: 'url', url }, { name: 'test', silence: 50 * TIMEOUT, counters, log: silentLogger })
    const link = new RedisLink({ client, name: 'test', timeout: 50 * TIMEOUT, breaker: { failures: 3, probe: 300 }, clock: systemClock, counters, log: silentLogger })
    onTestFinished(() => { link.close() })
    await until('connected', () => link.state === 'ready')
    return { link, counters }
  }

  it('breaks off in the middle of a reply: a failure, and nothing of it is believed', async () => {
    let whole = false
    const { link, counters } = await linkTo(socket => {
      if (whole) socket.write('$5\r\nwhole\r\n')
      else socket.end('$1000\r\nonly some of it')
    })
    await expect(link.call('GET', 'a')).rejects.toMatchObject({ fault: 'cut' })
    expect(counters.faults.cut).toBe(1)
    whole = true
    await until('connected again', () => link.state === 'ready')
    expect(String(await link.call('GET', 'a'))).toBe('whole')
  })

  it.each([
    ['LOADING Redis is loading the dataset in memory', 'loading', true], ['OOM command not allowed when used memory > maxmemory', 'oom', false],
    ['NOPERM this user has no permissions', 'denied', false],
    ['CLUSTERDOWN The cluster is down', 'loading', true], ['MISCONF Redis is configured to save RDB snapshots', 'readonly', true], ['ERR anything else', 'reply', false]
  ])('says %s', async (reply, fault, outage) => {
    const { link } = await linkTo(socket => { socket.write(`-${reply}\r\n`) })
    for (let i = 0; i < 3; i++) await expect(link.call('GET', 'a')).rejects.toMatchObject({ fault })
    expect(link.state).toBe(outage ? 'open' : 'ready')
  })
})

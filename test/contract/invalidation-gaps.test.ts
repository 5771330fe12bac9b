/** Whatever Redis loses of the shared log, nothing stored before counts as clean afterwards, and the log goes on. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Judged } from '../../src/core/types.js'
import type { ClusterLog } from '../../src/invalidation/shared-log.js'
import { RedisFailure } from '../../src/redis/failure.js'
import { until } from '../support/barrier.js'
import { keysOf, logOver, settled, startLogRedis, type LogRedis } from '../support/log-redis.js'
import { judgedOf } from '../support/records.js'

let redis: LogRedis
let count = 0
beforeAll(async () => { redis = await startLogRedis() })
afterAll(() => redis.stop())

const call = (...args: [string, ...(string | number)[]]): Promise<unknown> => redis.client.call(...args)

/** Logs that share a namespace of their own. */
function cluster (options: { maxLag?: number, deadline?: number, events?: number } = {}) {
  const namespace = `gaps-${++count}`
  const log = (id: string): ClusterLog => {
    const made = logOver({ url: redis.url, namespace, id, ...options })
    onTestFinished(() => made.close())
    return made
  }
  return { namespace, ...keysOf(namespace), log }
}

/** As another process's record, with the same stamp, would come out of Redis. */
function stranger ({ url, tags, filledAt: { epoch, seq } }: Judged): Judged {
  return { url, tags, filledAt: { epoch, seq }, checkedAt: undefined }
}

describe('a gap', () => {
  type Fault = (keys: { meta: string, events: string }) => Promise<unknown>
  const faults: [string, Fault][] = [
    ['everything is lost', () => call('FLUSHALL')],
    ['the stream is lost', ({ events }) => call('DEL', events)],
    ['the hash is lost', ({ meta }) => call('DEL', meta)],
    ['the counter is an older one', ({ meta }) => call('HINCRBY', meta, 'seq', -1)],
    ['both are older ones', async ({ meta, events }) => {
      await call('XDEL', events, '3-0')
      await call('HSET', meta, 'seq', 2)
    }],
    ['the same position has another event now', async ({ meta, events }) => {
      await call('XDEL', events, '3-0')
      await call('DEL', events)
      for (const id of ['1-0', '2-0', '3-0', '4-0']) await call('XADD', events, id, 'w', 'x', 'b', `other-${id}`, 'm', 'hard', 's', '[{"tag":"other"}]')
      await call('HSET', meta, 'seq', 4)
    }],
    ['another server answers', ({ meta }) => call('HSET', meta, 'run', 'another')],
    ['the epoch is an older one', ({ meta }) => call('HINCRBY', meta, 'epoch', -5)],
    ['the stream has an entry that is not ours', ({ events }) => call('XADD', events, '*', 'foo', 'bar')],
    ['it restarts empty', () => redis.restart()]
  ]

  it.each(faults)('is noticed where %s', async (_, fault) => {
    const { log, namespace, meta, events } = cluster()
    const [a, b] = [log('a'), log('b')]
    await settled(redis, namespace, a, b)
    for (const tag of ['1', '2', '3']) await a.append([{ tag }], 'hard', 'cluster')
    await until('b applied', () => b.head.seq === 3)
    const before = [a, b].map(one => judgedOf('x', ['t'], one.head))
    const { epoch } = a.head
    expect([a, b].map((one, i) => one.verdict(before[i]!).kind)).toEqual(['clean', 'clean'])
    await fault({ meta, events })
    for (const one of [a, b]) await until('the next epoch', () => one.head.epoch > epoch)
    for (const [i, one] of [a, b].entries()) {
      expect(one.verdict(before[i]!).kind).toBe('unsure')
      expect(one.verdict(stranger(before[i]!)).kind).toBe('unsure')
      const since = judgedOf('x', ['t'], one.head)
      expect(one.verdict(since).kind).toBe('clean')
      expect(one.verdict(stranger(since)).kind).toBe('clean')
    }
    expect(a.head.epoch).toBe(b.head.epoch)
    expect(await b.append([{ tag: 't' }], 'hard', 'cluster')).toMatchObject({ seq: 1, applied: 2, unreachable: [] })
    expect(a.verdict(judgedOf('x', ['t'], a.head)).kind).toBe('clean')
  })

  it('is noticed where events were dropped before they were read, in the same epoch', async () => {
    const { log, namespace, events } = cluster()
    const a = log('a')
    await settled(redis, namespace, a)
    await a.append([{ tag: '1' }], 'hard', 'local')
    const before = judgedOf('x', ['t'], a.head)
    const { epoch } = a.head
    // as if a had been away: two more events, of which the first is gone already
    await call('XADD', events, '2-0', 'w', 'x', 'b', 'b2', 'm', 'hard', 's', '[{"tag":"t"}]')
    await call('XADD', events, '3-0', 'w', 'x', 'b', 'b3', 'm', 'hard', 's', '[{"tag":"u"}]')
    await call('XTRIM', events, 'MINID', '3-0')
    await call('HSET', keysOf(namespace).meta, 'seq', 3)
    await until('it went on', () => a.head.seq === 3)
    expect(a.head.epoch).toBe(epoch)
    expect(a.verdict(before).kind).toBe('unsure')
    expect(a.verdict(stranger(before)).kind).toBe('unsure')
    expect(a.details().gaps).toBe(1)
  })

  it.each([
    ['is missing', async (events: string) => { await call('XADD', events, '3-0', 'w', 'x', 'b', 'b3', 'm', 'hard', 's', '["all"]') }],
    ['cannot be read', async (events: string) => {
      await call('XADD', events, '2-0', 'w', 'x', 'b', 'b2', 'm', 'hard', 's', '{"tag":1}')
      await call('XADD', events, '3-0', 'w', 'x', 'b', 'b3', 'm', 'hard', 's', '["all"]')
    }]
  ])('is noticed where an event in between %s', async (_, damage) => {
    const { log, namespace, events, meta } = cluster()
    const a = log('a')
    await settled(redis, namespace, a)
    await a.append([{ tag: '1' }], 'hard', 'local')
    const before = judgedOf('x', ['t'], a.head)
    await damage(events)
    await call('HSET', meta, 'seq', 3)
    await until('it went on', () => a.head.seq === 3 || a.details().gaps > 0)
    expect(a.verdict(before).kind).toBe('unsure')
  })
})

describe('the stream', () => {
  it('is replayed whole before a process has joined, page by page, and judges what others stored', async () => {
    const { log, namespace } = cluster()
    const a = log('a')
    await settled(redis, namespace, a)
    const before = stranger(judgedOf('x', ['t7'], a.head))
    await Promise.all(Array.from({ length: 1_200 }, (_, i) => a.append([{ tag: `t${i}` }], 'hard', 'local')))
    const late = log('late')
    const own = judgedOf('x', [], late.head)
    await until('joined', () => late.joined)
    expect(late.head.seq).toBe(1_200)
    expect(late.verdict(before).kind).toBe('hard')
    expect(late.verdict({ ...before, tags: ['other'] }).kind).toBe('clean')
    expect(late.verdict(own).kind).toBe('unsure')
    expect(late.details().gaps).toBe(0)
  })

  it('is bounded, and what is older than it is unsure to who comes late', async () => {
    const { log, namespace, events } = cluster({ events: 100 })
    const a = log('a')
    await settled(redis, namespace, a)
    const before = stranger(judgedOf('x', ['none'], a.head))
    for (let i = 0; i < 500; i++) await a.append([{ tag: `t${i}` }], 'hard', 'local')
    expect(await call('XLEN', events)).toBeLessThan(400)
    const late = log('late')
    await until('joined', () => late.joined)
    expect(late.verdict(before).kind).toBe('unsure')
    expect(a.verdict(before).kind).toBe('clean')
    expect(late.verdict(stranger(judgedOf('x', ['t'], late.head))).kind).toBe('clean')
  })
})

describe('a Redis that does not write', () => {
  it('makes a purge fail, which is applied here all the same', async () => {
    const { log, namespace } = cluster()
    const a = log('a')
    await settled(redis, namespace, a)
    const record = judgedOf('x', ['t'], a.head)
    await call('REPLICAOF', '127.0.0.1', 1)
    onTestFinished(async () => { await call('REPLICAOF', 'NO', 'ONE') })
    await expect(a.append([{ tag: 't' }], 'hard', 'cluster')).rejects.toBeInstanceOf(RedisFailure)
    expect(a.verdict(record).kind).toBe('hard')
  })

  it('is waited for no longer than its deadline, and makes contact end', async () => {
    const { log, namespace } = cluster({ maxLag: 100, deadline: 100 })
    const a = log('a')
    await settled(redis, namespace, a)
    redis.signal('SIGSTOP')
    onTestFinished(() => { redis.signal('SIGCONT') })
    await expect(a.append([{ tag: 't' }], 'hard', 'cluster')).rejects.toMatchObject({ fault: 'timeout' })
    await a.appendWrite([{ tag: 'w' }])
    await until('contact is lost', () => a.trusted(-Infinity) === 'no')
    expect(a.trusted(performance.now())).toBe('yes')
    redis.signal('SIGCONT')
    await until('contact is regained', () => a.trusted(-Infinity) === 'yes')
    await until('what was written meanwhile is told', () => a.details().unsent === 0)
  })
})

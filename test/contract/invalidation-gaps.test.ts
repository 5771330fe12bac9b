/** Whatever Redis loses of the shared log, nothing stored before counts as clean afterwards, and the log goes on. */
import { expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { RedisFailure } from '../../src/redis/failure.js'
import { until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { logCluster, type LogCluster } from '../support/log-redis.js'
import { judgedOf, stranger } from '../support/records.js'
import { describeWithRedis } from '../support/redis.js'

const LAG = 1_000

describeWithRedis('a gap', () => {
  const event = (seq: number, scopes: string, batch = `other-${seq}`): string[] => [`${seq}-0`, 'w', 'x', 'b', batch, 'm', 'hard', 's', scopes]
  const faults: [string, (cluster: LogCluster & { readonly epoch: number }) => unknown][] = [
    ['everything is lost', ({ redis }) => redis.cli('FLUSHALL')],
    ['the stream is lost', ({ redis, events }) => redis.cli('DEL', events)],
    ['the hash is lost', ({ redis, meta }) => redis.cli('DEL', meta)],
    ['the counter is an older one', ({ redis, meta }) => redis.cli('HINCRBY', meta, 'seq', '-1')],
    ['both are older ones', ({ redis, meta, events }) => redis.cli('EVAL', "redis.call('XDEL', KEYS[2], '3-0') redis.call('HSET', KEYS[1], 'seq', 2)", '2', meta, events)],
    ['the same position has another event now', ({ redis, meta, events }) => redis.cli('EVAL',
      "redis.call('DEL', KEYS[2]) for i = 1, 4 do redis.call('XADD', KEYS[2], i .. '-0', 'w', 'x', 'b', 'other', 'm', 'hard', 's', '[]') end redis.call('HSET', KEYS[1], 'seq', 4)",
      '2', meta, events)],
    ['another server answers', ({ rewrite }) => { rewrite('run', 'another') }],
    ['the beginning is another', ({ redis, meta }) => redis.cli('HSET', meta, 'began', '1')],
    ['the epoch is an older one', ({ rewrite, epoch }) => { rewrite('epoch', String(epoch - 5)) }],
    ['the stream has an entry that is not ours', ({ redis, events }) => redis.cli('XADD', events, '*', 'foo', 'bar')],
    ['it restarts empty', ({ redis }) => redis.restart()],
    ['the hash is a string', ({ redis, meta }) => redis.cli('SET', meta, 'x')],
    ['the stream is a list', ({ redis, events }) => redis.cli('EVAL', "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'x')", '1', events)],
    ['nothing was purged and the stream is a string', ({ redis, meta, events }) => redis.cli('EVAL', "redis.call('SET', KEYS[2], 'x') redis.call('HSET', KEYS[1], 'seq', 0)", '2', meta, events)],
    ['both are something else', ({ redis, meta, events }) => redis.cli('MSET', meta, 'x', events, 'y')],
    ['the epoch is the greatest there is', ({ redis, meta }) => redis.cli('HSET', meta, 'epoch', '9007199254740991')],
    ['the epoch is greater than any', ({ redis, meta }) => redis.cli('HSET', meta, 'epoch', '1e300')],
    ['the epoch is a word', ({ redis, meta }) => redis.cli('HSET', meta, 'epoch', 'inf')],
    ['the position is a word', ({ redis, meta }) => redis.cli('HSET', meta, 'seq', 'three')],
    ['the position is below all', ({ redis, meta, events }) => redis.cli('EVAL', "redis.call('DEL', KEYS[2]) redis.call('HSET', KEYS[1], 'seq', -1)", '2', meta, events)],
    ['the position is greater than any', ({ redis, meta, events }) => redis.cli('EVAL',
      "redis.call('XADD', KEYS[2], '9007199254740993-0', 'a', 'b') redis.call('HSET', KEYS[1], 'seq', '9007199254740993')", '2', meta, events)],
    ['the beginning is a word', ({ redis, meta }) => redis.cli('HSET', meta, 'began', 'nan')],
    ['the beginning is later than any', ({ redis, meta }) => redis.cli('HSET', meta, 'began', '1e300')]
  ]

  it.each(faults)('is noticed where %s', async (_, fault) => {
    const cluster = await logCluster()
    const [a, b] = [cluster.join('a'), cluster.join('b')]
    await cluster.settle(a, b)
    for (const tag of ['1', '2', '3']) await a.append([{ tag }], 'hard', 'cluster')
    await until('b applied', () => b.head.seq === 3)
    const before = [a, b].map(one => judgedOf('x', ['t'], one.head))
    const { epoch } = a.head
    expect([a, b].map((one, i) => one.verdict(before[i]!).kind)).toEqual(['clean', 'clean'])
    await fault({ ...cluster, epoch })
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

  it.each<[string, (events: LogCluster['events'], cli: (...args: string[]) => string) => void]>([
    ['was dropped before it was read', (events, cli) => {
      cli('XADD', events, ...event(2, '[{"tag":"t"}]'))
      cli('XADD', events, ...event(3, '[{"tag":"u"}]'))
      cli('XTRIM', events, 'MINID', '3-0')
    }],
    ['is missing', (events, cli) => { cli('XADD', events, ...event(3, '["all"]')) }],
    ['cannot be read', (events, cli) => {
      cli('XADD', events, ...event(2, '{"tag":1}'))
      cli('XADD', events, ...event(3, '[{"tag":"u"}]'))
    }]
  ])('is noticed where an event %s, in the same epoch', async (_, damage) => {
    const { redis, events, meta, join, settle } = await logCluster()
    const a = join('a')
    await settle(a)
    await a.append([{ tag: '1' }], 'hard', 'local')
    const before = judgedOf('x', ['t'], a.head)
    const { epoch } = a.head
    // carried out as one, as what happened while this process was away
    const queued: string[][] = []
    damage(events, (...args) => { queued.push(args); return '' })
    queued.push(['HSET', meta, 'seq', '3'])
    redis.cli('EVAL', 'for _, one in ipairs(cjson.decode(ARGV[1])) do redis.call(unpack(one)) end', '0', JSON.stringify(queued))
    await until('it went on', () => a.head.seq === 3)
    expect(a.head.epoch).toBe(epoch)
    expect(a.verdict(before).kind).toBe('unsure')
    expect(a.verdict(stranger(before)).kind).toBe('unsure')
    expect(a.details().gaps).toBe(1)
  })
})

describeWithRedis('the stream', () => {
  it('is replayed whole before a process has joined, page by page, and judges what others stored', async () => {
    const { join, settle } = await logCluster()
    const a = join('a')
    await settle(a)
    const before = stranger(judgedOf('x', ['t7'], a.head))
    await Promise.all(Array.from({ length: 1_200 }, (_, i) => a.append([{ tag: `t${i}` }], 'hard', 'local')))
    const late = join('late')
    const own = judgedOf('x', [], late.head)
    await until('joined', () => late.joined)
    expect(late.head.seq).toBe(1_200)
    expect(late.verdict(before).kind).toBe('hard')
    expect(late.verdict({ ...before, tags: ['other'] }).kind).toBe('clean')
    expect(late.verdict(own).kind).toBe('unsure')
    expect(late.details().gaps).toBe(0)
  })

  it('is bounded, and what is older than it is unsure to who comes late', async () => {
    const { redis, join, settle, events } = await logCluster({ events: 100 })
    const a = join('a')
    await settle(a)
    const before = stranger(judgedOf('x', ['none'], a.head))
    for (let i = 0; i < 500; i++) await a.append([{ tag: `t${i}` }], 'hard', 'local')
    expect(Number(redis.cli('XLEN', events))).toBeLessThan(400)
    const late = join('late')
    await until('joined', () => late.joined)
    expect(late.verdict(before).kind).toBe('unsure')
    expect(a.verdict(before).kind).toBe('clean')
    expect(late.verdict(stranger(judgedOf('x', ['t'], late.head))).kind).toBe('clean')
  })
})

describeWithRedis('a Redis with less memory than it takes for itself', () => {
  it('evicts the log at once, which is begun anew only after a while, and not by a purge', async () => {
    const clock = manualClock()
    // what is measured is wound by hand; what is waited for comes by itself
    const { redis, join, settle } = await logCluster({ maxLag: LAG, clock: { ...clock, after: systemClock.after } })
    const a = join('a')
    await settle(a)
    const { epochs } = a.follower
    redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    redis.cli('CONFIG', 'SET', 'maxmemory', '1')
    await until('it is lost again and again', () => epochs.fleeting)
    for (let times = 0; times < 8; times++) {
      const { count } = epochs
      for (let polls = 0; polls < 20; polls++) await a.follower.poll()
      await expect(a.append([{ tag: 't' }], 'hard', 'cluster')).rejects.toMatchObject({ fault: 'lost' })
      expect(epochs.count).toBe(count)
      clock.advance(LAG)
      await until('another begins', () => epochs.count > count)
    }
    redis.cli('CONFIG', 'SET', 'maxmemory', '0')
    clock.advance(LAG)
    const { count } = epochs
    await until('another begins', () => epochs.count > count)
    expect(await a.append([{ tag: 't' }], 'hard', 'local')).toEqual({ seq: 1, applied: 1, unreachable: [] })
    clock.advance(2 * LAG)
    await until('it lasts', () => !epochs.fleeting)
    expect(epochs.count).toBe(count + 1)
  })
})

describeWithRedis('a Redis that does not write', () => {
  it('makes a purge fail, which is applied here all the same', async () => {
    const { redis, join, settle } = await logCluster()
    const a = join('a')
    await settle(a)
    const record = judgedOf('x', ['t'], a.head)
    redis.cli('REPLICAOF', '127.0.0.1', '1')
    await expect(a.append([{ tag: 't' }], 'hard', 'cluster')).rejects.toBeInstanceOf(RedisFailure)
    expect(a.verdict(record).kind).toBe('hard')
  })

  it('is waited for no longer than its deadline, and makes contact end', async () => {
    const { redis, join, settle } = await logCluster({ maxLag: 100, deadline: 100 })
    const a = join('a')
    await settle(a)
    redis.pause()
    await expect(a.append([{ tag: 't' }], 'hard', 'cluster')).rejects.toMatchObject({ fault: 'timeout' })
    await a.appendWrite([{ tag: 'w' }])
    await until('contact is lost', () => a.trusted(-Infinity) === 'no')
    expect(a.trusted(performance.now())).toBe('yes')
    redis.resume()
    await until('contact is regained', () => a.trusted(-Infinity) === 'yes')
    await until('what was written meanwhile is told', () => a.details().unsent === 0)
  })
})

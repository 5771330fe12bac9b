/** Whatever somebody writes under the keys of the shared log: nothing is believed that no script wrote, and the log goes on. */
import { expect, it } from 'vitest'
import { RedisFailure } from '../../src/redis/failure.js'
import { until } from '../support/barrier.js'
import { logCluster } from '../support/log-redis.js'
import { judgedOf, stranger } from '../support/records.js'
import { describeWithRedis } from '../support/redis.js'

const ACKNOWLEDGED = { seq: 1, applied: 1, unreachable: [] }

describeWithRedis('an epoch written by hand', () => {
  it('is nobody\'s, though it was one before: what was stored under it is not believed by who comes later', async () => {
    const { redis, meta, join, settle } = await logCluster()
    const a = join('a')
    await settle(a)
    const { epoch } = a.head
    const before = stranger(judgedOf('x', ['t'], a.head))
    await a.append([{ tag: 't' }], 'hard', 'cluster')
    redis.cli('FLUSHALL')
    await until('the next epoch', () => a.head.epoch > epoch)
    await a.close()
    redis.cli('HSET', meta, 'epoch', String(epoch))
    const late = join('late')
    await until('joined', () => late.joined)
    expect(late.head.epoch).not.toBe(epoch)
    expect(late.verdict(before).kind).toBe('unsure')
  })

  it.each(['9007199254740991', '9007199254740990', '4503599627370496'])('is followed by nobody, so that there is always a greater one: %s', async epoch => {
    const { redis, meta, join, settle } = await logCluster()
    const a = join('a')
    await settle(a)
    redis.cli('HSET', meta, 'epoch', epoch)
    await until('it was replaced', () => redis.cli('HGET', meta, 'epoch') !== epoch)
    expect(await a.append([{ tag: 't' }], 'hard', 'local')).toEqual(ACKNOWLEDGED)
    const { epoch: second } = a.head
    redis.cli('FLUSHALL')
    await until('a greater epoch', () => a.head.epoch > second)
    expect(await a.append([{ tag: 't' }], 'hard', 'cluster')).toEqual(ACKNOWLEDGED)
  })

  it('ends with the log, and not with the list of those who follow it', async () => {
    const { redis, meta, join, settle, members } = await logCluster()
    const a = join('a')
    await settle(a)
    const { epoch } = a.head
    redis.cli('HSET', meta, 'm:cut off', `${epoch}:0:0`, 'other', 'x', 'epoch', 'none')
    await until('the next epoch', () => a.head.epoch > epoch)
    expect([members(), redis.cli('HEXISTS', meta, 'other')]).toEqual([['a', 'cut off'], '0'])
    await settle(a)
    expect(await a.append([{ tag: 't' }], 'hard', 'cluster')).toEqual({ seq: 1, applied: 1, unreachable: ['cut off'] })
  })
})

describeWithRedis('a stream written by hand', () => {
  it.each(['99-0', '18446744073709551615-18446744073709551615'])('takes the next purge, though %s was in it and is gone', async id => {
    const { redis, events, join, settle } = await logCluster()
    const [a, b] = [join('a'), join('b')]
    await settle(a, b)
    await a.append([{ tag: '1' }], 'hard', 'cluster')
    const { epoch } = a.head
    const before = [a, b].map(log => judgedOf('x', ['t'], log.head))
    redis.cli('EVAL', "redis.call('XADD', KEYS[1], ARGV[1], 'foo', 'bar') redis.call('XDEL', KEYS[1], ARGV[1])", '1', events, id)
    expect(await a.append([{ tag: 'u' }], 'hard', 'local')).toEqual(ACKNOWLEDGED)
    for (const log of [a, b]) await until('the next epoch', () => log.head.epoch > epoch && log.head.seq === 1)
    for (const [i, log] of [a, b].entries()) expect(log.verdict(before[i]!).kind).toBe('unsure')
    await settle(a, b)
    expect(await b.append([{ tag: 'v' }], 'hard', 'cluster')).toEqual({ seq: 2, applied: 2, unreachable: [] })
  })

  it('is read as far as it can be, though it begins with an entry between two positions', async () => {
    const { redis, events, meta, join, settle } = await logCluster()
    const a = join('a')
    await settle(a)
    redis.cli('EVAL', `redis.call('XADD', KEYS[2], '0-7', 'foo', 'bar') redis.call('XADD', KEYS[2], '1-0', 'w', 'x', 'b', 'c', 'm', 'hard', 's', '["all"]')
      redis.call('HSET', KEYS[1], 'seq', 1)`, '2', meta, events)
    await until('it is applied', () => a.head.seq === 1)
    const before = stranger(judgedOf('x', ['t'], { ...a.head, seq: 0 }))
    const late = join('late')
    await until('joined', () => late.joined)
    for (const log of [a, late]) expect(log.verdict(before).kind).not.toBe('clean')
    await settle(a, late)
    expect(await late.append([{ tag: 't' }], 'hard', 'cluster')).toEqual({ seq: 2, applied: 2, unreachable: [] })
  })
})

describeWithRedis('a log that may not be touched', () => {
  it.each(['xrevrange', 'hmget', 'xadd'])('is not lost: nothing of it is replaced (%s)', async command => {
    const { redis, join, settle } = await logCluster()
    const a = join('a')
    await settle(a)
    const { epoch } = a.head
    redis.cli('ACL', 'SETUSER', 'default', `-${command}`)
    await expect(a.append([{ tag: 't' }], 'hard', 'local')).rejects.toBeInstanceOf(RedisFailure)
    redis.cli('ACL', 'SETUSER', 'default', '+@all')
    expect(await a.append([{ tag: 't' }], 'hard', 'local')).toEqual(ACKNOWLEDGED)
    expect(a.head.epoch).toBe(epoch)
  })
})

describeWithRedis('what is written for a member by hand', () => {
  it.each<[string, (epoch: number) => string]>([
    ['nonsense', () => 'nonsense'],
    ['too little', epoch => `${epoch}`],
    ['a later epoch', () => '9007199254740991:0:0'],
    ['a later position', epoch => `${epoch}:99:0`]
  ])('does not make it one that has applied a purge: %s', async (_, beat) => {
    const { redis, meta, join, settle } = await logCluster()
    const a = join('a')
    await settle(a)
    redis.cli('HSET', meta, 'm:cut off', beat(a.head.epoch))
    await a.follower.poll()
    expect(await a.append([{ tag: 't' }], 'hard', 'cluster')).toEqual({ seq: 1, applied: 1, unreachable: ['cut off'] })
  })

  it('is what that process says again itself', async () => {
    const { redis, meta, join, settle } = await logCluster()
    const [a, b] = [join('a'), join('b')]
    await settle(a, b)
    redis.cli('HSET', meta, 'm:b', 'nonsense')
    await b.follower.poll()
    expect(await a.append([{ tag: 't' }], 'hard', 'cluster')).toEqual({ seq: 1, applied: 2, unreachable: [] })
  })
})

/** Who is waited for when a purge is to be everywhere, over a real Redis. */
import { expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { logCluster } from '../support/log-redis.js'
import { judgedOf } from '../support/records.js'
import { describeWithRedis } from '../support/redis.js'

const LAG = 1_000

async function cluster (...ids: string[]) {
  const base = await logCluster({ maxLag: LAG })
  const { redis, meta } = base
  const logs = ids.map(id => base.join(id))
  await base.settle(...logs)
  /** A member that is not there. */
  const ghost = (id: string): unknown => redis.cli('HSET', meta, `m:${id}`, '0:0:0')
  return { ...base, logs, ghost }
}

/** How long something took, and what came of it. */
async function timed<T> (work: Promise<T>): Promise<readonly [T, number]> {
  const from = performance.now()
  return [await work, performance.now() - from]
}

describeWithRedis('a purge', () => {
  it('is acknowledged when every process has applied it', async () => {
    const { logs: [a, b, c] } = await cluster('a', 'b', 'c')
    const records = [a, b, c].map(log => judgedOf('x', ['t'], log!.head))
    const ack = await a!.append([{ tag: 't' }], 'hard', 'cluster')
    expect(ack).toEqual({ seq: 1, applied: 3, unreachable: [] })
    for (const [i, log] of [a, b, c].entries()) expect(log!.verdict(records[i]!).kind).toBe('hard')
  })

  it('is acknowledged by two processes in a few round trips, as printed', async () => {
    const { logs: [a] } = await cluster('a', 'b')
    const typical = async (work: () => Promise<unknown>): Promise<string> => {
      const took: number[] = []
      for (let i = 0; i < 101; i++) took.push((await timed(work()))[1])
      return `${took.sort((x, y) => x - y)[50]!.toFixed(2)} ms`
    }
    const trip = await typical(() => a!.follower.poll())
    const purge = await typical(() => a!.append([{ tag: 't' }], 'hard', 'cluster'))
    console.log(`a round trip to the log: ${trip}; a purge of two processes: ${purge} (medians)`)
  })

  it('is waited for as long as the lease where a process does not hear, which is named', async () => {
    const { logs: [a], ghost } = await cluster('a', 'b')
    ghost('vanished')
    const [ack, took] = await timed(a!.append(['all'], 'hard', 'cluster'))
    expect(ack).toEqual({ seq: 1, applied: 2, unreachable: ['vanished'] })
    expect(took).toBeGreaterThan(LAG)
    expect(a!.details()).toMatchObject({ joined: true, members: 3, unreachable: ['vanished'] })
  })

  it('is waited for by nobody with `local`', async () => {
    const { logs: [a], ghost } = await cluster('a')
    ghost('vanished')
    await a!.follower.poll()
    expect(await a!.append(['all'], 'hard', 'local')).toEqual({ seq: 1, applied: 1, unreachable: [] })
  })

  it('is waited for as long as the lease while the epoch is young', async () => {
    const { logs: [a], redis, meta } = await cluster('a')
    redis.cli('DEL', meta)
    await a!.follower.poll()
    const [ack, took] = await timed(a!.append(['all'], 'hard', 'cluster'))
    expect(ack.unreachable).toEqual([])
    expect(took).toBeGreaterThan(LAG)
  })
})

describeWithRedis('members', () => {
  it('leave when they close, and are not waited for', async () => {
    const { logs: [a, b], members } = await cluster('a', 'b')
    await b!.close()
    expect(members()).toEqual(['a'])
    expect(await a!.append(['all'], 'hard', 'cluster')).toMatchObject({ applied: 1, unreachable: [] })
    await a!.follower.poll()
    expect(a!.details().members).toBe(1)
  })

  it('that were known are listed again when the list was lost, and waited for', async () => {
    const { logs: [a, b], redis, ghost, meta, members, settle } = await cluster('a', 'b')
    ghost('vanished')
    for (const log of [a!, b!]) await until('it was heard of', () => log.details().unreachable.length === 1)
    redis.cli('DEL', meta)
    await until('it is listed again', () => members().includes('vanished'))
    await settle(a!, b!)
    expect(await a!.append(['all'], 'hard', 'cluster')).toMatchObject({ applied: 2, unreachable: ['vanished'] })
  })

  it('make themselves known before they have joined', async () => {
    const { logs: [a], join } = await cluster('a')
    const b = join('b')
    await until('joined', () => b.joined)
    expect(await a!.append(['all'], 'hard', 'cluster')).toMatchObject({ applied: 2 })
  })
})

describeWithRedis('what writes invalidate', () => {
  it('is told to others, in few events, and is not counted twice here', async () => {
    const { logs: [a, b] } = await cluster('a', 'b')
    const record = judgedOf('w1', [], b!.head)
    await Promise.all(Array.from({ length: 100 }, (_, i) => a!.appendWrite([{ url: judgedOf(`w${i % 5}`, [], a!.head).url }])))
    const after = judgedOf('w1', [], a!.head)
    await until('b has heard', () => b!.verdict(record).kind === 'hard')
    expect(a!.head.seq).toBeLessThan(10)
    await until('a has heard', () => a!.details().lag === 0)
    expect(a!.verdict(after).kind).toBe('clean')
  })

  it('waits while Redis is away, and is told when it is back', async () => {
    const { logs: [a, b], redis } = await cluster('a', 'b')
    const record = judgedOf('w', [], b!.head)
    redis.cli('REPLICAOF', '127.0.0.1', '1')
    await a!.appendWrite([{ url: record.url }, { url: judgedOf('v', [], a!.head).url }])
    await a!.appendWrite([{ url: record.url }])
    expect(a!.details().unsent).toBeGreaterThan(1)
    expect(b!.verdict(record).kind).toBe('clean')
    redis.cli('REPLICAOF', 'NO', 'ONE')
    await until('told', () => b!.verdict(record).kind === 'hard' && a!.details().unsent === 0)
  })
})

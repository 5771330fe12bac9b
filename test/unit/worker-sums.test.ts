/** What several workers count, added up. */
import { expect, it } from 'vitest'
import { Sums, type Report } from '../../src/app/sums.js'
import { Counters } from '../../src/core/counters.js'
import { silentLogger } from '../../src/core/logger.js'
import type { OriginStats } from '../../src/origin/contract.js'
import { RedisCounters } from '../../src/redis/counters.js'
import type { Channel } from '../../src/workers/channel.js'

const ORIGIN: OriginStats = { breaker: 'open', addresses: 2, healthy: 1, active: 3, queued: 4, rejected: { busy: 5, unavailable: 6 } }

/** `requests` of them hits; two connections are open. */
function report (requests: number): Report {
  const [counters, redis] = [new Counters(), new RedisCounters()]
  counters.requests.hit = counters.hitTime.counts[0] = redis.hits = requests
  counters.connectionsOpen = counters.fillsInFlight = 2
  counters.count(counters.originErrors, 'o origin_reset')
  return structuredClone({ counters: { ...counters } as Counters, store: { entries: 7, records: 1, bytes: 700, limit: 1_000, evictions: 8, refusals: 9 }, origins: { o: ORIGIN }, redis: { ...redis } as RedisCounters })
}

/** Collects what these workers answer: undefined does not. */
async function collect (sums: Sums, answers: Readonly<Record<string, Report | undefined>>): Promise<void> {
  const workers = new Map(Object.entries(answers).map(([id, answer]): [string, Pick<Channel, 'ask'>] => [id, {
    async ask<Answer> () {
      if (answer === undefined) throw new Error('no answer')
      return answer as Answer
    }
  }]))
  await sums.collect(workers, 1_000, silentLogger)
}

const told = ({ counters, store, redis }: Sums): unknown[] =>
  [counters.requests.hit, counters.hitTime.counts[0], counters.originErrors.get('o origin_reset'), redis.hits, counters.connectionsOpen, store.entries, store.evictions]

it('who does not answer counts as it last did', async () => {
  const sums = new Sums()
  sums.own.purges = 3
  await collect(sums, { a: report(10), b: report(1) })
  expect(told(sums)).toEqual([11, 11, 2, 11, 4, 14, 16])
  await collect(sums, { a: report(11), b: undefined })
  expect(told(sums)).toEqual([12, 12, 2, 12, 4, 14, 16])
  expect(sums.counters.purges).toBe(3)
})

it('of who has ended the counts stay, what it had does not', async () => {
  const sums = new Sums()
  await collect(sums, { a: report(10), b: report(1) })
  sums.ended('a')
  sums.ended('a')
  sums.ended('one that never answered')
  await collect(sums, { b: report(1), c: report(0) })
  expect(told(sums)).toEqual([11, 11, 3, 11, 4, 14, 24])
  expect(sums.origins['o']).toEqual({ ...ORIGIN, active: 6, queued: 8, rejected: { busy: 15, unavailable: 18 } })
  sums.ended('b')
  sums.ended('c')
  await collect(sums, {})
  expect(told(sums)).toEqual([11, 11, 3, 11, 0, 0, 24])
  expect(sums.origins['o']).toEqual({ breaker: 'closed', addresses: 2, healthy: 2, active: 0, queued: 0, rejected: { busy: 15, unavailable: 18 } })
})

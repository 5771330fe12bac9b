/** Whatever happens to Redis, and in whatever order: nothing purged is used anywhere once its purge was acknowledged. */
import { expect, it } from 'vitest'
import type { Judged, Scope } from '../../src/core/types.js'
import type { ClusterLog } from '../../src/invalidation/shared-log.js'
import { until } from '../support/barrier.js'
import { chance, type Chance } from '../support/chance.js'
import { logCluster, RESEALED, type LogCluster } from '../support/log-redis.js'
import { judgedOf } from '../support/records.js'
import { describeWithRedis } from '../support/redis.js'

const LAG = 100
const DURATION = 8_000
const TAGS = ['a', 'b', 'c', 'd']
/** Of each process; the oldest go. */
const KEPT = 40

interface Held { readonly judged: Judged, readonly askedAt: number }

/** A process: what it stored itself, and what it took from the shared store. */
class Holder {
  readonly log: ClusterLog
  readonly own: Held[] = []
  readonly taken: Held[] = []

  constructor (log: ClusterLog) {
    this.log = log
  }

  fill (tag: string): void {
    const askedAt = performance.now()
    keep(this.own, { judged: judgedOf('x', [tag], this.log.head), askedAt })
  }

  take ({ judged: { url, tags, filledAt: { epoch, seq } }, askedAt }: Held): void {
    keep(this.taken, { judged: { url, tags, filledAt: { epoch, seq }, checkedAt: undefined }, askedAt })
  }

  /** Of these, what would be used unasked. */
  used (held: readonly Held[]): Held[] {
    return held.filter(({ judged, askedAt }) => this.log.verdict(judged).kind === 'clean' && this.log.trusted(askedAt) !== 'no')
  }
}

function keep (held: Held[], one: Held): void {
  held.push(one)
  if (held.length > KEPT) held.shift()
}

type Fault = (cluster: LogCluster, random: Chance, logs: readonly ClusterLog[]) => unknown
const lostContact = (logs: readonly ClusterLog[]) => until('contact is lost', () => logs.every(log => log.trusted(-Infinity) === 'no'))

/** All but the newest event, as another server that was not told of it has them. */
const OLDER_COPY = `${RESEALED}
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq') or 0)
if seq == 0 then return end
local kept = redis.call('XRANGE', KEYS[2], '-', '(' .. seq .. '-0')
redis.call('DEL', KEYS[2])
for _, entry in ipairs(kept) do redis.call('XADD', KEYS[2], entry[1], unpack(entry[2])) end
redis.call('HSET', KEYS[1], 'seq', seq - 1, 'run', 'other')
reseal(KEYS[1])`

const FIELDS = ['epoch', 'seq', 'run', 'began', 'seal', 'm:a', 'm:b', 'm:c']
const NONSENSE = ['', '0', '1', '-1', '7', '1.5', 'nan', 'inf', '1e300', '9007199254740991', '9007199254740991:0:0', '18446744073709551616', 'x']
/** An entry, which stays or not; where the stream takes none there, nothing. */
const HAND = `
local added = redis.pcall('XADD', KEYS[1], ARGV[1], 'w', 'x', 'b', 'y', 'm', 'hard', 's', '[]')
if type(added) == 'string' and ARGV[2] == '1' then redis.call('XDEL', KEYS[1], added) end`

const FAULTS: Record<string, Fault> = {
  flush: ({ redis }) => redis.cli('FLUSHALL'),
  'no stream': ({ redis, events }) => redis.cli('DEL', events),
  'no hash': ({ redis, meta }) => redis.cli('DEL', meta),
  trim: ({ redis, events }, random) => redis.cli('XTRIM', events, 'MAXLEN', `${random(3)}`),
  restart: ({ redis }) => redis.restart(),
  'other types': ({ redis, meta, events }, random) => redis.cli('SET', random(2) === 0 ? meta : events, 'x'),
  'a hand in the hash': ({ redis, meta }, random) => redis.cli('HSET', meta, FIELDS[random(FIELDS.length)]!, NONSENSE[random(NONSENSE.length)]!),
  'a hand in the stream': ({ redis, events }, random) => redis.cli('EVAL', HAND, '1', events, `${random(100)}-${random(2)}`, `${random(2)}`),
  'no memory': async ({ redis }, random, logs) => {
    redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    redis.cli('CONFIG', 'SET', 'maxmemory', '1')
    const { epochs } = logs[0]!.follower
    const enough = epochs.count + 1 + random(5)
    await until('it was lost', () => epochs.count >= enough)
    redis.cli('CONFIG', 'SET', 'maxmemory', '0')
  },
  'older copy': ({ redis, meta, events }) => redis.cli('EVAL', OLDER_COPY, '2', meta, events),
  'no writes': async ({ redis }, _, logs) => {
    redis.cli('REPLICAOF', '127.0.0.1', '1')
    await lostContact(logs)
    redis.cli('REPLICAOF', 'NO', 'ONE')
  },
  silence: async ({ redis }, _, logs) => {
    redis.pause()
    await lostContact(logs)
    redis.resume()
  },
  'short silence': async ({ redis }, random) => {
    redis.pause()
    const end = performance.now() + random(LAG)
    await until('a while', () => performance.now() > end)
    redis.resume()
  },
  cut: ({ redis }) => redis.cli('CLIENT', 'KILL', 'TYPE', 'normal'),
  // all of them are stopped
  stop: (_, random) => {
    const end = performance.now() + random(2 * LAG)
    while (performance.now() < end) continue
  }
}

describeWithRedis('any faults', () => {
  it('are a gap or an error, never a purge that is missed', async () => {
    const seed = Number(process.env['SEAWALL_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    const random = chance(seed)
    const cluster = await logCluster({ maxLag: LAG, deadline: 200 })
    const holders = ['a', 'b', 'c'].map(id => new Holder(cluster.join(id)))
    await cluster.settle(...holders.map(({ log }) => log))
    const end = performance.now() + DURATION
    const count = { acknowledged: 0, refused: 0, usable: 0 }
    const faults: Record<string, number> = {}

    async function purging (): Promise<void> {
      while (performance.now() < end) {
        for (const holder of holders) for (const tag of TAGS) if (random(3) === 0) holder.fill(tag)
        for (const holder of holders) for (const held of holders[random(3)]!.own.slice(-2)) holder.take(held)
        const tag = TAGS[random(4)]!
        const before = holders.map(({ own, taken }) => [...own, ...taken].filter(({ judged }) => judged.tags.includes(tag)))
        const scope: Scope = random(4) === 0 ? 'all' : { tag }
        count.usable += holders.reduce((sum, holder, i) => sum + holder.used(before[i]!).length, 0)
        const done = await holders[random(3)]!.log.append([scope], 'hard', 'cluster').then(() => true, () => false)
        count[done ? 'acknowledged' : 'refused']++
        const wrong = done ? holders.flatMap((holder, i) => holder.used(before[i]!)) : []
        expect(wrong, `SEAWALL_SEED=${seed}, after ${JSON.stringify(faults)}`).toEqual([])
        await new Promise(resolve => { setImmediate(resolve) })
      }
    }

    async function failing (): Promise<void> {
      const names = Object.keys(FAULTS)
      while (performance.now() < end) {
        const name = names[random(names.length)]!
        faults[name] = (faults[name] ?? 0) + 1
        await FAULTS[name]!(cluster, random, holders.map(({ log }) => log))
        const seen = count.acknowledged + random(6)
        await until('purges go on', () => count.acknowledged >= seen || performance.now() > end)
      }
    }

    await Promise.all([purging(), failing()])
    console.log(`faults of redis, seed ${seed}:`, JSON.stringify({ ...count, faults }))
    expect(count.acknowledged).toBeGreaterThan(5)
    expect(count.usable).toBeGreaterThan(10)
  })
})

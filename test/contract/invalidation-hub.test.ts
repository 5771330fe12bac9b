/** The log that worker processes share through the one that began them keeps the contract, and what it promises beside it. */
import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/core/logger.js'
import type { LogBackend, LogRequest } from '../../src/invalidation/backend.js'
import { LogHub } from '../../src/invalidation/hub.js'
import { createSharedLog, type SharedLog } from '../../src/invalidation/shared-log.js'
import { turn } from '../../src/server/turn.js'
import { barrier, until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { judgedOf, keyOf } from '../support/records.js'
import { logContract } from './invalidation-log.js'

const EPOCH = 2 ** 48
const request = (seq: number, epoch = EPOCH): LogRequest => ({ epoch, seq, last: '', restore: [], forget: [], begin: false })
const event = (tag: string) => ({ batch: tag, mode: 'hard' as const, scopes: [{ tag }] })

function hub () {
  const clock = manualClock()
  const made = new LogHub(clock, EPOCH)
  const join = async (id: string): Promise<SharedLog> => {
    const log = createSharedLog({ backend: made.backend(id), clock, maxLag: 1_000, timeout: 50, id, logger: silentLogger })
    log.start()
    await until('joined', () => log.joined)
    return log
  }
  return { clock, hub: made, join }
}

logContract('hub', async () => {
  const { clock, join } = hub()
  return { log: await join('a'), now: clock.now, advance: clock.advance }
})

describe('a hub', () => {
  it('holds a purge in all before it is acknowledged, within milliseconds', async () => {
    const { join, clock } = hub()
    const [a, b] = [await join('a'), await join('b')]
    const record = judgedOf('x', ['t'], b.head)
    let acknowledged: object | undefined
    void a.append([{ tag: 't' }], 'hard', 'cluster').then(answer => { acknowledged = answer })
    const began = clock.now()
    await until('it is acknowledged', () => {
      if (acknowledged === undefined) clock.advance(1)
      return acknowledged !== undefined
    })
    expect(acknowledged).toEqual({ seq: 1, applied: 2, unreachable: [] })
    expect(clock.now() - began).toBeLessThan(1_000)
    expect(b.verdict(record).kind).toBe('hard')
  })

  it('has a write pending for its URL until the position tells of it, not until all have applied it', async () => {
    const { join } = hub()
    const [a, b] = [await join('a'), await join('b')]
    const before = a.head.seq
    const url = keyOf('x')
    void a.appendWrite([{ url }])
    expect([a.pends(url), a.pends(keyOf('y')), a.head.seq]).toEqual([true, false, before])
    await until('it is not pending', () => !a.pends(url))
    expect(a.head.seq).toBe(before + 1)
    await b.catchUp()
    expect(b.head.seq).toBe(before + 1)
  })

  it('catches up with what there is, also where an answer from before is still on its way', async () => {
    const { hub: made, join, clock } = hub()
    const a = await join('a')
    const inner = made.backend('b')
    let way = barrier()
    way.open()
    const slow: LogBackend = {
      ...inner, onWake: undefined,
      poll: async asked => {
        const reply = await inner.poll(asked)
        await way.passed
        return reply
      }
    }
    const b = createSharedLog({ backend: slow, clock, maxLag: 1_000, timeout: 50, id: 'b', logger: silentLogger })
    b.start()
    await until('joined', () => b.joined)
    const { passed, open } = way = barrier()
    const early = b.catchUp()
    await turn()
    await a.append([{ tag: 't' }], 'hard', 'local')
    const late = b.catchUp()
    open()
    await Promise.all([passed, early, late])
    expect(b.head.seq).toBe(a.head.seq)
  })

  it('waits for nobody who has left', async () => {
    const { hub: made, join } = hub()
    const a = await join('a')
    const b = await join('b')
    made.leave('b')
    expect(await a.append([{ tag: 't' }], 'hard', 'cluster')).toMatchObject({ applied: 1, unreachable: [] })
    await b.close()
    await a.close()
    expect(made.poll('c', request(0)).members.map(member => member.id)).toEqual(['c'])
  })

  it('wakes all but the one that appended', () => {
    const { hub: made } = hub()
    const woken: string[] = []
    for (const id of ['a', 'b', 'c']) made.listen(id, () => { woken.push(id) })
    made.append('a', request(0), event('t'))
    expect(woken).toEqual(['b', 'c'])
  })

  it('hands out what came after, in pages, and everything to who knows another epoch', () => {
    const { hub: made } = hub()
    for (let i = 1; i <= 1_500; i++) expect(made.append('a', request(i - 1), event(`t${i}`)).appended).toBe(i)
    expect(made.poll('b', request(1_498))).toMatchObject({ seq: 1_500, after: 1_498, events: [{ seq: 1_499 }, { seq: 1_500 }] })
    const first = made.poll('b', request(7, 1))
    expect([first.after, first.events.length, first.events[0]!.seq]).toEqual([0, 1_000, 1])
  })

  it('remembers a bounded number, and tells who is further behind where it begins', () => {
    const { hub: made } = hub()
    for (let i = 1; i <= 100_001; i++) made.append('a', request(i - 1), event('t'))
    const late = made.poll('b', request(3))
    expect([late.seq, late.after, late.events[0]!.seq]).toEqual([100_001, 50_001, 50_002])
  })

  it('says how long ago each asked', () => {
    const { hub: made, clock } = hub()
    made.poll('a', request(0))
    clock.advance(70)
    expect(made.poll('b', request(0)).members.map(({ id, age }) => [id, age])).toEqual([['a', 70], ['b', 0]])
  })
})

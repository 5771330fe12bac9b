/** The shared log without a network: trust, who is waited for, what writes cost, and what a sweep may forget. */
import { describe, expect, it } from 'vitest'
import type { LogBackend } from '../../src/invalidation/backend.js'
import { ClusterLog } from '../../src/invalidation/shared-log.js'
import { createSweeper } from '../../src/invalidation/sweep.js'
import { silentLogger } from '../../src/core/logger.js'
import type { StoredRecord } from '../../src/core/types.js'
import { until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { LogServer, type Transport } from '../support/log-server.js'
import { judgedOf, keyOf, passOf } from '../support/records.js'

const LAG = 1_000
const HOUR = 3_600_000

function setUp () {
  const clock = manualClock()
  const server = new LogServer(clock)
  const down = new Set<string>()
  const appended: string[] = []
  const join = (id: string): ClusterLog => {
    const transport: Transport = async call => {
      if (down.has(id)) throw new Error('down')
      return call()
    }
    const inner = server.backend(id, transport)
    const backend: LogBackend = {
      ...inner,
      append: (request, event) => {
        appended.push(...event.scopes.map(scope => JSON.stringify(scope)))
        return inner.append(request, event)
      },
      get onWake () { return inner.onWake },
      set onWake (wake) { inner.onWake = wake }
    }
    const log = new ClusterLog({ backend, clock, maxLag: LAG, timeout: 50, id, logger: silentLogger })
    log.start()
    return log
  }
  return { clock, server, down, appended, join }
}

const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

async function joined (log: ClusterLog): Promise<ClusterLog> {
  await until('joined', () => log.joined)
  return log
}

describe('trust', () => {
  it('is whole while the log is reached, and lasts maxLag from when it was asked', async () => {
    const { clock, down, join } = setUp()
    const log = await joined(join('a'))
    down.add('a')
    clock.advance(LAG)
    expect(log.trusted(-Infinity)).toBe('yes')
    clock.advance(1)
    const now = clock.now()
    expect([0, LAG / 2, LAG / 2 + 1, LAG, LAG + 1].map(age => log.trusted(now - age))).toEqual(['yes', 'yes', 'soon', 'soon', 'no'])
  })

  it('ends after an hour of silence, when others no longer wait; not where there was never contact', async () => {
    const { clock, down, join } = setUp()
    const log = await joined(join('a'))
    down.add('a').add('b')
    const never = join('b')
    await turn()
    clock.advance(HOUR + 1)
    expect(log.trusted(clock.now())).toBe('no')
    expect(never.trusted(clock.now())).toBe('yes')
    expect(never.joined).toBe(false)
    down.clear()
    await turn()
    clock.advance(LAG)
    await until('contact', () => log.trusted(-Infinity) === 'yes' && never.joined)
  })

  it('is not given for an answer that leaves more to be read', async () => {
    const { server, join } = setUp()
    const log = await joined(join('a'))
    for (let i = 0; i < 20; i++) await log.append([{ tag: `t${i}` }], 'hard', 'local')
    const late = join('late')
    const heard = late.follower.heard.bind(late.follower)
    const seen: (number | undefined)[] = []
    late.follower.heard = (reply, sentAt) => {
      heard(reply, sentAt)
      if (late.head.seq < 20) seen.push(late.follower.contactAt)
    }
    await joined(late)
    expect(late.head.seq).toBe(20)
    expect(seen.length).toBeGreaterThan(20 / server.page - 2)
    expect(new Set(seen)).toEqual(new Set([undefined]))
  })
})

describe('an answer', () => {
  it('from before an epoch this process has left says nothing', async () => {
    const { clock, server, join } = setUp()
    const log = await joined(join('a'))
    const { epoch } = log.head
    server.flush()
    await log.follower.poll()
    await until('the next epoch', () => log.head.epoch > epoch)
    clock.advance(1)
    const { head } = log
    const { contactAt } = log.follower
    log.follower.heard({ epoch, epochAge: 1, seq: 3, after: 2, events: [], members: [] }, clock.now())
    expect([log.head, log.follower.contactAt]).toEqual([head, contactAt])
  })
})

describe('a purge', () => {
  it('is applied, and said to be applied, by whoever hears of it, before any interval has passed', async () => {
    const { server, join } = setUp()
    const [a, b] = [await joined(join('a')), await joined(join('b'))]
    void a.append(['all'], 'hard', 'local')
    await until('both have said so', () => ['a', 'b'].every(id => server.members.get(id)?.seq === 1))
    expect(b.head.seq).toBe(1)
  })
})

describe('a purge that could not be made durable', () => {
  it('is told so, concerns what is stored here, and nothing others stored', async () => {
    const { down, join } = setUp()
    const log = await joined(join('a'))
    const { epoch, seq } = log.head
    const [own, others] = [judgedOf('x', ['t'], log.head), judgedOf('x', ['t'], { epoch, seq })]
    down.add('a')
    const purge = log.append([{ tag: 't' }], 'hard', 'cluster')
    expect([own, others].map(record => log.verdict(record).kind)).toEqual(['hard', 'hard'])
    await expect(purge).rejects.toThrow('down')
    expect([own, others].map(record => log.verdict(record).kind)).toEqual(['hard', 'clean'])
  })
})

describe('a member that is silent', () => {
  it('is forgotten after an hour, and not before', async () => {
    const { clock, server, down, join } = setUp()
    const a = await joined(join('a'))
    await joined(join('gone'))
    down.add('gone')
    await a.follower.poll()
    clock.advance(HOUR)
    await a.follower.poll()
    await a.follower.poll()
    expect([...server.members.keys()]).toContain('gone')
    clock.advance(LAG + 1)
    await a.follower.poll()
    await a.follower.poll()
    expect([...server.members.keys()]).toEqual(['a'])
    await a.follower.poll()
    expect(await a.append(['all'], 'hard', 'cluster')).toEqual({ seq: 1, applied: 1, unreachable: [] })
  })
})

describe('what writes invalidate', () => {
  const url = (name: string) => ({ url: keyOf(name) })

  it('goes out one append at a time, 10 ms apart, equal scopes once', async () => {
    const { clock, server, appended, join } = setUp()
    const log = await joined(join('a'))
    const first = log.appendWrite([url('a')])
    await first
    for (const name of ['b', 'c', 'b']) void log.appendWrite([url(name)])
    await turn()
    expect(appended).toHaveLength(1)
    clock.advance(10)
    await until('sent', () => server.seq === 2)
    expect(appended.slice(1)).toEqual([url('b'), url('c')].map(scope => JSON.stringify(scope)))
  })

  it('is waited for no longer than the deadline', async () => {
    const { clock, join } = setUp()
    const log = await joined(join('a'))
    await log.appendWrite([url('a')])
    let done = false
    void log.appendWrite([url('b')]).then(() => { done = true })
    // its batch waits for its turn, and then nobody answers
    log.follower.send = () => new Promise(() => undefined)
    clock.advance(49)
    await turn()
    expect(done).toBe(false)
    clock.advance(1)
    await until('let go', () => done)
  })

  it('is kept while the log is away, bounded, and sent when it is back', async () => {
    const { clock, server, down, join } = setUp()
    const log = await joined(join('a'))
    down.add('a')
    for (let i = 0; i < 10_500; i++) await log.appendWrite([url(`u${i}`)])
    expect(log.details()).toMatchObject({ unsent: 10_001, dropped: 499 })
    expect(log.verdict(judgedOf('u7', [], { ...log.head, pos: undefined })).kind).toBe('hard')
    down.clear()
    clock.advance(LAG)
    await until('the first is sent', () => server.seq === 1)
    clock.advance(10)
    await until('all is sent', () => log.details().unsent === 0 && server.seq === 2)
    expect(server.events.at(-1)!.scopes).toHaveLength(10_000)
  })
})

describe('among many', () => {
  it('a process asks less often when it is woken, and all together stay within bounds', async () => {
    const { clock, server, join } = setUp()
    const log = await joined(join('a'))
    for (let i = 0; i < 40; i++) server.members.set(`m${i}`, { epoch: 0, seq: 0, at: clock.now(), beat: `x${i}` })
    await log.follower.poll()
    const before = server.polls
    for (let ms = 0; ms < 100; ms++) {
      log.follower.wake()
      await turn()
      clock.advance(1)
    }
    expect(server.polls - before).toBe(10)
  })
})

describe('leaving', () => {
  it('takes the process off the list, and nothing it does later puts it back', async () => {
    const { server, join } = setUp()
    const log = await joined(join('a'))
    const left = log.close()
    await expect(log.append(['all'], 'hard', 'cluster')).rejects.toThrow('closed')
    await log.follower.poll()
    await left
    await log.close()
    expect(server.members.size).toBe(0)
  })
})

describe('a sweep', () => {
  it('forgets what everything stored here is settled against, save what a fill under way may need', async () => {
    const { clock, join } = setUp()
    const log = await joined(join('a'))
    const record = passOf('x', Infinity, { tags: ['t'], filledAt: log.head })
    const records: StoredRecord[] = [record]
    const fill = judgedOf('fill', ['u'], log.head)
    const fills = new Set([fill])
    const sweeper = createSweeper({
      log, clock, records: () => records, remove: () => { records.length = 0 }, settle: () => undefined, openFills: () => fills
    })
    await log.append([{ tag: 't' }, { tag: 'u' }], 'hard', 'local')
    await sweeper.sweep()
    expect(records).toEqual([])
    expect([log.size, log.verdict(fill).kind]).toEqual([2, 'hard'])
    fills.clear()
    await sweeper.sweep()
    expect(log.stats()).toMatchObject({ events: 0, seq: 1, joined: true, members: 1, lag: 0 })
    expect(log.verdict(fill).kind).toBe('unsure')
    sweeper.close()
  })
})

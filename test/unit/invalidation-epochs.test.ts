/** A log that is lost again and again: how often it is begun anew, what is said of it, what is promised meanwhile. */
import { describe, expect, it } from 'vitest'
import type { Logger } from '../../src/core/logger.js'
import { ClusterLog } from '../../src/invalidation/shared-log.js'
import { until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { LogServer, type Transport } from '../support/log-server.js'
import { judgedOf } from '../support/records.js'

const LAG = 1_000
const STEP = 10

const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })
/** Takes a turn of the loop, as a network does: a loop of requests is no loop of promises. */
const network: Transport = async call => {
  await turn()
  return call()
}

async function setUp () {
  const clock = manualClock()
  const server = new LogServer(clock)
  const lines: string[] = []
  const note = (_: object, message: string): void => { lines.push(message) }
  const logger: Logger = { debug: () => undefined, info: note, warn: note, error: note }
  const log = new ClusterLog({ backend: server.backend('a', network), clock, maxLag: LAG, timeout: 50, id: 'a', logger })
  log.start()
  await until('joined', () => log.joined)
  const begun: number[] = []
  /** Lets `span` pass; notes when epochs began. */
  async function pass (span: number): Promise<void> {
    for (let ms = 0; ms < span; ms += STEP) {
      const before = server.renewals
      clock.advance(STEP)
      for (let i = 0; i < 10; i++) await turn()
      for (let i = before; i < server.renewals; i++) begun.push(clock.now())
    }
  }
  return { clock, server, log, lines, begun, pass }
}

const purge = (log: ClusterLog): Promise<unknown> => log.append([{ tag: 't' }], 'hard', 'local')
const saying = (lines: readonly string[], words: string): number => lines.filter(line => line.includes(words)).length
const MISSED = 'purges may have been missed'
const AGAIN = 'lost again and again'
const LASTS = 'lasts again'

describe('a log that is lost', () => {
  it('is begun anew at once, by whoever asks first, and so is the next', async () => {
    const { server, log, lines, pass } = await setUp()
    server.lose()
    expect(await purge(log)).toMatchObject({ seq: 1 })
    server.lose()
    await log.follower.poll()
    expect(server.renewals).toBe(2)
    expect(await purge(log)).toMatchObject({ seq: 1 })
    await pass(3 * LAG)
    expect([saying(lines, MISSED), saying(lines, AGAIN), saying(lines, LASTS)]).toEqual([2, 0, 0])
  })

  it('time and again is so each time, if it lasts in between', async () => {
    const { server, log, lines, pass } = await setUp()
    for (let times = 1; times <= 5; times++) {
      server.lose()
      expect(await purge(log)).toMatchObject({ seq: 1 })
      expect(server.renewals).toBe(times)
      await pass(2 * LAG + 300)
    }
    expect([saying(lines, MISSED), saying(lines, AGAIN)]).toEqual([5, 0])
  })
})

describe('a log that is lost at once', () => {
  it('is begun ever less often, until there is maxLag in between', async () => {
    const { server, begun, log, pass } = await setUp()
    server.fleeting = true
    await pass(60 * LAG)
    const pauses = begun.slice(3).map((at, i) => at - begun[i + 2]!)
    expect(begun.length).toBeLessThan(70)
    expect(begun.length).toBeGreaterThan(45)
    for (const [i, pause] of pauses.slice(1).entries()) expect(pause).toBeGreaterThanOrEqual(pauses[i]! - STEP)
    expect(Math.min(...pauses.slice(-40))).toBeGreaterThanOrEqual(LAG - STEP)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(LAG * 1.2 + STEP)
    expect(log.stats().epochs).toBe(server.renewals + 1)
  })

  it('is no reason to ask more often than one that is there', async () => {
    const { server, pass } = await setUp()
    server.fleeting = true
    await pass(60 * LAG)
    // what was refused is not counted: each epoch, and the look that follows it, and nothing else
    expect(server.polls).toBeLessThan(2 * 70)
  })

  it('is told of once, as it begins and as it ends', async () => {
    const { server, lines, pass } = await setUp()
    server.fleeting = true
    await pass(20 * LAG)
    expect([saying(lines, AGAIN), saying(lines, 'raise maxmemory'), saying(lines, LASTS)]).toEqual([1, 1, 0])
    expect(lines.length).toBeLessThan(6)
    server.fleeting = false
    await pass(4 * LAG)
    expect([saying(lines, AGAIN), saying(lines, LASTS)]).toEqual([1, 1])
    server.fleeting = true
    await pass(20 * LAG)
    expect(saying(lines, AGAIN)).toBe(2)
    expect(lines.length).toBeLessThan(11)
  })

  it('takes no purge, and nothing is used that was not asked about within maxLag', async () => {
    const { clock, server, log, pass } = await setUp()
    const before = judgedOf('x', ['t'], log.head)
    server.fleeting = true
    await pass(10 * LAG)
    expect(log.verdict(before).kind).toBe('unsure')
    for (let times = 0; times < 100; times++) {
      await pass(LAG / 10)
      const record = judgedOf('x', ['t'], log.head)
      await expect(purge(log)).rejects.toThrow('lost')
      expect(log.verdict(record).kind).toBe('hard')
      const earlier = judgedOf('x', ['u'], log.head)
      await pass(LAG * 1.2)
      expect(log.verdict(earlier).kind === 'unsure' || log.trusted(clock.now() - LAG - 1) === 'no').toBe(true)
    }
  })

  it('is not waited for because its clock was set back after it began', async () => {
    const { clock, server, log, pass } = await setUp()
    for (let i = 1; i <= 3; i++) {
      log.follower.heard({ epoch: server.epoch + i, epochAge: -3_600_000, seq: 0, after: 0, events: [], members: [] }, clock.now())
    }
    server.lose()
    await pass(LAG * 1.2)
    expect(await purge(log)).toMatchObject({ seq: 1 })
  })

  it('takes purges again within maxLag and a look of when it lasts', async () => {
    const { server, log, pass } = await setUp()
    server.fleeting = true
    await pass(10 * LAG)
    server.fleeting = false
    await pass(LAG * 1.2)
    expect(await purge(log)).toMatchObject({ seq: 1 })
  })
})

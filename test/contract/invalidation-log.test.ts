/** The log of a single process keeps the contract. */
import { describe, expect, it } from 'vitest'
import { createLocalLog } from '../../src/invalidation/log.js'
import { manualClock } from '../support/clock.js'
import { judgedOf } from '../support/records.js'
import { logContract } from './invalidation-log.js'

logContract('local', async () => {
  const clock = manualClock()
  return { log: createLocalLog({ clock }), now: clock.now, advance: clock.advance }
})

describe('local log', () => {
  it('always knows, and acknowledges for itself alone', async () => {
    const log = createLocalLog({ clock: manualClock(), epoch: 7 })
    expect(log.trusted(-Infinity)).toBe('yes')
    expect(await log.append(['all'], 'hard', 'local')).toEqual({ seq: 1, applied: 1, unreachable: [] })
    expect(log.head).toEqual({ epoch: 7, seq: 1 })
  })

  it('draws an epoch of its own', () => {
    const clock = manualClock()
    expect(createLocalLog({ clock }).head.epoch).not.toBe(createLocalLog({ clock }).head.epoch)
  })

  it('forgets everything at its limit, and then knows nothing of what is older', async () => {
    const log = createLocalLog({ clock: manualClock(), maxScopes: 10 })
    const record = judgedOf('a', [], log.head)
    for (let i = 0; i < 10; i++) await log.append([{ tag: `t${i}` }], 'hard', 'local')
    expect(log.verdict(record).kind).toBe('clean')
    await log.append([{ tag: 't10' }], 'hard', 'local')
    expect(log.size).toBe(0)
    expect(log.verdict(record).kind).toBe('unsure')
    expect(log.verdict(judgedOf('a', [], log.head)).kind).toBe('clean')
  })
})

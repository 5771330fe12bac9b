/** Deadlines of one connection, all equally far off: what is met, what is missed, and when anyone looks. */
import { expect, test } from 'vitest'
import type { Clock } from '../../src/core/clock.js'
import { Deadlines } from '../../src/redis/deadlines.js'
import { manualClock } from '../support/clock.js'

const LIMIT = 50

function watched () {
  const clock = manualClock()
  let timers = 0
  const counting: Clock = {
    ...clock,
    after: (delay, callback) => {
      timers++
      return clock.after(delay, callback)
    }
  }
  const deadlines = new Deadlines(counting, LIMIT)
  const missed: string[] = []
  const begin = (name: string, batch = { sentAt: clock.now() }) => deadlines.begin(batch, () => { missed.push(name) })
  return { clock, deadlines, missed, begin, timers: () => timers }
}

/** What was read in this turn of the event loop is read; then whatever is late is missed. */
const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

test('what is not met within the limit is missed, in order, and nothing else', async () => {
  const { clock, deadlines, missed, begin } = watched()
  begin('a')
  const b = begin('b')
  begin('c')
  clock.advance(20)
  begin('d')
  deadlines.meet(b)
  clock.advance(LIMIT - 20)
  await turn()
  expect(missed).toEqual(['a', 'c'])
  clock.advance(20)
  await turn()
  expect(missed).toEqual(['a', 'c', 'd'])
})

test('each is met or missed, and once', async () => {
  const { clock, deadlines, missed, begin } = watched()
  const met = begin('met')
  expect([deadlines.meet(met), deadlines.meet(met)]).toEqual([true, false])
  const late = begin('late')
  clock.advance(LIMIT)
  await turn()
  expect(deadlines.meet(late)).toBe(false)
  clock.advance(10 * LIMIT)
  await turn()
  expect(missed).toEqual(['late'])
})

test('what arrived in time is read first, however late this process looks', async () => {
  const { clock, deadlines, missed, begin } = watched()
  const arrived = begin('arrived')
  begin('lost')
  clock.advance(3 * LIMIT)
  expect(missed).toEqual([])
  expect(deadlines.meet(arrived)).toBe(true)
  await turn()
  expect(missed).toEqual(['lost'])
})

test('what falls due while it is being read is not missed with the others', async () => {
  const { clock, deadlines, missed, begin } = watched()
  begin('due')
  clock.advance(1)
  const next = begin('due a moment later')
  clock.advance(LIMIT - 1)
  clock.advance(1)
  await turn()
  expect(missed).toEqual(['due'])
  expect(deadlines.meet(next)).toBe(true)
})

test('counts from when the batch was sent, though it was begun before', async () => {
  const { clock, missed, begin } = watched()
  const batch = { sentAt: clock.now() }
  begin('a', batch)
  clock.advance(30)
  batch.sentAt = clock.now()
  clock.advance(LIMIT - 1)
  await turn()
  expect(missed).toEqual([])
  clock.advance(1)
  await turn()
  expect(missed).toEqual(['a'])
})

test('one timer serves all, and none is set while nothing waits', async () => {
  const { clock, deadlines, begin, timers } = watched()
  for (let i = 0; i < 1000; i++) deadlines.meet(begin('met'))
  expect(timers()).toBe(1)
  clock.advance(10 * LIMIT)
  await turn()
  expect(timers()).toBe(1)
  begin('again')
  expect(timers()).toBe(2)
})

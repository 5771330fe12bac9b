/** Redis' clock is told within what is known of it, so that nothing looks younger or lasts longer than it should. */
import { expect, it } from 'vitest'
import { RedisFailure } from '../../src/redis/failure.js'
import { RedisTime } from '../../src/redis/time.js'
import { manualClock } from '../support/clock.js'

const T = 1_700_000_000_000_000

/** Redis' clock stands at `T` when the question arrives, `there` ms after it was sent; the answer takes `back` ms. */
function setUp (there: number, back: number) {
  const clock = manualClock()
  let asked = 0
  const call = async (): Promise<Buffer[]> => {
    asked++
    clock.advance(there + back)
    return [Buffer.from(String(T / 1e6)), Buffer.from('0')]
  }
  return { clock, time: new RedisTime({ call }, clock), asked: () => asked }
}

it('is right on the early and on the late side, however long the question and the answer took', async () => {
  for (const [there, back] of [[0, 0], [40, 0], [0, 40], [30, 10]] as const) {
    const { clock, time } = setUp(there, back)
    await time.ready()
    for (const since of [-3_600_000, -1, 0, 1, 5_000]) {
      const now = clock.now() - back + since
      const truly = T + since * 1000
      expect(time.early(now)).toBeLessThanOrEqual(truly)
      expect(time.late(now)).toBeGreaterThanOrEqual(truly)
      // no further off than the round trip and what clocks may drift
      const slack = (there + back) * 1000 + Math.abs(since - back) * 2 + (there + back) * 2 + 1
      expect(time.late(now) - time.early(now)).toBeLessThanOrEqual(2 * slack)
    }
  }
})

it('allows for clocks that run differently', async () => {
  const { clock, time } = setUp(0, 0)
  await time.ready()
  const now = clock.now() + 5_000
  expect(time.early(now)).toBeLessThanOrEqual(T + 5_000_000 * 0.999)
  expect(time.late(now)).toBeGreaterThanOrEqual(T + 5_000_000 * 1.001)
})

it('asks again after a while, once for all who want to know', async () => {
  const { clock, time, asked } = setUp(1, 1)
  await Promise.all([time.ready(), time.ready(), time.ready()])
  expect(asked()).toBe(1)
  clock.advance(5_000)
  expect(time.ready()).toBeUndefined()
  clock.advance(1)
  await time.ready()
  expect(asked()).toBe(2)
})

it('says so where Redis does not', async () => {
  const time = new RedisTime({ call: () => Promise.reject(new RedisFailure('down')) }, manualClock())
  await expect(time.ready()).rejects.toMatchObject({ fault: 'down' })
  await expect(time.ready()).rejects.toMatchObject({ fault: 'down' })
})

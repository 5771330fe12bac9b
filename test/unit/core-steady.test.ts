import { expect, it } from 'vitest'
import { steady } from '../../src/core/steady.js'
import { manualClock } from '../support/clock.js'

it('waits until the same was said twice in a row', async () => {
  const says = [0, 2, 3, 2, 2, 5]
  let said = 0
  await steady(async () => says[said++]!, 1_000, manualClock())
  expect(said).toBe(5)
})

it('waits no longer than told, for what goes on and for what says nothing', async () => {
  const clock = manualClock()
  let said = 0
  const busy = steady(async () => {
    if (++said === 10) clock.advance(1_000)
    return said
  }, 1_000, clock)
  await busy
  expect(said).toBeLessThan(13)
  const mute = steady(() => new Promise(() => undefined), 1_000, clock)
  clock.advance(1_000)
  await mute
})

it('fails as what it asks does, and leaves no timer', async () => {
  const clock = manualClock()
  let timers = 0
  const counting = { ...clock, after: (delay: number, callback: () => void) => {
    timers++
    const timer = clock.after(delay, callback)
    return { cancel: () => { timers--; timer.cancel() } }
  } }
  await expect(steady(() => Promise.reject(new Error('gone')), 1_000, counting)).rejects.toThrow('gone')
  await steady(async () => 1, 1_000, counting)
  expect(timers).toBe(0)
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Deadline, TimingWheel } from '../../src/server/limits.js'
import { until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'

const TICK = 250

function wheel () {
  const clock = manualClock()
  return { clock, wheel: new TimingWheel(clock, TICK) }
}

describe('the timing wheel', () => {
  it('expires once, never early, at most three ticks late', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 0, max: 999 }), (delays, start) => {
      const { clock, wheel: w } = wheel()
      clock.advance(start)
      const began = clock.now()
      const fired = delays.map(() => [] as number[])
      delays.forEach((delay, i) => w.touch(new Deadline(() => fired[i]!.push(clock.now() - began)), delay))
      clock.advance(500_000)
      delays.forEach((delay, i) => {
        expect(fired[i]).toHaveLength(1)
        expect(fired[i]![0]).toBeGreaterThanOrEqual(delay)
        expect(fired[i]![0]).toBeLessThanOrEqual(delay + 3 * TICK)
      })
    }), { numRuns: 50 })
  })

  it('lets others have their turn while a thousand expire', async () => {
    const { clock, wheel: w } = wheel()
    let fired = 0
    const all = Array.from({ length: 1000 }, () => new Deadline(() => { fired++ }))
    for (const deadline of all) w.touch(deadline, 1_000)
    clock.advance(2_000)
    expect(fired).toBeGreaterThan(0)
    expect(fired).toBeLessThan(100)
    // until its turn comes, each may still be put off or removed
    w.remove(all[999]!)
    w.touch(all[998]!, 10_000)
    clock.advance(1_000)
    expect(fired).toBeLessThan(100)
    await until('all have expired', () => fired === 998)
    clock.advance(12_000)
    expect(fired).toBe(999)
  })

  it('puts off what is touched, also to an earlier time', () => {
    const { clock, wheel: w } = wheel()
    const fired: string[] = []
    const late = new Deadline(() => fired.push('late'))
    const soon = new Deadline(() => fired.push('soon'))
    w.touch(late, 10_000)
    w.touch(soon, 60_000)
    clock.advance(9_000)
    w.touch(late, 10_000)
    w.touch(soon, 1_000)
    clock.advance(2_000)
    expect(fired).toEqual(['soon'])
    clock.advance(6_000)
    expect(fired).toEqual(['soon'])
    clock.advance(3_000)
    expect(fired).toEqual(['soon', 'late'])
  })

  it('leaves alone what was disarmed or removed, and takes it up again when touched', () => {
    const { clock, wheel: w } = wheel()
    let fired = 0
    const deadline = new Deadline(() => { fired++ })
    w.touch(deadline, 1_000)
    w.disarm(deadline)
    clock.advance(5_000)
    w.touch(deadline, 1_000)
    w.remove(deadline)
    clock.advance(5_000)
    expect(fired).toBe(0)
    w.touch(deadline, 1_000)
    clock.advance(1_500)
    expect(fired).toBe(1)
  })

  it('survives deadlines that remove and touch each other as they expire', () => {
    const { clock, wheel: w } = wheel()
    const fired: string[] = []
    const b = new Deadline(() => fired.push('b'))
    const a: Deadline = new Deadline(() => {
      fired.push('a')
      w.remove(b)
      if (fired.length < 3) w.touch(a, 1_000)
    })
    w.touch(a, 1_000)
    w.touch(b, 1_000)
    clock.advance(10_000)
    expect(fired).toEqual(['a', 'a', 'a'])
  })

  it('holds no timer while nothing lies in it', () => {
    let timers = 0
    const clock = manualClock()
    const counting = { ...clock, after: (delay: number, callback: () => void) => {
      timers++
      return clock.after(delay, () => { timers--; callback() })
    } }
    const w = new TimingWheel(counting, TICK)
    expect(timers).toBe(0)
    w.touch(new Deadline(() => undefined), 1_000)
    expect(timers).toBe(1)
    clock.advance(10_000)
    expect(timers).toBe(0)
  })
})

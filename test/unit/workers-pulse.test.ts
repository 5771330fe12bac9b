/** When another process counts as standing still. */
import { expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.js'
import { ROUND, watchPulse } from '../../src/workers/pulse.js'
import { turn } from '../../src/server/turn.js'

interface Watch { readonly questions: (() => void)[], stills: number, patience: number, unwatch: () => void, round (late?: number): Promise<void> }

function watch (patience = 3): Watch {
  let now = 0
  let due = (): void => undefined
  const clock: Clock = {
    now: () => now, wall: () => now,
    after (_, callback) {
      due = callback
      return { cancel: () => undefined }
    }
  }
  const w: Watch = {
    questions: [], stills: 0, patience, unwatch: () => undefined,
    async round (late = 0) {
      const fire = due
      due = () => undefined
      now += ROUND + late
      fire()
      await turn()
    }
  }
  w.unwatch = watchPulse({
    clock, patience: () => w.patience,
    ask: () => new Promise<void>(resolve => { w.questions.push(resolve) }),
    onStill: () => { w.stills++ }
  })
  return w
}

it('who leaves as many rounds in a row unanswered as may be stands still, which is said once', async () => {
  const w = watch()
  for (let i = 0; i < 2; i++) await w.round()
  expect([w.stills, w.questions.length]).toEqual([0, 3])
  await w.round()
  expect(w.stills).toBe(1)
  await w.round()
  expect(w.stills).toBe(1)
})

it('whoever answers begins anew, however late', async () => {
  const w = watch()
  for (let i = 0; i < 10; i++) {
    for (let j = 0; j < 2; j++) await w.round()
    // the first of those that were left unanswered
    w.questions.at(-3)!()
    await w.round()
  }
  expect(w.stills).toBe(0)
})

it('an answer that has arrived as the last round ends counts', async () => {
  const w = watch()
  for (let i = 0; i < 2; i++) await w.round()
  const last = w.round()
  w.questions.at(-1)!()
  await last
  expect(w.stills).toBe(0)
})

it('rounds that this process was late for blame nobody', async () => {
  const w = watch()
  for (let i = 0; i < 10; i++) await w.round(ROUND)
  expect(w.stills).toBe(0)
  for (let i = 0; i < 3; i++) await w.round(ROUND - 1)
  expect(w.stills).toBe(1)
})

it('patience is asked for each round; who is not watched any more is not judged', async () => {
  const w = watch(60)
  for (let i = 0; i < 5; i++) await w.round()
  w.patience = 10
  for (let i = 0; i < 4; i++) await w.round()
  expect(w.stills).toBe(0)
  w.unwatch()
  await w.round()
  expect(w.stills).toBe(0)
})

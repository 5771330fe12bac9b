/** The model checker: no seed finds a way to break what is promised, and what is broken on purpose is found. */
import { describe, expect, it } from 'vitest'
import { CLEAN } from '../../src/core/types.js'
import { shrink } from './shrink.js'
import { stepsOf } from './steps.js'
import { run, type Run } from './world.js'
import type { Parts } from '../../src/proxy/parts.js'

const FIRST = Number(process.env['MODEL_SEED'] ?? 1)
const SEEDS = Number(process.env['MODEL_SEEDS'] ?? 5)
const STEPS = Number(process.env['MODEL_STEPS'] ?? 500)

/** The seed, what went wrong, and the shortest way there that was found. */
async function explained (seed: number, { violation }: Run): Promise<string> {
  const steps = stepsOf(seed, STEPS).slice(0, violation!.step + 1)
  const kind = violation!.what.split(':')[0]
  const short = await shrink(steps, async steps => (await run(steps)).violation?.what.split(':')[0] === kind)
  return [`seed ${seed}, step ${violation!.step}: ${violation!.what}`, `${short.length} steps:`, ...short.map(step => JSON.stringify(step))].join('\n')
}

describe('the proxy', () => {
  it(`keeps its promises through ${SEEDS} × ${STEPS} steps`, async () => {
    const total = { steps: 0, answers: 0, hits: 0, asked: 0, collapsed: 0, evictions: 0 }
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const ran = await run(stepsOf(seed, STEPS))
      if (ran.violation !== undefined) expect.fail(await explained(seed, ran))
      for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += ran.figures[name]
    }
    process.stdout.write(`model, ${SEEDS} seeds from ${FIRST}: ${JSON.stringify(total)}\n`)
    expect(total.answers).toBeGreaterThan(total.steps / 5)
    expect(total.hits).toBeGreaterThan(total.answers / 20)
    expect(total.collapsed).toBeGreaterThan(total.answers / 50)
    expect(total.asked).toBeGreaterThan(total.answers / 20)
    expect(total.evictions).toBeGreaterThan(0)
  }, 600_000)
})

/** What the model says of parts broken on purpose, in the first seeds. */
async function found (broken: (parts: Parts) => Partial<Parts>): Promise<string> {
  for (let seed = 1; seed <= 20; seed++) {
    const { violation } = await run(stepsOf(seed, 500), broken)
    if (violation !== undefined) return violation.what
  }
  return 'nothing'
}

describe('the model notices', () => {
  it('a log that forgets its purges', async () => {
    expect(await found(({ log }) => ({ log: Object.assign(Object.create(log) as typeof log, { verdict: () => CLEAN }) }))).toMatch(/^a version older/)
  })

  it('a log that hears of writes late', async () => {
    expect(await found(({ log }) => ({ log: Object.assign(Object.create(log) as typeof log, { appendWrite: () => Promise.resolve() }) }))).toMatch(/^a version older/)
  })

  it('a store that mixes up its keys', async () => {
    expect(await found(({ store }) => ({ store: Object.assign(Object.create(store) as typeof store, { peek: (key: string) => store.peek(key.replace(/\w+\d+$/, 'shared0') as never), get: (key: string) => store.get(key.replace(/\w+\d+$/, 'shared0') as never) }) })))
      .toMatch(/^another resource/)
  })

  it('a clock that stands still for what is stored', async () => {
    expect(await found(({ clock }) => ({ clock: { ...clock, now: () => 1_000_000 } }))).toMatch(/^(a version replaced too long ago|2 fetches)/)
  })
})

describe('shrinking', () => {
  it('leaves only what is needed', async () => {
    const steps = Array.from({ length: 100 }, (_, i) => i)
    expect(await shrink(steps, async some => some.includes(17) && some.includes(63))).toEqual([17, 63])
  })
})

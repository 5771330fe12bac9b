/** The lease holds in every run of the model, and each way to break it is noticed. */
import { describe, expect, it } from 'vitest'
import { leaseRun } from './lease-world.js'
import type { Mutant } from './lease-process.js'

const TICKS = 3_000
const RUNS = 40

describe('the lease', () => {
  it(`lets nothing purged be served after a purge was acknowledged, in ${RUNS} runs`, async () => {
    const first = Number(process.env['SEAWALL_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    const total = { violations: 0, acknowledged: 0, served: 0, epochs: 0 }
    for (let seed = first; seed < first + RUNS; seed++) {
      const run = await leaseRun(seed, TICKS)
      expect(run.violations, `SEAWALL_SEED=${seed}`).toBe(0)
      for (const key of ['violations', 'acknowledged', 'served', 'epochs'] as const) total[key] += run[key]
    }
    console.log(`lease model, seeds from ${first}:`, total)
    // it must have been at work
    expect(total.acknowledged).toBeGreaterThan(RUNS * 10)
    expect(total.served).toBeGreaterThan(RUNS * 500)
  })

  it.each<Mutant>(['contact', 'validation', 'joining', 'cached now'])('is broken by the mutant: %s', async mutant => {
    let violations = 0
    for (let seed = 1; seed <= RUNS && violations === 0; seed++) violations += (await leaseRun(seed, TICKS, mutant)).violations
    expect(violations).toBeGreaterThan(0)
  })
})

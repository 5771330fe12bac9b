/**
 * A process that had just begun asked the log, purged, and was answered in the other order: the older answer, in which the
 * others had not been listed yet, took them off the list again, and the purge waited for nobody. Over one connection answers
 * keep their order; nothing says so of every log there may be.
 */
import { expect, it } from 'vitest'
import { leaseRun } from '../model/lease-world.js'

it('an answer that was overtaken takes nobody off the list of those a purge waits for', async () => {
  expect(await leaseRun(1_979_012_409, 100)).toMatchObject({ violations: 0 })
})

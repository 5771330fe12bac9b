/** The log of several processes keeps the contract over a real Redis. */
import { afterAll, beforeAll } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { manualClock } from '../support/clock.js'
import { logOver, settled, startLogRedis, type LogRedis } from '../support/log-redis.js'
import { logContract } from './invalidation-log.js'

let redis: LogRedis
let count = 0
beforeAll(async () => { redis = await startLogRedis() })
afterAll(() => redis.stop())

logContract('redis', async () => {
  const clock = manualClock()
  const namespace = `contract-${++count}`
  // what is measured is wound by hand; what is waited for comes by itself
  const log = logOver({ url: redis.url, namespace, id: 'a', clock: { ...clock, after: systemClock.after } })
  await settled(redis, namespace, log)
  return { log, now: clock.now, advance: clock.advance }
})

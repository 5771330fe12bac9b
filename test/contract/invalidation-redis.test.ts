/** The log of several processes keeps the contract over a real Redis. */
import { systemClock } from '../../src/core/clock.js'
import { manualClock } from '../support/clock.js'
import { logCluster } from '../support/log-redis.js'
import { describeWithRedis } from '../support/redis.js'
import { logContract } from './invalidation-log.js'

describeWithRedis('over redis', () => {
  logContract('shared', async () => {
    const clock = manualClock()
    // what is measured is wound by hand; what is waited for comes by itself
    const { join, settle } = await logCluster({ clock: { ...clock, after: systemClock.after } })
    const log = join('a')
    await settle(log)
    return { log, now: clock.now, advance: clock.advance }
  })
})

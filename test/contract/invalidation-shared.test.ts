/** The log of several processes keeps the contract, over a backend in memory. */
import { logContract } from './invalidation-log.js'
import { createSharedLog } from '../../src/invalidation/shared-log.js'
import { silentLogger } from '../../src/core/logger.js'
import { until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { LogServer } from '../support/log-server.js'

logContract('shared', async () => {
  const clock = manualClock()
  const server = new LogServer(clock)
  const log = createSharedLog({ backend: server.backend('a'), clock, maxLag: 1_000, timeout: 50, id: 'a', logger: silentLogger })
  log.start()
  await until('joined', () => log.joined)
  return { log, now: clock.now, advance: clock.advance }
})

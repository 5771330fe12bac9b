/** Parts of the proxy that fail cost what they are for, never an answer. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { SeawallError } from '../../src/core/errors.js'
import { silentLogger } from '../../src/core/logger.js'
import { createLocalLog } from '../../src/invalidation/log.js'
import { createOrigins } from '../../src/origin/origins.js'
import { compileRoutes } from '../../src/policy/routes.js'
import { createCore } from '../../src/proxy/core.js'
import { Fills } from '../../src/proxy/fills.js'
import type { Parts } from '../../src/proxy/parts.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { ask, type Reply } from '../support/client.js'
import { manualClock } from '../support/clock.js'
import { cleanUp, startListener } from '../support/listener.js'
import { answer, startOrigin, type TestOrigin } from '../support/origin.js'
import { before, settingsOf } from '../support/proxy.js'

/** The proxy's own rooms around parts that a test may break. */
async function assemble (broken: (parts: Parts) => Partial<Parts>): Promise<{ origin: TestOrigin, counters: Counters, get (path: string): Promise<Reply> }> {
  const origin = await startOrigin()
  onTestFinished(() => origin.stop())
  const settings = settingsOf(before(origin))
  const clock = manualClock()
  const counters = new Counters()
  const origins = createOrigins(settings.origins, { clock, counters, log: silentLogger })
  onTestFinished(() => { origins.destroy(new SeawallError('draining')) })
  const whole: Parts = {
    clock, counters, origins, logger: silentLogger, log: createLocalLog({ clock }), random: () => 0, id: 'test', strictPurge: false, originHost: (_, host) => host,
    store: createMemoryStore({ limit: 1e6, maxObject: 1e5, maxVariants: 8, clock }), route: compileRoutes(settings.routes)
  }
  const parts = { ...whole, ...broken(whole) }
  const { port } = await startListener(createCore(parts, new Fills(parts)))
  return { origin, counters, get: path => ask(`http://127.0.0.1:${port}${path}`) }
}

cleanUp()

describe('parts that fail', () => {
  it('a store that loses what is committed costs the storing, not the answer', async () => {
    const { origin, get } = await assemble(({ store }) => {
      const begin = store.begin.bind(store)
      store.begin = (meta, length) => ({ ...begin(meta, length)!, commit: () => Promise.reject(new Error('lost')) })
      return { store }
    })
    origin.on(answer({ 'cache-control': 'max-age=60' }, 'whole'))
    expect((await get('/a')).body).toBe('whole')
    expect((await get('/a')).body).toBe('whole')
    expect(origin.count()).toBe(2)
  })

  it('nor does one that loses a refresh', async () => {
    const { origin, get } = await assemble(({ store }) => {
      store.refresh = () => Promise.reject(new Error('lost'))
      return { store }
    })
    origin.on(answer({ 'cache-control': 'no-cache', etag: '"1"' }, 'whole'))
    await get('/b')
    origin.on((_, response) => { response.writeHead(304, { etag: '"1"' }).end() })
    expect((await get('/b')).body).toBe('whole')
  })

  it('an origin client that throws is an answer, and leaves no fetch behind', async () => {
    const { counters, get } = await assemble(({ origins }) => ({ origins: { ...origins, ask: () => { throw new Error('no') } } }))
    expect((await get('/c')).status).toBe(500)
    expect((await get('/c')).status).toBe(500)
    expect(counters.fillsInFlight).toBe(0)
  })
})

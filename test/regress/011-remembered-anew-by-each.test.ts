/**
 * What is remembered as uncacheable is remembered anew once a share of its time has passed. Judged by what was found before
 * the origin was asked, each request that was under way then did so: with Redis, three commands a request.
 */
import { expect, it, vi } from 'vitest'
import { createMemoryStore } from '../../src/store/memory.js'
import { barrier } from '../support/barrier.js'
import { answer } from '../support/origin.js'
import { stand } from '../support/standing.js'

it('is done once, however many were under way', async () => {
  const never = answer({ 'cache-control': 'no-store' }, 'mine')
  const { origin, proxy, clock } = await stand({ cache: { passRecord: '16s' } }, never)
  await proxy.get('/p')
  clock.advance(2_000)
  const store = Object.getPrototypeOf(createMemoryStore({ limit: 1, maxObject: 1, maxVariants: 1, clock })) as ReturnType<typeof createMemoryStore>
  const note = vi.spyOn(store, 'note')
  const all = barrier()
  origin.on(async (request, response, count) => {
    if (count === 6) all.open()
    await all.passed
    await never(request, response, count)
  })
  await Promise.all(Array.from({ length: 5 }, () => proxy.get('/p')))
  expect(note).toHaveBeenCalledTimes(1)
})

/** A client that had sent one byte of a request held up the end of the process until the deadline. */
import { expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { dial, stand } from '../support/standing.js'

it('is let go soon, as nothing of it is in flight', async () => {
  const { proxy, clock } = await stand()
  const client = await dial(proxy)
  client.write('G')
  await until('the byte is read', async () => (await proxy.stats())['connections'] !== undefined)
  const drained = proxy.drain()
  let done = false
  void drained.then(() => { done = true })
  await until('it is drained within its last half second', () => {
    clock.advance(done ? 0 : 1)
    return done
  })
  expect(clock.now()).toBeLessThan(1_000_000 + 9_000)
})

/** What a stampede had not yet read from its sockets when the second try failed led pair after pair of its own. */
import { expect, it } from 'vitest'
import { barrier } from '../support/barrier.js'
import { waiting } from '../support/fills.js'
import { answer } from '../support/origin.js'
import { stand } from '../support/standing.js'

it('is the answer to those who ask a moment later, as the origin put it', async () => {
  const { origin, proxy, clock } = await stand()
  const gates = [barrier(), barrier()]
  origin.on(async (request, response, count) => {
    await gates[count - 1]?.passed
    answer({ 'retry-after': '7' }, 'private words', 503)(request, response, count)
  })
  const replies = Array.from({ length: 10 }, () => proxy.get('/failing'))
  await waiting(proxy, 9)
  gates[0]!.open()
  await waiting(proxy, 9 + 8)
  gates[1]!.open()
  const all = await Promise.all(replies)
  const late = await proxy.get('/failing')
  expect(origin.count()).toBe(2)
  expect([...all, late].map(r => [r.status, r.headers['retry-after']])).toEqual(Array.from({ length: 11 }, () => [503, '7']))
  expect(late.body).not.toContain('private words')
  expect(late.headers['cache-status']).toBe('seawall; fwd=uri-miss; fwd-status=503; collapsed; detail=origin_failed')
  clock.advance(101)
  await proxy.get('/failing')
  expect(origin.count()).toBe(3)
})

/** When, in a turn of the event loop, a request is answered. */
import { expect, it } from 'vitest'
import { inCrowd } from '../../src/server/together.js'
import { turn } from '../../src/server/turn.js'
import { until } from '../support/barrier.js'
import { cleanUp, startListener, text } from '../support/listener.js'

cleanUp()

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

it.each([
  [1, 'at once', ['decided', 'the turn went on', 'answered: 1']],
  [12, 'at the end of its turn', ['the turn went on', 'decided', 'answered: 1']]
])('after %i requests in a turn, decides on what is stored %s, and is through there and then with all that the system takes', async (before, _, course) => {
  const seen: string[] = []
  const see = (what: string): void => { if (!seen.includes(what)) seen.push(what) }
  const t = await startListener({
    tryHit: () => {
      see('decided')
      process.nextTick(() => see(`answered: ${t.answered.length}`))
      return text('y'.repeat(300_000))
    }
  })
  const client = await t.open()
  for (let i = 0; i < before; i++) inCrowd()
  await turn()
  const { now } = t.clock
  t.clock.now = () => {
    process.nextTick(() => see('the turn went on'))
    return now()
  }
  client.write(GET)
  await until('all of it', () => client.text().length > 300_000)
  expect(seen.slice(0, course.length)).toEqual(course)
})

it.each(['hit', 'stale', 'miss'] as const)('leaves what was waited for to the end of a turn, but what is stored: %s', async outcome => {
  let atOnce = -1
  const t = await startListener({
    handle: async () => {
      setImmediate(() => { atOnce = t.answered.length })
      return text('it', { outcome })
    }
  })
  const client = await t.open()
  client.write(GET)
  await client.until(/it$/)
  await until('the turn has ended', () => atOnce >= 0)
  expect(atOnce).toBe(outcome === 'miss' ? 0 : 1)
})

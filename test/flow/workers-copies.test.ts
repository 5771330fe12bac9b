/** What a worker keeps of another's keys says what its owner says, and is not used past what its owner says. */
import { describe, expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import type { Reply } from '../support/client.js'
import { children, crew, FRESH, stats, type Crew } from '../support/crew.js'
import { answer } from '../support/origin.js'
import { owned, seats, type Seat } from '../support/seats.js'

/** What the seat's worker answers once it has a copy. */
async function copied (c: Crew, seat: Seat, path: string, headers: Record<string, string> = {}): Promise<Reply> {
  let reply: Reply | undefined
  await until('it has a copy', async () => {
    const before = (await stats(c))['relayed']
    reply = await seat.get(path, { headers })
    return (await stats(c))['relayed'] === before
  })
  return reply!
}

describe('copies', { timeout: 60_000 }, () => {
  it('say what upstream caches said', async () => {
    const c = await crew(answer({ ...FRESH, 'Cache-Status': ['far; hit', 'near; hit'] }))
    const [zero, one] = await seats(c)
    const path = owned(1, '/a')
    const said = /^far; hit, near; hit, seawall; hit; ttl=\d+$/
    expect((await copied(c, zero, path)).headers['cache-status']).toMatch(said)
    expect((await one.get(path)).headers['cache-status']).toMatch(said)
  })

  it('are not used once a client had their owner fetch anew what it had no more', async () => {
    const c = await crew((request, response, count) => {
      answer({ ...FRESH, Vary: 'Accept-Language' }, `${request.headers['accept-language']} ${count}`)(request, response, count)
    }, 2, { cache: { maxVariants: 1 } })
    const [zero, one] = await seats(c)
    const path = owned(1, '/a')
    const [de, en] = [{ 'accept-language': 'de' }, { 'accept-language': 'en' }]
    const old = (await copied(c, zero, path, de)).body
    await one.get(path, { headers: en })
    const anew = (await one.get(path, { headers: { ...de, 'cache-control': 'no-cache' } })).body
    expect(anew).not.toBe(old)
    await until('the other has it too', async () => (await zero.get(path, { headers: de })).body === anew)
  })

  it('are not used once their owner has ended, which cannot tell any more that they are outdated', async () => {
    const c = await crew((request, response, count) => { answer(FRESH, `body ${count}`)(request, response, count) })
    const [zero] = await seats(c)
    const path = owned(1, '/a')
    const old = (await copied(c, zero, path)).body
    process.kill((await children(c))[1]!, 'SIGKILL')
    await until('it is fetched anew', async () => (await zero.get(path)).body !== old)
  })
})

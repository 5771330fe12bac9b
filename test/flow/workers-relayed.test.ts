/** What workers pass on to one another: who is kept waiting by whom, and what is not passed on. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { connect, type RawConnection } from '../support/client.js'
import { counted, crew, stats, type Crew } from '../support/crew.js'
import { isHit } from '../support/scene.js'
import { owned, seats } from '../support/seats.js'

async function dial (c: Crew): Promise<RawConnection> {
  const connection = await connect(Number(new URL(c.seawall.url).port))
  onTestFinished(() => { connection.socket.destroy() })
  return connection
}

describe('from worker to worker', { timeout: 60_000 }, () => {
  it('a thousand that wait for one key of an owner keep nobody from its others', async () => {
    const going = barrier()
    const c = await crew(async (request, response, count) => {
      if (request.url.startsWith('/slow')) await going.passed
      counted(request, response, count)
    })
    const [zero, one] = await seats(c)
    const [slow, other] = [owned(1, '/slow'), owned(1, '/other')]
    await one.get(other)
    const waiting = await Promise.all(Array.from({ length: 3_000 }, () => dial(c)))
    for (const { write } of waiting) write(`GET ${slow} HTTP/1.1\r\nHost: shop.test\r\n\r\n`)
    await until('all are there', async () => ((await stats(c))['connections']!['open'] ?? 0) >= waiting.length, 30_000)
    expect(isHit(await zero.get(other))).toBe(true)
    expect(c.origin.count(other)).toBe(1)
    going.open()
    for (const { until: heard } of waiting) await heard(/^HTTP\/1\.1 200 /)
    expect(c.origin.count(slow)).toBe(1)
  })

  it('nothing goes that names no host: the origin is named by its own, as by one process', async () => {
    const c = await crew(counted)
    for (let i = 0; i < 8; i++) {
      const connection = await dial(c)
      connection.write('GET /a HTTP/1.0\r\n\r\n')
      await connection.closed
      expect(connection.text()).toMatch(/^HTTP\/1\.1 200 /)
    }
    expect([...new Set(c.origin.seen.map(({ headers }) => headers.host))]).toEqual([new URL(c.origin.url).host])
    expect(c.origin.count('/a')).toBe(2)
  })
})

/** What a client costs that does not read, and who waits for it. */
import { describe, expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { cleanUp, response, source, startListener, text, turns } from '../support/listener.js'

cleanUp()

const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${more}\r\n`

describe('a client that does not read', () => {
  const flood = Buffer.alloc(64 * 1024)
  it('holds the reader back, and is reset after `writeStall` without progress', async () => {
    const s = source()
    const t = await startListener({ handle: async () => response(s.body) }, { writeStall: 4_000 })
    const client = await t.open()
    client.write(get('/'))
    await client.until(/chunked/)
    client.socket.pause()
    let pushed = 0
    await until('backpressure', async () => {
      if (s.reads > pushed) { pushed++; s.push(flood) }
      const { reads } = s
      await turns()
      return pushed === reads && s.reads === reads
    })
    t.clock.advance(3_000)
    expect(t.listener.connections()).toBe(1)
    t.clock.advance(3_000)
    await s.cancelled.passed
    expect(s.cancelled.why).toMatchObject({ code: 'client_stalled' })
    await until('gone', () => t.listener.connections() === 0)
  })

  it('is reset on buffered hits as well, and holds up its own next requests only', async () => {
    const t = await startListener({ tryHit: () => text('z'.repeat(100_000), { outcome: 'hit' }) }, { writeStall: 4_000 })
    const client = await t.open()
    client.socket.pause()
    client.write(get('/').repeat(500))
    await until('a standstill', async () => {
      const before = t.asked.length
      await turns()
      return before > 0 && t.asked.length === before
    })
    expect(t.asked.length).toBeLessThan(200)
    t.clock.advance(6_000)
    await until('gone', () => t.listener.connections() === 0)
    expect(t.answered.length).toBe(t.asked.length)
    expect(t.answered.map(a => a.end.complete).lastIndexOf(true)).toBe(t.asked.length - 2)
  })

  it('that reads in the end gets all of it', async () => {
    const body = 'z'.repeat(8_000_000)
    const t = await startListener({ tryHit: () => text(body, { outcome: 'hit' }) }, { writeStall: 4_000 })
    const client = await t.open()
    client.socket.pause()
    client.write(get('/', 'Connection: close\r\n'))
    await until('asked', () => t.asked.length === 1)
    t.clock.advance(3_000)
    client.socket.resume()
    expect(await client.closed).toBe('end')
    expect(client.text().length).toBeGreaterThan(body.length)
  })
})

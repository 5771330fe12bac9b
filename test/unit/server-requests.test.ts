/** Requests as they come over the wire: refusals, deadlines. */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { echo, get, post, startEcho } from '../support/echo.js'
import { cleanUp, turns } from '../support/listener.js'

cleanUp()

describe('refusals', () => {
  it('come after the answers before them, in order, and end everything', async () => {
    const gate = barrier()
    const t = await startEcho({}, async request => { await gate.passed; return echo(request) })
    const client = await t.open()
    client.write(get('/1') + get('/2') + 'GET  /bad HTTP/1.1\r\nHost: h\r\n\r\n' + get('/never'))
    await until('asked', () => t.asked.length === 1)
    gate.open()
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/none at \/1HTTP[^]*none at \/2HTTP\/1\.1 400 Bad Request\r\n[^]*Content-Type: application\/json\r\n[^]*Connection: close\r\n[^]*\r\n\r\n\{"error":"bad_[a-z_]+","message":"[^"]+"\}\n$/)
    expect(t.asked.map(r => r.target)).toEqual(['/1', '/2'])
  })

  it('can be read by a client that goes on sending', async () => {
    const t = await startEcho()
    const client = await t.open()
    client.write('BAD\r\n\r\n' + 'x'.repeat(300_000))
    await client.until(/"error"/)
    expect(await client.closed).toBe('end')
    expect(t.listener.connections()).toBe(1)
    t.clock.advance(6_000)
    await until('gone', () => t.listener.connections() === 0)
  })

  it('do not listen for ever', async () => {
    const t = await startEcho()
    const client = await t.open()
    client.write('BAD\r\n\r\n')
    await client.until(/"error"/)
    client.socket.on('error', () => undefined)
    client.write('x'.repeat(3_000_000))
    await until('gone', () => t.listener.connections() === 0)
  })

  it('know the fields of a request whose body is refused', async () => {
    const t = await startEcho({ body: 1 })
    const client = await t.open()
    client.write(post('Content-Length: 5\r\nAccept: text/html'))
    await client.until(/Content-Type: text\/plain[^]*413: [^]*\(body_too_large\)\n$/)
  })
})

describe('deadlines', () => {
  it('a head that takes too long is answered 408', async () => {
    const t = await startEcho({ headerTimeout: 5_000 })
    const client = await t.open()
    client.write(get('/1') + 'GET /')
    await client.until(/\/1$/)
    t.clock.advance(4_000)
    client.write('slow')
    await turns()
    t.clock.advance(2_000)
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/HTTP\/1\.1 408 [^]*"error":"header_timeout"/)
  })

  it('an idle connection is closed without a word', async () => {
    const t = await startEcho({ idle: 5_000 })
    const client = await t.open()
    client.write(get('/1'))
    await client.until(/\/1$/)
    const before = client.text()
    t.clock.advance(6_000)
    expect(await client.closed).toBe('end')
    expect(client.text()).toBe(before)
  })

  it('one that waits for its answer is not', async () => {
    const gate = barrier()
    const t = await startEcho({ idle: 5_000, headerTimeout: 1_000 }, async request => { await gate.passed; return echo(request) })
    const client = await t.open()
    client.write(get('/1'))
    await until('asked', () => t.asked.length === 1)
    t.clock.advance(100_000)
    gate.open()
    await client.until(/\/1$/)
  })
})

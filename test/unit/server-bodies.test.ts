/** Request bodies as they come over the wire: whole, cut, malformed, held back, and ones nobody reads. */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { echo, get, post, startEcho } from '../support/echo.js'
import { cleanUp, readAll, text, turns } from '../support/listener.js'
import type { ProxyResponse } from '../../src/core/types.js'

cleanUp()

const CHUNKED = 'Transfer-Encoding: chunked'

describe('bodies', () => {
  it('come whole, by length and in chunks, and end where they end', async () => {
    const t = await startEcho()
    const client = await t.open()
    client.write(post('Content-Length: 3', 'abc') + post(CHUNKED, '2;x=y\r\nde\r\n1\r\nf\r\n0\r\nT: v\r\n\r\n') + post('Content-Length: 0') + get('/next'))
    const all = await client.until(/none at \/next$/)
    expect(all.match(/<.*?>|none at \S+/g)).toEqual(['<abc>', '<def>', 'none at /HTTP/1.1', 'none at /next'])
    expect(t.asked.map(r => r.body?.length)).toEqual([3, undefined, undefined, undefined])
  })

  it('come whole one byte at a time', async () => {
    const t = await startEcho()
    const client = await t.open()
    for (const byte of post(CHUNKED, '2\r\nde\r\n1\r\nf\r\n0\r\n\r\n')) {
      client.write(byte)
      await turns(1)
    }
    await client.until(/<def>/)
  })

  it('are pulled: the socket waits while nobody reads', async () => {
    const gate = barrier()
    const t = await startEcho({}, async request => { await gate.passed; return echo(request) })
    const client = await t.open()
    const size = 4_000_000
    client.write(post(`Content-Length: ${size}`))
    client.write('x'.repeat(size))
    await until('a standstill', async () => {
      const before = t.counters.bytesIn
      await turns()
      return before > 0 && before === t.counters.bytesIn
    })
    expect(t.counters.bytesIn).toBeLessThan(300_000)
    gate.open()
    await until('the echo', () => client.text().endsWith('>'))
    expect(client.text()).toContain(`Content-Length: ${size + 2}\r\n`)
  })

  it('made of tiny chunks are joined', async () => {
    const sizes: number[] = []
    const t = await startEcho({}, async request => {
      for (;;) {
        const chunk = await request.body!.reader.read()
        if (chunk === null) return text('done')
        sizes.push(chunk.length)
      }
    })
    const client = await t.open()
    client.write(post(CHUNKED, '1\r\na\r\n'.repeat(1000) + '0\r\n\r\n'))
    await client.until(/done$/)
    expect(sizes.reduce((a, b) => a + b)).toBe(1000)
    expect(sizes.length).toBeLessThan(10)
  })

  it('that turn malformed reject the read, answer, and end the connection', async () => {
    const first = barrier()
    const t = await startEcho({}, async request => {
      await request.body!.reader.read()
      first.open()
      return echo(request)
    })
    const client = await t.open()
    client.write(post(CHUNKED, '2\r\nab\r\n'))
    await first.passed
    client.write('zz\r\n' + get('/never'))
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/^HTTP\/1\.1 400 [^]*Connection: close[^]*!bad_chunk$/)
    expect(t.asked).toHaveLength(1)
  })

  it('malformed from the start never reach the core', async () => {
    const t = await startEcho()
    const client = await t.open()
    client.write(post(CHUNKED, 'zz\r\n'))
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/^HTTP\/1\.1 400 [^]*"error":"bad_chunk"/)
    expect(t.asked).toHaveLength(0)
  })

  it('cut by the client\'s end reject the read; it still gets the answer', async () => {
    const t = await startEcho()
    const client = await t.open()
    client.write(post('Content-Length: 5', 'ab'))
    await until('asked', () => t.asked.length === 1)
    client.socket.end()
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/!body_cut$/)
  })

  it('cut by a reset reject the read', async () => {
    const seen = barrier()
    const codes: unknown[] = []
    const t = await startEcho({}, async request => {
      request.onGone = why => { codes.push((why as { code?: string }).code) }
      await readAll(request).catch((error: { code?: string }) => { codes.push(error.code) })
      seen.open()
      return text('x')
    })
    const client = await t.open()
    client.write(post('Content-Length: 5', 'ab'))
    await until('asked', () => t.asked.length === 1)
    client.socket.resetAndDestroy()
    await seen.passed
    expect(codes).toEqual(['client_gone', 'client_gone'])
  })

  it('that do not move fail in time', async () => {
    const t = await startEcho({ bodyTimeout: 5_000 })
    const client = await t.open()
    client.write(post('Content-Length: 5', 'a'))
    await until('asked', () => t.asked.length === 1)
    await turns()
    t.clock.advance(4_000)
    client.write('b')
    await until('more', () => t.counters.bytesIn > 0 && t.counters.bytesIn === post('Content-Length: 5', 'ab').length)
    await turns()
    t.clock.advance(4_000)
    expect(client.text()).toBe('')
    t.clock.advance(2_000)
    await client.until(/!body_timeout$/)
  })

  it('may wait as long as their reader likes', async () => {
    const gate = barrier()
    const t = await startEcho({ bodyTimeout: 5_000 }, async request => {
      const first = await request.body!.reader.read()
      await gate.passed
      return text(`${String(first)}${await readAll(request)}`)
    })
    const client = await t.open()
    client.write(post('Content-Length: 2'))
    await until('asked', () => t.asked.length === 1)
    client.write('a')
    await turns()
    t.clock.advance(100_000)
    gate.open()
    client.write('b')
    await client.until(/\r\n\r\nab$/)
  })

  it.each([
    ['announced', post('Content-Length: 11', 'x'), 'HTTP/1.1 413'],
    ['in chunks', post(CHUNKED, '6\r\n123456\r\n6\r\n123456\r\n'), 'HTTP/1.1 413']
  ])('too large, %s, are refused', async (_, request, wanted) => {
    const t = await startEcho({ body: 10 })
    const client = await t.open()
    client.write(request)
    expect(await client.closed).toBe('end')
    expect(client.text()).toContain(wanted)
    expect(client.text()).toContain('body_too_large')
    expect(t.asked).toHaveLength(0)
  })
})

describe('Expect: 100-continue', () => {
  const expecting = post('Content-Length: 3\r\nExpect: 100-continue')
  it('is answered when the body is read, not before', async () => {
    const gate = barrier()
    const t = await startEcho({}, async request => { await gate.passed; return echo(request) })
    const client = await t.open()
    client.write(expecting)
    await until('asked', () => t.asked.length === 1)
    await turns()
    expect(client.text()).toBe('')
    gate.open()
    expect(await client.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    for (const byte of 'abc') {
      client.write(byte)
      await turns()
    }
    const all = await client.until(/HTTP\/1\.1 200[^]*<abc>$/)
    expect(all.match(/100 Continue/g)).toHaveLength(1)
    client.write(get('/kept'))
    await client.until(/kept$/)
  })

  it('is left out where the body is there, and closes where nobody wants it', async () => {
    const t = await startEcho({}, request => request.target === '/' ? echo(request) : Promise.resolve(text('no')))
    const eager = await t.open()
    eager.write(expecting + 'abc')
    expect(await eager.until(/<abc>$/)).not.toContain('100 Continue')
    const unwanted = await t.open()
    unwanted.write(expecting.replace('/', '/unwanted'))
    expect(await unwanted.closed).toBe('end')
    expect(unwanted.text()).toMatch(/^HTTP\/1\.1 200 [^]*Connection: close[^]*no$/)
  })
})

describe('a body nobody reads', () => {
  const ignore = async (): Promise<ProxyResponse> => text('ignored')
  it.each([
    ['by length', (body: string) => post(`Content-Length: ${body.length}`, body)],
    ['in chunks', (body: string) => post(CHUNKED, `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)]
  ])('%s is read past when small', async (_, made) => {
    const t = await startEcho({}, ignore)
    const client = await t.open()
    const sent = made('x'.repeat(10_000))
    client.write(sent.slice(0, 5_000))
    await client.until(/ignored$/)
    client.write(sent.slice(5_000) + get('/'))
    await client.until(/ignored[^]*ignored$/)
  })

  it('is not awaited when large: the answer says close, and can be read', async () => {
    const t = await startEcho({}, ignore)
    const client = await t.open()
    client.write(post('Content-Length: 500000', 'x'.repeat(1000)))
    await client.until(/Connection: close[^]*ignored$/)
    client.write('x'.repeat(400_000))
    expect(await client.closed).toBe('end')
  })

  it('is given up when it turns out large', async () => {
    const t = await startEcho({}, ignore)
    const client = await t.open()
    client.write(post(CHUNKED, 'fffff\r\nx'))
    await client.until(/ignored$/)
    client.write('x'.repeat(200_000))
    expect(await client.closed).toBe('end')
  })

  it('is given up when it does not come', async () => {
    const t = await startEcho({ bodyTimeout: 1_000 }, ignore)
    const client = await t.open()
    client.write(post('Content-Length: 500', 'x'))
    await client.until(/ignored$/)
    t.clock.advance(2_000)
    expect(await client.closed).toBe('end')
  })

  it('rejects the read that waits when the answer is over', async () => {
    const codes: unknown[] = []
    const t = await startEcho({}, async request => {
      request.body!.reader.read().catch((error: { code?: string }) => { codes.push(error.code) })
      return text('early')
    })
    const client = await t.open()
    client.write(post('Content-Length: 2'))
    await client.until(/early$/)
    client.write('ab' + post('Content-Length: 1', 'c'))
    await client.until(/early[^]*early$/)
    expect(codes).toEqual(['abandoned'])
  })

  it('rejects reads after it was cancelled', async () => {
    const t = await startEcho({}, async request => {
      request.body!.reader.cancel(new Error('enough'))
      return text(await request.body!.reader.read().then(() => 'read', () => 'rejected'))
    })
    const client = await t.open()
    client.write(post('Content-Length: 2', 'ab') + get('/'))
    await client.until(/rejected/)
  })
})

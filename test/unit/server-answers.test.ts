/** Answers as they go over the wire: framing, order, persistence, streams, clients that stall or leave. */
import { describe, expect, it } from 'vitest'
import { SeawallError } from '../../src/core/errors.js'
import { barrier, until } from '../support/barrier.js'
import { bytes, cleanUp, response, source, startListener, text, turns } from '../support/listener.js'
import type { ProxyResponse } from '../../src/core/types.js'

cleanUp()

const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${more}\r\n`
const old = (target: string, more = ''): string => `GET ${target} HTTP/1.0\r\n${more}\r\n`
const byTarget = async (): Promise<Awaited<ReturnType<typeof startListener>>> => startListener({ tryHit: r => text(`body of ${r.target}`, { outcome: 'hit', tail: 'Age: 1\r\n' }) })

describe('framing', () => {
  it('writes a hit as one answer and keeps the connection', async () => {
    const t = await byTarget()
    const client = await t.open()
    client.write(get('/1'))
    await client.until(/body of \/1/)
    client.write(get('/2'))
    expect(await client.until(/body of \/2/)).toBe(
      'HTTP/1.1 200 X\r\nA: b\r\nAge: 1\r\nContent-Length: 10\r\n\r\nbody of /1' +
      'HTTP/1.1 200 X\r\nA: b\r\nAge: 1\r\nContent-Length: 10\r\n\r\nbody of /2')
  })

  it.each<[string, string, Partial<ProxyResponse> & { body: ProxyResponse['body'] }, string]>([
    ['announces what HEAD does without', 'HEAD', { body: bytes('1234') }, 'Content-Length: 4\r\n\r\n'],
    ['announces an unread length', 'HEAD', { body: { kind: 'none', length: 9 } }, 'Content-Length: 9\r\n\r\n'],
    ['announces nothing unknown on HEAD', 'HEAD', { body: { kind: 'none' } }, '\r\n'],
    ['gives an empty answer a length', 'GET', { body: { kind: 'none' } }, 'Content-Length: 0\r\n\r\n'],
    ['never announces content that will not come', 'GET', { body: { kind: 'none', length: 9 } }, 'Content-Length: 0\r\n\r\n'],
    ['keeps 204 bare', 'GET', { status: 204, body: bytes('xx') }, '\r\n'],
    ['keeps 304 bare', 'GET', { status: 304, body: { kind: 'none' } }, '\r\n'],
    ['announces on a 304', 'GET', { status: 304, body: { kind: 'none', length: 7 } }, 'Content-Length: 7\r\n\r\n'],
    ['takes binary heads', 'GET', { head: Buffer.from('HTTP/1.1 200 X\r\nB: \xe9\r\n', 'latin1'), body: bytes('\xe9') }, 'Content-Length: 1\r\n\r\n\xe9'],
    ['gathers large answers', 'GET', { head: Buffer.from('HTTP/1.1 200 X\r\n'), body: bytes('a'.repeat(3000), 'b'.repeat(3000)) }, `Content-Length: 6000\r\n\r\n${'a'.repeat(3000)}${'b'.repeat(3000)}`]
  ])('%s', async (_, method, answer, wanted) => {
    const t = await startListener({ tryHit: r => r.target === '/end' ? text('end') : response(answer.body, answer) })
    const client = await t.open()
    client.write(`${method} / HTTP/1.1\r\nHost: h\r\n\r\n${get('/end')}`)
    const all = await client.until(/end$/)
    const head = Buffer.from(response(answer.body, answer).head as string, 'latin1').toString('latin1')
    expect(all.slice(0, all.lastIndexOf('HTTP/1.1'))).toBe(head + wanted)
  })

  it('sends a stream without length in chunks, as they come', async () => {
    const s = source()
    const t = await startListener({ handle: async () => response(s.body) })
    const client = await t.open()
    client.write(get('/'))
    s.push('one')
    await client.until(/Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n$/)
    s.push('x'.repeat(16))
    s.push(null)
    expect(await client.until(/0\r\n\r\n$/)).toContain('3\r\none\r\n10\r\nxxxxxxxxxxxxxxxx\r\n0\r\n\r\n')
  })

  it('sends a stream with length plain, and pieces a large body', async () => {
    const large = 'y'.repeat(1_000_000) + 'z'
    const s = source(6)
    const t = await startListener({ handle: async r => r.target === '/s' ? response(s.body) : text(large) })
    const client = await t.open()
    client.write(get('/s') + get('/l'))
    s.push('abc')
    s.push('def')
    s.push(null)
    await until('both answers', () => client.text().endsWith('yz'))
    const all = client.text()
    expect(all).toContain('Content-Length: 6\r\n\r\nabcdefHTTP/1.1 200')
    expect(t.answered.map(a => a.end.complete)).toEqual([true, true])
    expect(t.answered.map(a => a.end.bytes).reduce((a, b) => a + b)).toBe(all.length)
  })

  it('does not read what HEAD has no use for', async () => {
    const s = source(4)
    const t = await startListener({ handle: async () => response(s.body) })
    const client = await t.open()
    client.write('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.until(/Content-Length: 4\r\n\r\n$/)
    await s.cancelled.passed
    expect(s.reads).toBe(0)
  })
})

describe('persistence', () => {
  it('HTTP/1.0 closes, and delimits a stream without length by that', async () => {
    const s = source()
    const t = await startListener({ handle: async () => response(s.body) })
    const client = await t.open()
    client.write(old('/', 'Connection: keep-alive\r\n'))
    s.push('abc')
    s.push(null)
    expect(await client.closed).toBe('end')
    expect(client.text()).toBe('HTTP/1.1 200 X\r\nA: b\r\nConnection: close\r\n\r\nabc')
  })

  it('HTTP/1.0 is kept where it asks for that', async () => {
    const t = await byTarget()
    const client = await t.open()
    client.write(old('/1', 'Connection: keep-alive\r\n') + old('/2'))
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/Connection: keep-alive\r\n[^]*body of \/1HTTP[^]*Connection: close\r\n[^]*body of \/2$/)
  })

  it.each([
    ['the request', get('/', 'Connection: close\r\n'), {}],
    ['the answer', get('/'), { close: true }]
  ])('%s may end it', async (_, request, more) => {
    const t = await startListener({ tryHit: () => text('x', more) })
    const client = await t.open()
    client.write(request + get('/never'))
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/Connection: close\r\n[^]*\r\n\r\nx$/)
    expect(t.asked.map(r => r.target)).toEqual(['/'])
  })

  it('answers a half-closed client in full, then ends', async () => {
    const gate = barrier()
    const t = await startListener({
      handle: async r => {
        await gate.passed
        return text(r.target)
      }
    })
    const client = await t.open()
    client.socket.end(get('/1') + get('/2'))
    await until('asked', () => t.asked.length === 1)
    await turns()
    gate.open()
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/\/1HTTP[^]*Connection: close[^]*\/2$/)
    await until('gone', () => t.listener.connections() === 0)
  })

  it('ends behind an answer that was on its way when the client closed its half', async () => {
    const s = source()
    const t = await startListener({ handle: async () => response(s.body) })
    const client = await t.open()
    client.write(get('/'))
    s.push('abc')
    await client.until(/abc/)
    client.socket.end()
    await turns()
    s.push(null)
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/0\r\n\r\n$/)
  })

  it('leaves a half-closed client with part of a head, without a word', async () => {
    const t = await byTarget()
    const client = await t.open()
    client.socket.end(get('/1') + 'GET /2 HT')
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/body of \/1$/)
  })
})

describe('pipelining', () => {
  it('answers in order, one at a time, a slow first holding the rest', async () => {
    const slow = barrier()
    const t = await startListener({
      tryHit: r => r.target === '/slow' ? undefined : text(r.target),
      handle: async r => {
        await slow.passed
        return text(r.target)
      }
    })
    const client = await t.open()
    client.write(get('/slow') + get('/a') + get('/b'))
    await until('asked', () => t.asked.length > 0)
    client.write(get('/c'))
    expect(t.asked.map(r => r.target)).toEqual(['/slow'])
    slow.open()
    const all = await client.until(/\/c$/)
    expect(all.match(/\/(slow|a|b|c)/g)).toEqual(['/slow', '/a', '/b', '/c'])
  })

  it('lets others have their turn after `pipelined` answers', async () => {
    const order: string[] = []
    const t = await startListener({
      tryHit: r => {
        order.push(r.target)
        if (order.length === 1) setImmediate(() => order.push('turn'))
        return text(r.target)
      }
    }, { pipelined: 3 })
    const client = await t.open()
    client.write(['/1', '/2', '/3', '/4', '/5', '/6', '/7'].map(p => get(p)).join(''))
    await client.until(/\/7$/)
    expect(order).toEqual(['/1', '/2', '/3', 'turn', '/4', '/5', '/6', '/7'])
  })

  it('stops reading while more than a head waits, and reads it all in the end', async () => {
    const slow = barrier()
    const t = await startListener({ tryHit: r => r.target === '/slow' ? undefined : text('.'), handle: async () => { await slow.passed; return text('S') } })
    const client = await t.open()
    const count = 4000
    client.write(get('/slow'))
    await until('asked', () => t.asked.length === 1)
    client.write(get('/', `X: ${'x'.repeat(4000)}\r\n`).repeat(count))
    await until('a standstill', async () => {
      const before = t.counters.bytesIn
      await turns()
      return before > 0 && t.counters.bytesIn === before
    })
    expect(t.counters.bytesIn).toBeLessThan(1_000_000)
    slow.open()
    await until('all answers', () => t.answered.length === count + 1)
  })
})

describe('what breaks', () => {
  it('a stream that fails after its head resets the connection', async () => {
    const s = source()
    const t = await startListener({ handle: async () => response(s.body) })
    const client = await t.open()
    client.write(get('/'))
    s.push('abc')
    await client.until(/abc/)
    s.fail(new SeawallError('origin_reset'))
    expect(await client.closed).toBe('reset')
    expect(t.answered[0]!.end.complete).toBe(false)
  })

  it.each([['fewer', 'ab'], ['more', 'abcde']])('a stream with %s bytes than announced resets it, too', async (_, sent) => {
    const s = source(4)
    const t = await startListener({ handle: async () => response(s.body) })
    const client = await t.open()
    client.write(get('/'))
    await client.until(/Content-Length: 4/)
    s.push(sent)
    if (sent.length < 4) await client.until(/ab$/)
    s.push(null)
    expect(await client.closed).toBe('reset')
    await s.cancelled.passed
  })

  it('a client that leaves is told of once, and its stream is cancelled', async () => {
    const s = source()
    const gone: Error[] = []
    const t = await startListener({
      handle: async r => {
        r.onGone = why => { gone.push(why) }
        return response(s.body)
      }
    })
    const client = await t.open()
    client.write(get('/'))
    s.push('abc')
    await client.until(/abc/)
    client.socket.resetAndDestroy()
    await s.cancelled.passed
    expect(s.cancelled.why).toMatchObject({ code: 'client_gone' })
    await until('gone', () => t.listener.connections() === 0)
    expect(gone).toMatchObject([{ code: 'client_gone' }])
    expect(t.counters.connectionsOpen).toBe(0)
  })

  it('an answer for a client that has left is let go', async () => {
    const s = source()
    const gate = barrier()
    const t = await startListener({ handle: async () => { await gate.passed; return response(s.body) } })
    const client = await t.open()
    client.write(get('/'))
    await until('asked', () => t.asked.length === 1)
    client.socket.resetAndDestroy()
    await until('gone', () => t.listener.connections() === 0)
    gate.open()
    await s.cancelled.passed
    expect(t.answered).toMatchObject([{ response: undefined, end: { complete: false } }])
  })

  it('is silent about clients that leave after their answer', async () => {
    const gone: Error[] = []
    const t = await startListener({ handle: async r => { r.onGone = why => { gone.push(why) }; return text('x') } })
    const client = await t.open()
    client.write(get('/'))
    await client.until(/x$/)
    client.socket.resetAndDestroy()
    await until('gone', () => t.listener.connections() === 0)
    expect(gone).toEqual([])
  })

  it('a core that throws costs a 500 and the connection', async () => {
    const t = await startListener({ tryHit: r => { if (r.target === '/throw') throw new Error('x'); return undefined }, handle: async () => { throw new Error('y') } })
    for (const target of ['/throw', '/reject']) {
      const client = await t.open()
      client.write(get(target))
      expect(await client.closed).toBe('end')
      expect(client.text()).toMatch(/^HTTP\/1\.1 500 [^]*"error":"internal"/)
    }
  })
})

describe('interim answers', () => {
  it('go out before the head, on HTTP/1.1 only', async () => {
    const t = await startListener({
      handle: async r => {
        r.interim(103, ['Link', '</x>'])
        r.interim(101, [])
        setImmediate(() => { r.interim(102, []) })
        return text('x')
      }
    })
    const client = await t.open()
    client.write(get('/'))
    await client.until(/x$/)
    client.write(old('/'))
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/^HTTP\/1\.1 103 [^\r]*\r\nLink: <\/x>\r\n\r\nHTTP\/1\.1 200[^]*\r\n\r\nxHTTP\/1\.1 200[^]*\r\n\r\nx$/)
  })
})

it('counts', async () => {
  const t = await byTarget()
  const client = await t.open()
  const sent = get('/1') + get('/2')
  client.write(sent)
  await client.until(/\/2$/)
  client.write('BAD\r\n\r\n')
  await client.closed
  expect(t.counters.requests).toMatchObject({ hit: 2, refused: 1 })
  expect(t.counters.statuses).toEqual([0, 0, 2, 0, 1, 0])
  expect(t.counters.hitTime.counts[0]).toBe(2)
  expect([...t.counters.refusals]).toEqual([['bad_request_line', 1]])
  expect(t.counters.bytesIn).toBe(sent.length + 7)
  expect(t.counters.bytesOut).toBe(client.text().length)
  expect(t.counters.connections).toBe(1)
})

/** src/origin/contract.ts: what goes out and what comes back. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import type { OriginRequest } from '../../src/origin/contract.js'
import { barrier } from '../support/barrier.js'
import { HEAD_END, HI, OK, always, bench, codeOf, turns, whole } from '../support/origins.js'

describe('a request', () => {
  it('goes out byte for byte, with the Host it was given', async () => {
    const { origin, ask } = await bench(always(HI))
    await ask({ target: '/a%2fb?q=\xe9', headers: ['Host', 'site.example', 'X-Odd', 'caf\xe9', 'x-odd', ''] }).answer
    expect(origin.peers[0]!.received()).toBe('GET /a%2fb?q=\xe9 HTTP/1.1\r\nhost: site.example\r\nconnection: keep-alive\r\nX-Odd: caf\xe9\r\nx-odd: \r\n\r\n')
  })

  it.each([
    [{ target: '*' }, 'bad_target'],
    [{ target: 'http://elsewhere/' }, 'bad_target'],
    [{ target: '/a b' }, 'bad_target'],
    [{ target: '/\u0100' }, 'bad_target'],
    [{ method: 'CONNECT' }, 'method_refused'],
    [{ method: 'G T' }, 'bad_method'],
    [{ headers: ['a b', 'c'] }, 'bad_field_name'],
    [{ headers: ['a', 'b\r\nc: d'] }, 'bad_field_value'],
    [{ headers: ['Host', 'a', 'Host', 'b'] }, 'host_repeated'],
    [{ headers: ['Transfer-Encoding', 'chunked'] }, 'bad_transfer_encoding'],
    [{ headers: ['Content-Length', 'x'] }, 'bad_content_length'],
    [{ headers: ['Connection', 'a b'] }, 'bad_connection'],
    [{ headers: ['Keep-Alive', 'x'] }, 'bad_connection'],
    [{ headers: ['Upgrade', 'x'] }, 'bad_connection'],
    [{ headers: ['Expect', '100-continue'] }, 'bad_expect']
  ] as [Partial<OriginRequest>, string][])('that cannot be written is the client\'s: %j', async (request, code) => {
    const { origin, ask, counters } = await bench(always(HI))
    expect(await codeOf(ask(request).answer)).toBe(code)
    expect(await codeOf(ask().answer)).toBe('no failure')
    expect(origin.peers.map(peer => peer.received().length > 0)).toEqual([true])
    expect(counters.originErrors.size).toBe(0)
  })
})

describe('an answer', () => {
  it('carries its head as received and its times', async () => {
    const { ask, counters } = await bench(always(`${OK}X-Empty:\r\nSet-Cookie: a\r\nset-cookie: caf\xe9\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi`))
    const before = systemClock.now()
    const answer = await ask().answer
    expect(answer).toMatchObject({ status: 200, framing: 'length', length: 2 })
    expect(answer.headers).toEqual(['X-Empty', '', 'Set-Cookie', 'a', 'set-cookie', 'caf\xe9', 'Content-Length', '2', 'Connection', 'keep-alive'])
    expect(answer.askedAt).toBeGreaterThanOrEqual(before)
    expect(answer.answeredAt).toBeGreaterThanOrEqual(answer.askedAt)
    expect(await whole(answer.body)).toBe('hi')
    expect(await answer.body.read()).toBe(null)
    expect(counters.originRequests.get('api')).toBe(1)
    expect(counters.originTime.counts.reduce((a, b) => a + b)).toBe(1)
  })

  it.each([
    ['chunked', `${OK}Transfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n1;x=y\r\n!\r\n0\r\nTrailer: x\r\n\r\n`, 'hi!', undefined],
    ['length', `${OK}Content-Length: 0\r\n\r\n`, '', 0],
    ['none', 'HTTP/1.1 204 No Content\r\n\r\n', '', undefined]
  ])('framed by %s leaves the connection usable', async (framing, bytes, body, length) => {
    const { origin, ask } = await bench(always(bytes))
    for (let i = 0; i < 3; i++) {
      const answer = await ask().answer
      expect(answer).toMatchObject({ framing, length })
      expect(await whole(answer.body)).toBe(body)
    }
    expect(origin.peers).toHaveLength(1)
  })

  it('to HEAD leaves the connection usable and has no body', async () => {
    const { origin, ask } = await bench(always(`${OK}Content-Length: 1000\r\n\r\n`))
    for (let i = 0; i < 3; i++) {
      const answer = await ask({ method: 'HEAD' }).answer
      expect(answer).toMatchObject({ framing: 'none', length: 1000 })
      expect(await answer.body.read()).toBe(null)
    }
    expect(origin.peers).toHaveLength(1)
  })

  it.each([['304 Not Modified', 10], ['204 No Content', 0]])('%s with Content-Length is complete at its head', async (status, length) => {
    const { ask, counters } = await bench(always(`HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\n\r\n`))
    for (let i = 0; i < 3; i++) {
      const answer = await ask({ headers: ['Host', 'a', 'If-None-Match', '"x"'] }).answer
      expect(answer).toMatchObject({ framing: 'none', length })
      expect(await answer.body.read()).toBe(null)
    }
    expect(counters.originErrors.size).toBe(0)
  })

  it('that ends with its connection says so', async () => {
    const { ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.socket.end(`${OK}\r\nto the end`)
    })
    const answer = await ask().answer
    expect(answer).toMatchObject({ framing: 'close', length: undefined })
    expect(await whole(answer.body)).toBe('to the end')
  })

  it('may be preceded by interim ones', async () => {
    const { ask } = await bench(always(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${HI}`))
    const interim: unknown[] = []
    const answer = await ask({ onInterim: (status, headers) => interim.push([status, headers]) }).answer
    expect(interim).toEqual([[103, ['Link', '</a>']], [102, []]])
    expect(await whole(answer.body)).toBe('hi')
  })

  it.each([['at once', false], ['a byte at a time', true]])('may be preceded by a 100 that nobody asked for, said %s (RFC 9110 §15.2)', async (_, slowly) => {
    const SAID = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Go on\r\nX: y\r\n\r\n${HI}`
    const { origin, ask } = await bench(async peer => {
      for (;;) {
        await peer.expect(HEAD_END)
        if (!slowly) peer.say(SAID)
        else for (const byte of SAID) {
          peer.say(byte)
          await turns(2)
        }
      }
    })
    for (let i = 0; i < 2; i++) {
      const interim: unknown[] = []
      const answer = await ask({ onInterim: status => interim.push(status) }).answer
      expect(interim).toEqual([103])
      expect(await whole(answer.body)).toBe('hi')
    }
    expect(origin.peers).toHaveLength(1)
  })

  it('may have blanks behind its values, which are no part of them (RFC 9112 §5)', async () => {
    const { ask } = await bench(always('HTTP/1.1 200 OK\r\nA: b \t \r\nB:\t\r\nContent-Length: 2 \r\n\r\nhi'))
    const answer = await ask().answer
    expect(answer.headers).toEqual(['A', 'b', 'B', '', 'Content-Length', '2'])
    expect(await whole(answer.body)).toBe('hi')
  })

  it.each([
    ['another length', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi`],
    ['the same length twice', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`],
    ['a list of lengths', `${OK}Content-Length: 2, 2\r\n\r\nhi`],
    ['a signed length', `${OK}Content-Length: +2\r\n\r\nhi`],
    ['no length', `${OK}Content-Length:\r\n\r\n`],
    ['a length past counting', `${OK}Content-Length: 99999999999999999\r\n\r\n`],
    ['length and chunked', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`],
    ['chunked twice', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`],
    ['gzip, chunked', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`],
    ['chunked, gzip', `${OK}Transfer-Encoding: chunked, gzip\r\n\r\n`],
    ['a coding unknown', `${OK}Transfer-Encoding: x\r\n\r\nhi`],
    ['status 99', 'HTTP/1.1 099 X\r\n\r\n'],
    ['status 600', 'HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n'],
    ['status 999', 'HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n'],
    ['an unasked 101', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
    ['an unasked bare 101', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['a control byte', `${OK}A: b\x01c\r\nContent-Length: 0\r\n\r\n`],
    ['a delete byte', `${OK}A: b\x7fc\r\nContent-Length: 0\r\n\r\n`],
    ['a bare CR', `${OK}A: b\rc\r\nContent-Length: 0\r\n\r\n`],
    ['a bare LF', `${OK}A: b\nC: d\r\nContent-Length: 0\r\n\r\n`],
    ['a space before the colon', `${OK}A : b\r\nContent-Length: 0\r\n\r\n`],
    ['a folded line', `${OK}A: b\r\n c\r\nContent-Length: 0\r\n\r\n`],
    ['an interim with a control byte', `HTTP/1.1 103 X\r\nA: \x7f\r\n\r\n${HI}`],
    ['too many fields', `${OK}${'A: b\r\n'.repeat(257)}Content-Length: 0\r\n\r\n`],
    ['a head without end', `${OK}A: ${'b'.repeat(64 * 1024)}`],
    ['no HTTP', 'hello\r\n\r\n'],
    ['an absurd chunk size', `${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`]
  ])('with %s is invalid, and its connection is not used again', async (_, bytes) => {
    const { origin, ask, counters } = await bench(async (peer, index) => {
      await peer.expect(HEAD_END)
      peer.say(index === 0 ? bytes : HI)
    })
    const first = ask().answer
    expect(await codeOf(first.then(answer => whole(answer.body)))).toBe('origin_invalid')
    await origin.peers[0]!.gone
    expect(await whole((await ask().answer).body)).toBe('hi')
    expect(origin.peers).toHaveLength(2)
    expect([...counters.originErrors]).toEqual([['api origin_invalid', 1]])
  })

  it.each([
    ['length', `${OK}Content-Length: 10\r\n\r\nhello`],
    ['length, to be closed', `${OK}Connection: close\r\nContent-Length: 10\r\n\r\nhello`],
    ['chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
    ['a chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n50\r\nhello`],
    ['chunks, to be closed', `${OK}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
    ['trailers', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n`]
  ])('cut short in its %s is never whole', async (_, bytes) => {
    for (const how of ['end', 'reset'] as const) {
      const read = barrier()
      const { ask, counters } = await bench(async peer => {
        await peer.expect(HEAD_END)
        peer.say(bytes)
        await read.passed
        if (how === 'end') peer.socket.end()
        else peer.socket.resetAndDestroy()
      })
      const answer = await ask().answer
      expect(Buffer.from((await answer.body.read())!).toString()).toBe('hello')
      const rest = answer.body.read()
      read.open()
      expect(await codeOf(rest)).toBe('origin_reset')
      expect(await codeOf(answer.body.read())).toBe('origin_reset')
      expect(counters.originErrors.get('api origin_reset')).toBe(1)
    }
  })

  it('that ends with its connection is broken by a reset, not ended', async () => {
    const read = barrier()
    const { ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(`${OK}\r\nhello`)
      await read.passed
      peer.socket.resetAndDestroy()
    })
    const answer = await ask().answer
    await answer.body.read()
    const rest = answer.body.read()
    read.open()
    expect(await codeOf(rest)).toBe('origin_reset')
  })
})

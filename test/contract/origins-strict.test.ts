/** src/origin/contract.ts: answers that two readers could take for different ones. None is whole, and none leaves a connection. */
import { describe, expect, it } from 'vitest'
import type { OriginRequest } from '../../src/origin/contract.js'
import { manualClock } from '../support/clock.js'
import { HEAD_END, HI, OK, always, bench, codeOf, turns, whole } from '../support/origins.js'

const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const BODY = 'Content-Length: 2\r\n\r\nhi'
const ETAG = { headers: ['Host', 'a', 'If-None-Match', '"x"'] }

/** Says `bytes` to the first connection's request, something good to all others; checks that the first is given up. */
async function refuses (bytes: string, request: Partial<OriginRequest> = {}, split = false): Promise<void> {
  const { origin, ask, counters } = await bench(async (peer, index) => {
    await peer.expect(HEAD_END)
    if (index === 0 && split) {
      peer.socket.setNoDelay(true)
      for (const byte of bytes) {
        peer.say(byte)
        await turns(2)
      }
    } else peer.say(index === 0 ? bytes : HI)
  })
  expect(await codeOf(ask(request).answer.then(answer => whole(answer.body)))).toBe('origin_invalid')
  await origin.peers[0]!.gone
  expect(await whole((await ask().answer).body)).toBe('hi')
  expect(origin.peers).toHaveLength(2)
  expect([...counters.originErrors]).toEqual([['api origin_invalid', 1]])
}

describe('a status line', () => {
  it.each([
    ['HTTP/2.0', 'HTTP/2.0 200 OK'], ['HTTP/1.2', 'HTTP/1.2 200 OK'], ['HTTP/0.9', 'HTTP/0.9 200 OK'], ['HTTP/1.10', 'HTTP/1.10 200 OK'],
    ['small letters', 'http/1.1 200 OK'], ['RTSP', 'RTSP/1.0 200 OK'], ['ICY', 'ICY 200 OK'], ['two blanks', 'HTTP/1.1  200 OK'],
    ['a tab', 'HTTP/1.1\t200 OK'], ['four digits', 'HTTP/1.1 2000 OK'], ['two digits', 'HTTP/1.1 20 OK'], ['no blank', 'HTTP/1.1 200OK'],
    ['a control byte', 'HTTP/1.1 200 O\x01K'], ['NUL', 'HTTP/1.1 200 O\0K'], ['a bare CR', 'HTTP/1.1 200 O\rK'], ['a bare LF', 'HTTP/1.1 200 OK\nA: b'],
    ['a blank line before it', '\r\nHTTP/1.1 200 OK'], ['a line feed before it', '\nHTTP/1.1 200 OK'], ['something before it', 'xHTTP/1.1 200 OK'],
    ['a long reason', `HTTP/1.1 200 ${'x'.repeat(2000)}`],
    ['another protocol behind an interim answer', 'HTTP/1.1 103 X\r\nA: b\r\n\r\nRTSP/1.0 200 OK'],
    ['a control byte behind an interim answer', 'HTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 \x01']
  ])('with %s is invalid', async (_, line) => {
    await refuses(`${line}\r\n${BODY}`)
  })

  it('is read however it is split', async () => {
    await refuses(`HTTP/1.1 103 X\r\nA: b\r\n\r\nHTTP/2.0 200 OK\r\n${BODY}`, {}, true)
  })

  it.each(['HTTP/1.1 200 ', 'HTTP/1.1 200', 'HTTP/1.1 200 a b\tc \xe9'])('%j is one', async line => {
    const { ask } = await bench(always(`${line}\r\n${BODY}`))
    for (let i = 0; i < 2; i++) expect(await whole((await ask().answer).body)).toBe('hi')
  })
})

describe('an answer', () => {
  it.each([
    ['to a request without Range is 206', `HTTP/1.1 206 X\r\nContent-Range: bytes 0-1/5\r\n${BODY}`, {}],
    ['to a request without conditions is 304', 'HTTP/1.1 304 X\r\n\r\n', {}],
    ['of HTTP/1.0 is chunked', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n', {}],
    ['comes after more than a hundred interim ones', 'HTTP/1.1 103 X\r\n\r\n'.repeat(101) + HI, {}],
    ['comes after an interim one with a length', `HTTP/1.1 102 X\r\nContent-Length: 5\r\n\r\n${HI}`, {}],
    ['comes after more than a hundred 100s', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(101) + HI, {}],
    ['comes after a chunked interim one', `HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n${HI}`, {}],
    ['announces a body with 204', 'HTTP/1.1 204 X\r\nContent-Length: 2\r\n\r\nhi', {}],
    ['goes on behind its last chunk', `${CHUNKED}2\r\nhi\r\n0\r\n\r\nx`, {}],
    ['goes on though it closes', `${OK}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nx`, {}],
    ['is chunked and followed by another', `${CHUNKED}2\r\nhi\r\n0\r\n\r\n${HI}`, {}],
    ['to HEAD has a body', HI, { method: 'HEAD' }],
    ['to HEAD has a chunked body', `${CHUNKED}2\r\nhi\r\n0\r\n\r\n`, { method: 'HEAD' }],
    ['with 204 has a body', 'HTTP/1.1 204 X\r\n\r\nhi', {}],
    ['with 204 has a chunked body', 'HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n', {}],
    ['with 304 has a body', 'HTTP/1.1 304 X\r\n\r\nhi', ETAG],
    ['has a coding in quotes', `${OK}Transfer-Encoding: "chunked"\r\n\r\n2\r\nhi\r\n0\r\n\r\n`, {}],
    ['has a coding with a parameter', `${OK}Transfer-Encoding: chunked;a=b\r\n\r\n2\r\nhi\r\n0\r\n\r\n`, {}],
    ['has no coding', `${OK}Transfer-Encoding:\r\n${BODY}`, {}],
    ['has the coding identity', `${OK}Transfer-Encoding: identity\r\n${BODY}`, {}],
    ['has a negative length', `${OK}Content-Length: -2\r\n\r\nhi`, {}],
    ['has two lengths in one', `${OK}Content-Length: 2 3\r\n\r\nhi`, {}],
    ['has a length in hex', `${OK}Content-Length: 0x2\r\n\r\nhi`, {}],
    ['has thousands of fields', `${OK}${'a:\r\n'.repeat(5000)}${BODY}`, {}],
    ['has a field without name', `${OK}: x\r\n${BODY}`, {}],
    ['has a field without colon', `${OK}abc\r\n${BODY}`, {}],
    ['has a name that is no token', `${OK}a(b: x\r\n${BODY}`, {}],
    ['has NUL in a value', `${OK}a: x\0y\r\n${BODY}`, {}],
    ['ends its head with a bare LF', `${OK}Content-Length: 2\r\n\nhi`, {}],
    ['has a chunk size in C', `${CHUNKED}0x2\r\nhi\r\n0\r\n\r\n`, {}],
    ['has a signed chunk size', `${CHUNKED}+2\r\nhi\r\n0\r\n\r\n`, {}],
    ['has a blank before a chunk size', `${CHUNKED} 2\r\nhi\r\n0\r\n\r\n`, {}],
    ['has a blank behind a chunk size', `${CHUNKED}2 \r\nhi\r\n0\r\n\r\n`, {}],
    ['has a bare LF behind a chunk size', `${CHUNKED}2\nhi\r\n0\r\n\r\n`, {}],
    ['has a bare LF behind a chunk', `${CHUNKED}2\r\nhi\n0\r\n\r\n`, {}],
    ['has a chunk longer than it says', `${CHUNKED}2\r\nhiii\r\n0\r\n\r\n`, {}],
    ['has a chunk without size', `${CHUNKED};a\r\nhi\r\n0\r\n\r\n`, {}],
    ['has a chunk size past counting', `${CHUNKED}fffffffffffffffff\r\nhi\r\n0\r\n\r\n`, {}],
    ['has a control byte in a chunk extension', `${CHUNKED}2;a\x01\r\nhi\r\n0\r\n\r\n`, {}],
    ['has a bare LF in a chunk extension', `${CHUNKED}2;a\nb\r\nhi\r\n0\r\n\r\n`, {}],
    ['has a control byte in a trailer', `${CHUNKED}2\r\nhi\r\n0\r\na: \x01\r\n\r\n`, {}],
    ['has trailers without end', `${CHUNKED}2\r\nhi\r\n0\r\n${'a: bcdefgh\r\n'.repeat(5000)}\r\n`, {}]
  ])('that %s is invalid', async (_, bytes, request) => {
    await refuses(bytes, request)
  })

  it.each(['x', HI])('of a known length ends there, and its connection with it: %j', async more => {
    const { origin, ask } = await bench(always(HI + more))
    for (let i = 0; i < 2; i++) {
      expect(await whole((await ask().answer).body)).toBe('hi')
      await origin.peers[i]!.gone
    }
  })

  it('may be a part or unchanged where that was asked for', async () => {
    const { origin, ask } = await bench(always(`HTTP/1.1 206 X\r\nContent-Range: bytes 0-1/5\r\n${BODY}`))
    expect(await whole((await ask({ headers: ['Host', 'a', 'range', 'bytes=0-1'] }).answer).body)).toBe('hi')
    const other = await bench(always('HTTP/1.1 304 X\r\n\r\n'))
    expect((await other.ask({ headers: ['Host', 'a', 'If-Modified-Since', 'x'] }).answer).status).toBe(304)
    expect(origin.peers).toHaveLength(1)
  })

  it('may offer another protocol, as some servers do always', async () => {
    const { origin, ask } = await bench(always(`${OK}Upgrade: h2,h2c\r\nConnection: Upgrade\r\n${BODY}`))
    for (let i = 0; i < 2; i++) expect(await whole((await ask().answer).body)).toBe('hi')
    expect(origin.peers).toHaveLength(1)
  })

  it.each([
    ['length', `${OK}Cache-Control: max-age=60\r\n${BODY}`],
    ['chunks', `HTTP/1.1 103 X\r\n\r\n${CHUNKED}2;a=b\r\nhi\r\n0\r\nA: b\r\n\r\n`]
  ])('framed by %s and broken off at any byte is never whole', async (_, bytes) => {
    for (let cut = 0; cut < bytes.length; cut++) {
      const { origin, ask } = await bench(async (peer, index) => {
        await peer.expect(HEAD_END)
        if (index > 0) return peer.say(HI)
        peer.say(bytes.slice(0, cut))
        if (cut % 2 === 0) peer.socket.end()
        else peer.socket.end(() => { peer.socket.resetAndDestroy() })
      })
      expect([cut, await codeOf(ask().answer.then(answer => whole(answer.body)))]).toEqual([cut, 'origin_reset'])
      expect(await whole((await ask().answer).body)).toBe('hi')
      expect(origin.peers).toHaveLength(2)
    }
  })

  it('of chunk extensions without end runs into the body\'s deadline', async () => {
    const clock = manualClock()
    const { origin, ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(`${CHUNKED}2;${'a'.repeat(100_000)}`)
    }, {}, clock)
    const { body } = await ask().answer
    const failed = codeOf(body.read())
    clock.advance(5_000)
    expect(await failed).toBe('origin_body_timeout')
    await origin.peers[0]!.gone
  })
})

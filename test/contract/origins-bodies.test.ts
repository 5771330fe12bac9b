/** src/origin/contract.ts: bodies both ways, and tunnels. */
import { describe, expect, it } from 'vitest'
import { SeawallError } from '../../src/core/errors.js'
import type { BodyReader } from '../../src/core/types.js'
import type { OriginAnswer } from '../../src/origin/contract.js'
import { until } from '../support/barrier.js'
import { HEAD_END, HI, OK, always, bench, codeOf, feed, settled, turns, whole } from '../support/origins.js'

describe('backpressure', () => {
  it('stops an origin nobody reads, and loses nothing', async () => {
    const pieces = 48
    const piece = 1024 * 1024
    const { origin, ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(`${OK}Content-Length: ${pieces * piece}\r\n\r\n`)
      for (let i = 0; i < pieces; i++) peer.socket.write(Buffer.alloc(piece, i))
      await peer.expect(HEAD_END)
      peer.say(HI)
    })
    const { body } = await ask().answer
    const { socket } = origin.peers[0]!
    await settled('the origin', () => socket.bytesWritten - socket.writableLength)
    expect(socket.writableLength).toBeGreaterThan(24 * piece)
    let got = 0
    let wrong = 0
    for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
      if (chunk[0] !== Math.floor(got / piece)) wrong++
      got += chunk.length
    }
    expect([got, wrong]).toEqual([pieces * piece, 0])
    expect(await whole((await ask().answer).body)).toBe('hi')
    expect(origin.peers).toHaveLength(1)
  })

  it.each(['end', 'reset'] as const)('survives an origin that goes (%s) while nobody reads', async how => {
    const { origin, ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(`${OK}\r\n${'x'.repeat(100_000)}`)
      if (how === 'end') peer.socket.end()
    })
    const { body } = await ask().answer
    const peer = origin.peers[0]!
    await until('the bytes to leave', () => peer.socket.writableLength === 0)
    if (how === 'reset') peer.socket.resetAndDestroy()
    else await until('the end to leave', () => peer.socket.writableFinished)
    // turns of the loop in which undici would meet the end of a connection whose parser it paused
    await turns(200)
    if (how === 'end') expect(await whole(body)).toHaveLength(100_000)
    else expect(await codeOf(whole(body))).toBe('origin_reset')
  })

  it('holds an upload the origin does not take', async () => {
    const { origin, ask } = await bench(peer => { peer.socket.pause() })
    let given = 0
    const piece = Buffer.alloc(1024 * 1024)
    const reader: BodyReader = { read: () => { given += piece.length; return Promise.resolve(piece) }, cancel: () => undefined }
    const exchange = ask({ method: 'POST', body: { reader, length: undefined } })
    await settled('the upload', () => given)
    expect(given).toBeLessThan(24 * 1024 * 1024)
    exchange.cancel(new SeawallError('client_gone'))
    expect(await codeOf(exchange.answer)).toBe('client_gone')
    origin.peers[0]!.socket.resume()
    await origin.peers[0]!.gone
  })
})

describe('what has come whole', () => {
  it('with its head is there at once', async () => {
    const { ask } = await bench(always(HI))
    const { body } = await ask().answer
    expect(Buffer.concat(body.whole!()!).toString()).toBe('hi')
  })

  it.each([
    ['not whole', `${OK}Content-Length: 3\r\n\r\nhi`],
    ['chunked and not whole', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n`],
    ['delimited by an end that has not come', `${OK}\r\nhi`]
  ])('not what is %s', async (_, said) => {
    const { ask } = await bench(always(said))
    const { body } = await ask().answer
    expect(body.whole!()).toBeUndefined()
    expect(Buffer.from((await body.read())!).toString()).toBe('hi')
  })

  it('nor what has been read from', async () => {
    const { ask } = await bench(always(HI))
    const { body } = await ask().answer
    await body.read()
    expect(body.whole!()).toBeUndefined()
    expect(await body.read()).toBeNull()
  })
})

describe('an upload', () => {
  it('goes out with its exact length, or chunked', async () => {
    const { origin, ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      await peer.expect('def')
      peer.say(HI)
      await peer.expect('0\r\n\r\n')
      peer.say(HI)
    })
    for (const length of [6, undefined]) {
      const reader = feed()
      for (const chunk of ['abc', 'def', null]) reader.give(chunk)
      expect(await whole((await ask({ method: 'POST', body: { reader, length } }).answer).body)).toBe('hi')
      expect(reader.cancelled).toBe(undefined)
    }
    expect(origin.peers).toHaveLength(1)
    expect(origin.peers[0]!.received().split('POST')[1]).toMatch(/\r\ncontent-length: 6\r\n\r\nabcdef$/)
    expect(origin.peers[0]!.received().split('POST')[2]).toMatch(/\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n$/)
  })

  it('of nothing says so where the method expects content', async () => {
    const { origin, ask } = await bench(always(HI))
    await ask({ method: 'POST', body: { reader: feed(), length: 0 } }).answer
    expect(origin.peers[0]!.received()).toMatch(/\r\ncontent-length: 0\r\n\r\n$/)
  })

  it.each([6, undefined])('whose reader fails (length %s) reaches the origin unfinished, on a destroyed connection', async length => {
    const { origin, ask, counters } = await bench(async peer => { await peer.expect(HEAD_END) })
    const reader = feed()
    const answer = ask({ method: 'POST', body: { reader, length } }).answer
    const failure = new SeawallError('bad_chunk')
    const rejected = expect(answer).rejects.toBe(failure)
    reader.give('abc')
    await until('the first bytes', () => origin.peers[0]?.received().includes('abc') === true)
    reader.fail(failure)
    await rejected
    await origin.peers[0]!.gone
    expect(origin.peers[0]!.received()).toMatch(length === undefined ? /\r\n3\r\nabc$/ : /content-length: 6\r\n\r\nabc$/)
    expect(counters.originErrors.size).toBe(0)
  })

  it.each(['abcdefg', 'abc'])('that does not keep its word of 6 bytes is never whole: %s', async text => {
    const { origin, ask } = await bench(async peer => { await peer.expect(HEAD_END) })
    const reader = feed()
    reader.give('x')
    reader.give(text)
    reader.give(null)
    expect(await codeOf(ask({ method: 'POST', body: { reader, length: 6 } }).answer)).toBe('body_cut')
    await origin.peers[0]!.gone
    expect(origin.peers[0]!.received().split(HEAD_END)[1]!.length).toBeLessThan(6)
  })

  it('answered early delivers the answer and lets the rest go', async () => {
    const { origin, ask } = await bench(async (peer, index) => {
      await peer.expect(HEAD_END)
      peer.say(index === 0 ? 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig' : HI)
    })
    const reader = feed()
    const pending = ask({ method: 'POST', body: { reader, length: 1_000_000 } }).answer
    reader.give('abc')
    const answer = await pending
    expect(answer.status).toBe(413)
    expect(await whole(answer.body)).toBe('big')
    await origin.peers[0]!.gone
    expect(reader.cancelled).toMatchObject({ code: 'abandoned' })
    expect(await whole((await ask().answer).body)).toBe('hi')
    expect(origin.peers).toHaveLength(2)
  })

  it('goes on while its early answer streams', async () => {
    const { ask } = await bench(async peer => {
      await peer.expect('abc')
      peer.say(`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n`)
      await peer.expect('def')
      peer.say('3\r\ntwo\r\n0\r\n\r\n')
    })
    const reader = feed()
    reader.give('abc')
    const { body } = await ask({ method: 'POST', body: { reader, length: undefined } }).answer
    expect(Buffer.from((await body.read())!).toString()).toBe('one')
    reader.give('def')
    reader.give(null)
    expect(await whole(body)).toBe('two')
  })

  it('fails the answer it had already begun', async () => {
    const { ask } = await bench(async peer => {
      await peer.expect('abc')
      peer.say(`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n`)
    })
    const reader = feed()
    reader.give('abc')
    const { body } = await ask({ method: 'POST', body: { reader, length: undefined } }).answer
    await body.read()
    const failure = new SeawallError('body_cut')
    const rest = expect(body.read()).rejects.toBe(failure)
    reader.fail(failure)
    await rest
  })
})

describe('a websocket', () => {
  // the example of RFC 6455 §1.3
  const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
  const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
  const asked = { origin: 'api', method: 'GET', target: '/ws', body: undefined, headers: ['Host', 'a', 'Sec-WebSocket-Key', KEY] }
  const SWITCH = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`

  it('becomes a tunnel after the origin\'s own 101', async () => {
    const { origin, origins, ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(`${SWITCH}first`)
      await peer.expect('ping')
      peer.say('pong')
    }, { connections: 1 })
    const tunnel = await origins.upgrade(asked)
    if (!('socket' in tunnel)) throw new Error('no tunnel')
    expect(origin.peers[0]!.received()).toBe(`GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`)
    expect(tunnel.headers).toEqual(['Upgrade', 'WebSocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Accept', ACCEPT])
    let got = ''
    tunnel.socket.on('data', (chunk: Buffer) => { got += chunk.toString() })
    await until('the first bytes', () => got === 'first')
    tunnel.socket.write('ping')
    await until('the answer', () => got === 'firstpong')
    // its connection counts no longer
    const next = ask()
    await until('another connection', () => origin.peers.length === 2)
    next.cancel(new SeawallError('abandoned'))
    origins.destroy(new SeawallError('draining'))
    await origin.peers[0]!.gone
  })

  it('refused is an ordinary answer', async () => {
    const { origins } = await bench(always(`HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno`))
    for (let i = 0; i < 2; i++) {
      const answer = await origins.upgrade(asked) as OriginAnswer
      expect(answer.status).toBe(403)
      expect(await whole(answer.body)).toBe('no')
    }
  })

  it('switched to something else is invalid', async () => {
    const { origin, origins } = await bench(always('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'))
    expect(await codeOf(origins.upgrade(asked))).toBe('origin_invalid')
    await origin.peers[0]!.gone
  })

  it.each([['does not follow from the key', 'Sec-WebSocket-Accept: c3BPTE1CaVR4YVE5a1lHenpoWlJiSyt4T28=\r\n'], ['is missing', '']])('whose Sec-WebSocket-Accept %s is invalid', async (_, accept) => {
    const { origin, origins } = await bench(always(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${accept}\r\n`))
    expect(await codeOf(origins.upgrade(asked))).toBe('origin_invalid')
    await origin.peers[0]!.gone
  })

  it.each([
    ['with a length', 'HTTP/1.1', 'Content-Length: 5\r\n'], ['with a coding', 'HTTP/1.1', 'Transfer-Encoding: chunked\r\n'], ['of HTTP/1.0', 'HTTP/1.0', '']
  ])('agreed to %s is invalid', async (_, http, line) => {
    const { origins } = await bench(always(SWITCH.replace('HTTP/1.1', http).replace('\r\n', `\r\n${line}`)))
    expect(await codeOf(origins.upgrade(asked))).toBe('origin_invalid')
  })

  it('broken off is origin_reset', async () => {
    const { origins } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.socket.end()
    })
    expect(await codeOf(origins.upgrade(asked))).toBe('origin_reset')
  })
})

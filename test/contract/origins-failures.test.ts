/** src/origin/contract.ts: origins that fail, connections that went stale, deadlines. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { SeawallError } from '../../src/core/errors.js'
import { barrier, until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { HEAD_END, HI, OK, always, bench, codeOf, feed, toward, turns, whole } from '../support/origins.js'
import { rawOrigin, type Script } from '../support/raw-origin.js'

/** Self-signed, for localhost, until 2126; of no value to anyone. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyyzyZIcdj0ZcFCey
S1FEVtXTo6oEgalziX9+sD9nGsyhRANCAATDQTpNjmn05kXr8JWy1epY9khsY2pv
oA+bSgQVXmQsTP5uE8699UXZCOSITnUf6y4JAUP2TJYb6HsJzjLuw25V
-----END PRIVATE KEY-----`
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUBAM1/It/+tnWJ6cUSYYLgVYhV1cwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTAyMDMxMloYDzIxMjYxMDI4
MDIwMzEyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATDQTpNjmn05kXr8JWy1epY9khsY2pvoA+bSgQVXmQsTP5uE8699UXZ
COSITnUf6y4JAUP2TJYb6HsJzjLuw25Vo28wbTAdBgNVHQ4EFgQU1qT3ym8WmWBd
64qgdvTNqm36rjgwHwYDVR0jBBgwFoAU1qT3ym8WmWBd64qgdvTNqm36rjgwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgW879tGkCTSPHM/EHAQTVFD9UJIKMCfCxDUXISSJdBUQCIQDs
t5JIEK+ibbTSKn2Ey2l1IQ8O/XXEYEWOlf/26eM6kA==
-----END CERTIFICATE-----`

describe('an origin that fails', () => {
  it('refusing is origin_refused', async () => {
    const origin = await rawOrigin(() => undefined)
    await origin.close()
    const { ask, counters } = toward(origin.url, systemClock)
    expect(await codeOf(ask().answer)).toBe('origin_refused')
    const reader = feed()
    expect(await codeOf(ask({ method: 'POST', body: { reader, length: 3 } }).answer)).toBe('origin_refused')
    expect([reader.reads, (reader.cancelled as SeawallError).code]).toEqual([0, 'origin_refused'])
    expect(counters.originErrors.get('api origin_refused')).toBe(2)
    expect(counters.originRetries).toBe(0)
    expect(await codeOf(toward(`http://localhost:${origin.port}`, systemClock).ask().answer)).toBe('origin_refused')
  })

  it('without a name is origin_unresolved', async () => {
    const { ask } = toward('http://no-such-host.invalid', systemClock)
    expect(await codeOf(ask().answer)).toBe('origin_unresolved')
  })

  it('that is no TLS server is unreachable', async () => {
    const origin = await rawOrigin(async peer => {
      await peer.expect('\x01')
      peer.say('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    const { ask } = toward(origin.url.replace('http:', 'https:'), systemClock, {}, origin)
    expect(await codeOf(ask().answer)).toBe('origin_unreachable')
  })

  it('whose certificate nobody vouches for is unreachable', async () => {
    const origin = await rawOrigin(always(HI), { tls: { key: KEY, cert: CERTIFICATE } })
    const { ask } = toward(origin.url, systemClock, {}, origin)
    expect(await codeOf(ask().answer)).toBe('origin_unreachable')
    expect(origin.peers.map(peer => peer.received())).not.toContain('GET')
  })

  it.each(['end', 'reset'] as const)('with %s before any byte, on a fresh connection, is asked once', async how => {
    const { origin, ask, counters } = await bench(async peer => {
      await peer.expect(HEAD_END)
      if (how === 'end') peer.socket.end()
      else peer.socket.resetAndDestroy()
    })
    expect(await codeOf(ask().answer)).toBe('origin_reset')
    expect(origin.peers).toHaveLength(1)
    expect(counters.originRetries).toBe(0)
  })

  it('in the middle of its head is origin_reset', async () => {
    const { ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.socket.end(`${OK}Content-Le`)
    })
    expect(await codeOf(ask().answer)).toBe('origin_reset')
  })
})

describe('a kept connection', () => {
  /** Answers once, then closes without a word when it has the next request. */
  const stale: Script = async (peer, index) => {
    await peer.expect(HEAD_END)
    peer.say(HI)
    await peer.expect(HEAD_END)
    if (index === 0) peer.socket.resetAndDestroy()
    else peer.say(HI)
  }

  it('found dead is replaced, once, for an idempotent request', async () => {
    const { origin, ask, counters } = await bench(stale)
    await whole((await ask().answer).body)
    expect(await whole((await ask().answer).body)).toBe('hi')
    expect(origin.peers).toHaveLength(2)
    expect(counters.originRetries).toBe(1)
    expect(counters.originErrors.size).toBe(0)
  })

  it('is replaced only once', async () => {
    const { ask, counters } = await bench(async (peer, index) => {
      await peer.expect(HEAD_END)
      if (index === 0) {
        peer.say(HI)
        await peer.expect(HEAD_END)
      }
      peer.socket.resetAndDestroy()
    })
    await whole((await ask().answer).body)
    expect(await codeOf(ask().answer)).toBe('origin_reset')
    expect(counters.originRetries).toBe(1)
  })

  it('is not replaced for what may have been acted on', async () => {
    for (const request of [{ method: 'POST' }, { method: 'PUT', body: { reader: feed(), length: 3 } }]) {
      request.body?.reader.give('abc')
      request.body?.reader.give(null)
      const { ask, counters } = await bench(stale)
      await whole((await ask().answer).body)
      expect(await codeOf(ask(request).answer)).toBe('origin_reset')
      expect(counters.originRetries).toBe(0)
    }
  })

  it('that brought a byte of the answer is not replaced', async () => {
    const { ask, counters } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(HI)
      await peer.expect(HEAD_END)
      peer.say('HTTP/1.1 103 Early Hints\r\n\r\n')
      peer.socket.end()
    })
    await whole((await ask().answer).body)
    expect(await codeOf(ask().answer)).toBe('origin_reset')
    expect(counters.originRetries).toBe(0)
  })

  it('closed while idle is noticed', async () => {
    const { origin, ask, counters } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(HI)
      peer.socket.end()
    })
    for (let i = 0; i < 3; i++) {
      expect(await whole((await ask({ method: 'POST' }).answer).body)).toBe('hi')
      await origin.peers[i]!.gone
    }
    expect(counters.originErrors.size).toBe(0)
  })

  it('that brings bytes nobody asked for is not used again', async () => {
    const read = barrier()
    const { origin, ask } = await bench(async (peer, index) => {
      await peer.expect(HEAD_END)
      peer.say(HI)
      await read.passed
      if (index === 0) peer.say(HI)
    })
    await whole((await ask().answer).body)
    read.open()
    await origin.peers[0]!.gone
    expect(await whole((await ask().answer).body)).toBe('hi')
    expect(origin.peers).toHaveLength(2)
  })

  it('is dropped when the origin keeps it no longer than a moment', async () => {
    const { origin, ask } = await bench(always(`${OK}Keep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nhi`))
    await whole((await ask().answer).body)
    await origin.peers[0]!.gone
    await whole((await ask().answer).body)
    expect(origin.peers).toHaveLength(2)
  })

  it('grows old, so that an origin that moved is found', async () => {
    const clock = manualClock()
    const { origin, ask } = await bench(always(HI), {}, clock)
    await whole((await ask().answer).body)
    clock.advance(59_000)
    await whole((await ask().answer).body)
    expect(origin.peers).toHaveLength(1)
    clock.advance(1_000)
    await whole((await ask().answer).body)
    expect(origin.peers).toHaveLength(2)
  })
})

describe('deadlines', () => {
  const silent: Script = async peer => { await peer.expect(HEAD_END) }

  it('hold for the head, queueing included', async () => {
    const clock = manualClock()
    const { origin, ask, counters } = await bench(async peer => { await peer.expect(HEAD_END) }, { connections: 1 }, clock)
    const first = ask().answer
    await until('the request', () => origin.peers[0]?.received().endsWith(HEAD_END) === true)
    clock.advance(9_000)
    const second = ask({ target: '/queued' }).answer
    const failed = codeOf(first)
    clock.advance(1_000)
    expect(await failed).toBe('origin_timeout')
    await origin.peers[0]!.gone
    const late = codeOf(second)
    clock.advance(9_000)
    expect(await late).toBe('origin_timeout')
    expect(counters.originErrors.get('api origin_timeout')).toBe(2)
  })

  it('hold for the body while a reader waits, and only then', async () => {
    const clock = manualClock()
    const { origin, ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(`${OK}Content-Length: 10\r\n\r\nhe`)
    }, {}, clock)
    const answer = await ask().answer
    clock.advance(60_000)
    expect(Buffer.from((await answer.body.read())!).toString()).toBe('he')
    clock.advance(60_000)
    const second = answer.body.read()
    clock.advance(4_999)
    origin.peers[0]!.say('llo')
    expect(Buffer.from((await second)!).toString()).toBe('llo')
    const third = answer.body.read()
    clock.advance(4_999)
    const failed = codeOf(third)
    clock.advance(1)
    expect(await failed).toBe('origin_body_timeout')
    await origin.peers[0]!.gone
  })

  it('hold for connecting', async () => {
    const clock = manualClock()
    const origin = await rawOrigin(() => undefined)
    // a listener that never speaks TLS keeps the connection from being set up
    const { ask } = toward(origin.url.replace('http:', 'https:'), clock, {}, origin)
    const failed = codeOf(ask().answer)
    await until('the hello', () => (origin.peers[0]?.received().length ?? 0) > 0)
    clock.advance(5_000)
    expect(await failed).toBe('origin_connect_timeout')
    await origin.peers[0]!.gone
  })

  it('do not count the client\'s pauses in its upload', async () => {
    const clock = manualClock()
    const { origin, ask } = await bench(async peer => {
      await peer.expect('abc')
      await peer.expect('def')
    }, {}, clock)
    const reader = feed()
    const answer = ask({ method: 'POST', body: { reader, length: 6 } }).answer
    const failed = codeOf(answer)
    reader.give('abc')
    await until('the pause', () => reader.reads === 2)
    clock.advance(60_000)
    reader.give('def')
    await until('the end', () => reader.reads === 3)
    reader.give(null)
    await until('the bytes', () => origin.peers[0]!.received().endsWith('abcdef'))
    await turns(5)
    clock.advance(9_999)
    expect(await Promise.race([failed, Promise.resolve('waiting')])).toBe('waiting')
    clock.advance(1)
    expect(await failed).toBe('origin_timeout')
  })

  it('are kept without undici\'s half second', async () => {
    const { ask } = await bench(silent, { timeouts: { connect: 5_000, headers: 150, body: 150, total: undefined } })
    const began = performance.now()
    expect(await codeOf(ask().answer)).toBe('origin_timeout')
    expect(performance.now() - began).toBeGreaterThanOrEqual(149)
    expect(performance.now() - began).toBeLessThan(450)
  })
})

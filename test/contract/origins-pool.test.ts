/** src/origin/contract.ts: cancelling, ending, and sharing connections. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { SeawallError } from '../../src/core/errors.js'
import { originHost } from '../../src/origin/origins.js'
import { barrier, until } from '../support/barrier.js'
import { HEAD_END, HI, OK, always, bench, codeOf, open, toward, whole } from '../support/origins.js'
import { rawOrigin } from '../support/raw-origin.js'

describe('cancelling', () => {
  const why = new SeawallError('client_gone')

  it('before the connection lets it be used by the next', async () => {
    const { origin, ask, counters } = await bench(always(HI))
    const first = ask()
    first.cancel(why)
    first.cancel(new SeawallError('abandoned'))
    await expect(first.answer).rejects.toBe(why)
    expect(await whole((await ask().answer).body)).toBe('hi')
    await until('one request', () => origin.peers.some(peer => peer.received() !== ''))
    expect(origin.peers.reduce((n, peer) => n + peer.received().split('GET').length - 1, 0)).toBe(1)
    expect(counters.originErrors.size).toBe(0)
  })

  it('in the queue takes nothing from the others', async () => {
    const go = barrier()
    const { origin, ask } = await bench(async peer => {
      for (;;) {
        await peer.expect(HEAD_END)
        await go.passed
        peer.say(HI)
      }
    }, { connections: 1 })
    const first = ask({ target: '/1' })
    const second = ask({ target: '/2' })
    const third = ask({ target: '/3' })
    second.cancel(why)
    await expect(second.answer).rejects.toBe(why)
    go.open()
    await first.answer
    await third.answer
    expect(origin.peers).toHaveLength(1)
    expect(origin.peers[0]!.received().match(/GET \S+/g)).toEqual(['GET /1', 'GET /3'])
  })

  it('before the head ends the connection', async () => {
    const { origin, ask } = await bench(async peer => { await peer.expect(HEAD_END) })
    const exchange = ask()
    await until('the request', () => origin.peers[0]?.received().endsWith(HEAD_END) === true)
    exchange.cancel(why)
    await expect(exchange.answer).rejects.toBe(why)
    await origin.peers[0]!.gone
  })

  it.each(['exchange', 'reader'] as const)('in the body, by the %s, ends the connection', async by => {
    const { origin, ask, counters } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(`${OK}Content-Length: 10\r\n\r\nhello`)
    })
    const exchange = ask()
    const { body } = await exchange.answer
    await body.read()
    const rest = body.read()
    if (by === 'exchange') exchange.cancel(why)
    else body.cancel(why)
    await expect(rest).rejects.toBe(why)
    await expect(body.read()).rejects.toBe(why)
    await origin.peers[0]!.gone
    expect(counters.originErrors.size).toBe(0)
  })

  it('after the end keeps the connection', async () => {
    const { origin, ask } = await bench(always(HI))
    const exchange = ask()
    const { body } = await exchange.answer
    await whole(body)
    exchange.cancel(why)
    await whole((await ask().answer).body)
    expect(origin.peers).toHaveLength(1)
  })

  it('everything ends everything', async () => {
    const { origin, origins, ask } = await bench(async peer => { await peer.expect(HEAD_END) }, { connections: 1 })
    const running = ask().answer
    const queued = ask().answer
    const failed = Promise.all([codeOf(running), codeOf(queued)])
    await until('the request', () => origin.peers[0]?.received().endsWith(HEAD_END) === true)
    origins.destroy(new SeawallError('draining'))
    expect(await failed).toEqual(['draining', 'draining'])
    expect(await codeOf(ask().answer)).toBe('draining')
    await origin.peers[0]!.gone
  })

  it('is not needed to close: what is in flight ends first', async () => {
    const go = barrier()
    const { origin, origins, ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      await go.passed
      peer.say(HI)
    }, { connections: 1 })
    const answer = ask().answer
    await until('the request', () => origin.peers[0]?.received().endsWith(HEAD_END) === true)
    const closed = origins.close()
    expect(await codeOf(ask().answer)).toBe('draining')
    go.open()
    expect(await whole((await answer).body)).toBe('hi')
    await closed
    await origin.peers[0]!.gone
  })
})

describe('the pool', () => {
  it('opens no more connections than it may, and serves in order', async () => {
    const { origin, ask } = await bench(always(HI), { connections: 2 })
    await Promise.all(Array.from({ length: 20 }, async (_, i) => whole((await ask({ target: `/${i}` }).answer).body)))
    expect(origin.peers).toHaveLength(2)
    for (const peer of origin.peers) {
      const order = [...peer.received().matchAll(/GET \/(\d+)/g)].map(found => Number(found[1]))
      expect(order.length).toBeGreaterThan(0)
      expect(order).toEqual(order.toSorted((a, b) => a - b))
    }
  })

  it('goes on after an origin that closes each connection', async () => {
    const { origin, ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.socket.end(`${OK}Connection: close\r\nContent-Length: 2\r\n\r\nhi`)
    }, { connections: 2 })
    const bodies = await Promise.all(Array.from({ length: 20 }, async () => whole((await ask().answer).body)))
    expect(bodies.every(body => body === 'hi')).toBe(true)
    expect(origin.peers).toHaveLength(20)
  })

  it('fails all who wait for an origin that refuses, and recovers with it', async () => {
    const gone = await rawOrigin(() => undefined)
    await gone.close()
    const { ask } = toward(gone.url, systemClock, { connections: 2 })
    expect(await Promise.all(Array.from({ length: 10 }, () => codeOf(ask().answer)))).toEqual(Array.from({ length: 10 }, () => 'origin_refused'))
    const back = await rawOrigin(always(HI), { port: gone.port })
    open.at(-1)!.origin = back
    const bodies = await Promise.all(Array.from({ length: 10 }, async () => whole((await ask().answer).body)))
    expect(bodies.every(body => body === 'hi')).toBe(true)
    expect(back.peers).toHaveLength(2)
  })

  it('says what an origin is to be called, and refuses what is none', () => {
    expect(originHost({ urls: ['http://api:80', 'http://b'], host: 'origin' })).toBe('api')
    expect(originHost({ urls: ['https://api:8443'], host: 'origin' })).toBe('api:8443')
    expect(originHost({ urls: ['http://api'], host: 'preserve' })).toBe(undefined)
    for (const url of ['ftp://a', 'http://a/path', 'http://u:p@a', 'http://a/?q']) {
      expect(() => toward(url, systemClock)).toThrow(RangeError)
    }
  })
})

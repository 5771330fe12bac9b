/** src/origin/contract.ts: how many requests an origin is sent at once, and when it is sent none. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import { SeawallError } from '../../src/core/errors.js'
import type { OriginConfig } from '../../src/origin/config.js'
import { barrier, until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { HEAD_END, HI, OK, always, bench, codeOf, lines, open, toward, whole, type Bench } from '../support/origins.js'
import { rawOrigin, type Script } from '../support/raw-origin.js'

const why = new SeawallError('client_gone')
const silent: Script = async peer => { await peer.expect(HEAD_END) }

async function failureOf (answer: Promise<unknown>): Promise<object | undefined> {
  return answer.then(() => undefined, ({ code, retryAfter }: SeawallError) => ({ code, retryAfter }))
}

/** Asks once after the other; each is to fail with `code`. */
async function failTimes (times: number, ask: Bench['ask'], code: string): Promise<void> {
  for (let i = 0; i < times; i++) expect(await codeOf(ask().answer)).toBe(code)
}

describe('the limit of an origin', () => {
  const narrow: Partial<OriginConfig> = { connections: 1, queue: { length: 1, wait: 3_000 } }

  it('lets one wait, and turns the next away at once', async () => {
    const go = barrier()
    const { said, log } = lines()
    const origin = await rawOrigin(async peer => {
      for (;;) {
        await peer.expect(HEAD_END)
        await go.passed
        peer.say(HI)
      }
    })
    const { origins, ask, counters } = toward(origin.url, systemClock, narrow, origin, { log })
    const [first, second] = [ask(), ask()]
    for (let i = 0; i < 3; i++) expect(await failureOf(ask().answer)).toEqual({ code: 'origin_busy', retryAfter: 1_000 })
    expect(origins.stats()).toMatchObject({ api: { active: 1, queued: 1, rejected: { busy: 3, unavailable: 0 } } })
    expect(said).toEqual(['warn: origin busy: requests are turned away'])
    go.open()
    await whole((await first.answer).body)
    await whole((await second.answer).body)
    expect(said.slice(1)).toEqual(['info: origin no longer busy'])
    expect(origins.stats()).toMatchObject({ api: { active: 0, queued: 0 } })
    expect(counters.originRequests.get('api')).toBe(2)
    expect(counters.originErrors.get('api origin_busy')).toBe(3)
    expect(origin.peers).toHaveLength(1)
  })

  it('lets nobody wait longer than configured', async () => {
    const clock = manualClock()
    const { ask, origins } = await bench(silent, narrow, clock)
    const first = ask()
    const failed = failureOf(ask().answer)
    clock.advance(2_999)
    expect(origins.stats()['api']!.queued).toBe(1)
    clock.advance(1)
    expect(await failed).toEqual({ code: 'origin_busy', retryAfter: 1_000 })
    expect(origins.stats()['api']).toMatchObject({ active: 1, queued: 0 })
    first.cancel(why)
    await codeOf(first.answer)
  })

  it('lets a queue be none at all', async () => {
    const { ask } = await bench(silent, { connections: 1, queue: { length: 0, wait: 1 } })
    const first = ask()
    expect(await codeOf(ask().answer)).toBe('origin_busy')
    first.cancel(why)
    await codeOf(first.answer)
  })

  it('gives the place of who went away to the next', async () => {
    const { ask, origin } = await bench(async (peer, index) => {
      await peer.expect(HEAD_END)
      if (index > 0) peer.say(HI)
    }, narrow)
    const first = ask()
    const second = ask()
    await until('the request', () => origin.peers[0]?.received().endsWith(HEAD_END) === true)
    first.cancel(why)
    expect(await whole((await second.answer).body)).toBe('hi')
    await codeOf(first.answer)
  })
})

describe('the breaker', () => {
  const breaker = { failures: 3, probe: 5_000 }

  /** An origin that refuses until it is `back`. */
  async function gone () {
    const origin = await rawOrigin(() => undefined)
    await origin.close()
    const clock = manualClock()
    const { said, log } = lines()
    const all = toward(origin.url, clock, { breaker }, undefined, { log })
    const back = async (script: Script = always(HI)): Promise<void> => {
      open.at(-1)!.origin = await rawOrigin(script, { port: origin.port })
    }
    return { clock, said, back, ...all }
  }

  it('opens after so many refusals in a row: nothing is sent, and who asks is told when to return', async () => {
    const { ask, clock, counters, origins, said } = await gone()
    await failTimes(3, ask, 'origin_refused')
    clock.advance(1_000)
    for (let i = 0; i < 2; i++) expect(await failureOf(ask().answer)).toEqual({ code: 'origin_unavailable', retryAfter: 4_000 })
    expect(counters.originRequests.get('api')).toBe(3)
    expect(origins.stats()['api']).toMatchObject({ breaker: 'open', active: 0, rejected: { busy: 0, unavailable: 2 } })
    expect(said).toEqual(['warn: origin unavailable: not asked until a probe is answered'])
  })

  it('lets one request at a time find out, and closes on its answer', async () => {
    const { ask, clock, back, origins, said } = await gone()
    await failTimes(3, ask, 'origin_refused')
    const go = barrier()
    await back(async peer => {
      for (;;) {
        await peer.expect(HEAD_END)
        await go.passed
        peer.say('HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n')
      }
    })
    clock.advance(5_000)
    const probe = ask()
    expect(await failureOf(ask().answer)).toEqual({ code: 'origin_unavailable', retryAfter: 1_000 })
    expect(origins.stats()['api']!.breaker).toBe('half-open')
    go.open()
    expect((await probe.answer).status).toBe(500)
    expect(origins.stats()['api']!.breaker).toBe('closed')
    expect(said.slice(1)).toEqual(['info: origin available again'])
    expect((await ask().answer).status).toBe(500)
  })

  it('opens anew when the probe fails', async () => {
    const { ask, clock, counters, said } = await gone()
    await failTimes(3, ask, 'origin_refused')
    clock.advance(5_000)
    await failTimes(1, ask, 'origin_refused')
    await failTimes(1, ask, 'origin_unavailable')
    clock.advance(4_999)
    await failTimes(1, ask, 'origin_unavailable')
    expect(counters.originRequests.get('api')).toBe(4)
    // probe after probe is one outage
    expect(said.filter(line => line.startsWith('warn'))).toHaveLength(1)
  })

  it('lets the next find out when the probe is given up', async () => {
    const { ask, clock, back } = await gone()
    await failTimes(3, ask, 'origin_refused')
    await back()
    clock.advance(5_000)
    const probe = ask()
    probe.cancel(why)
    expect(await codeOf(probe.answer)).toBe('client_gone')
    let last = ''
    await until('a probe', async () => (last = await codeOf(ask().answer)) === 'no failure')
    expect(last).toBe('no failure')
  })

  it('lets another find out when the probe takes long, and is not opened by the first', async () => {
    const { ask, clock, back, origins } = await gone()
    await failTimes(3, ask, 'origin_refused')
    const heard = barrier()
    await back(async (peer, index) => {
      await peer.expect(HEAD_END)
      heard.open()
      // the first says nothing: its client sends its body slowly
      if (index > 0) peer.say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
    clock.advance(5_000)
    let reads = 0
    const read = (): Promise<Uint8Array> => ++reads === 1 ? Promise.resolve(Buffer.from('x')) : new Promise(() => undefined)
    const slow = ask({ method: 'POST', body: { length: 10, reader: { read, cancel: () => undefined } } })
    await heard.passed
    clock.advance(4_999)
    expect(await codeOf(ask().answer)).toBe('origin_unavailable')
    clock.advance(1)
    expect((await ask().answer).status).toBe(200)
    expect(origins.stats()['api']!.breaker).toBe('closed')
    slow.cancel(new SeawallError('origin_timeout'))
    expect(await codeOf(slow.answer)).toBe('origin_timeout')
    expect(origins.stats()['api']!.breaker).toBe('closed')
  })

  it('opens for answers that do not come in time, and lets go of who waits', async () => {
    const clock = manualClock()
    const { ask } = await bench(silent, { breaker, connections: 3 }, clock)
    const first = [ask(), ask(), ask()].map(({ answer }) => codeOf(answer))
    clock.advance(9_000)
    const waiting = failureOf(ask().answer)
    clock.advance(1_000)
    expect(await Promise.all(first)).toEqual(['origin_timeout', 'origin_timeout', 'origin_timeout'])
    expect(await waiting).toEqual({ code: 'origin_unavailable', retryAfter: 5_000 })
  })

  it('is not kept open by what was asked before', async () => {
    const clock = manualClock()
    const { ask, origins, origin } = await bench(silent, { breaker, connections: 4 }, clock)
    const arrived = (count: number): Promise<void> => until('they are asked', () => origin.peers.filter(peer => peer.received() !== '').length === count)
    const first = [ask(), ask(), ask()].map(({ answer }) => codeOf(answer))
    await arrived(3)
    clock.advance(4_000)
    const late = codeOf(ask().answer)
    await arrived(4)
    clock.advance(6_000)
    await Promise.all(first)
    clock.advance(4_000)
    expect([await late, origins.stats()['api']!.breaker]).toEqual(['origin_timeout', 'open'])
    clock.advance(1_000)
    await until('they are gone', () => origins.stats()['api']!.active === 0)
    const probe = ask()
    expect(origins.stats()['api']!.breaker).toBe('half-open')
    probe.cancel(why)
    await codeOf(probe.answer)
  })

  it.each([
    ['an error', 'HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n', 'no failure'],
    ['nonsense', 'hello', 'origin_invalid'],
    ['nothing', '', 'origin_reset']
  ])('stays closed for an origin that answers with %s', async (_, bytes, code) => {
    const { ask, origins } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.socket.end(bytes)
    }, { breaker })
    await failTimes(5, ask, code)
    expect(origins.stats()['api']!.breaker).toBe('closed')
  })

  it('counts only what comes in a row', async () => {
    const clock = manualClock()
    const { ask, origins, origin } = await bench(async (peer, index) => {
      await peer.expect(HEAD_END)
      if (index % 3 === 2) peer.socket.end('HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n')
    }, { breaker: { failures: 3, probe: 1_000 } }, clock)
    for (let i = 0; i < 8; i++) {
      const code = codeOf(ask().answer)
      await until('the request', () => origin.peers[i]?.received().endsWith(HEAD_END) === true)
      if (i % 3 !== 2) clock.advance(10_000)
      expect(await code).toBe(i % 3 === 2 ? 'no failure' : 'origin_timeout')
    }
    expect(origins.stats()['api']!.breaker).toBe('closed')
  })

  it('never opens where none is wanted', async () => {
    const { ask, origins } = await bench(silent, { breaker: { failures: 0, probe: 1 }, timeouts: { connect: 1_000, headers: 1, body: 1, total: undefined } })
    await failTimes(10, ask, 'origin_timeout')
    expect(origins.stats()['api']!.breaker).toBe('closed')
  })

  it('forgives what is this machine\'s own fault', async () => {
    const exhausted = Object.assign(new Error('no'), { code: 'EMFILE' })
    const { ask, origins } = toward('http://origin.test:1', systemClock, { breaker }, undefined, { lookup: (_name, _options, done) => { done(exhausted, '') } })
    await failTimes(5, ask, 'origin_unreachable')
    expect(origins.stats()['api']!.breaker).toBe('closed')
  })
})

describe('the deadline over everything', () => {
  const timeouts = { connect: 5_000, headers: 10_000, body: 5_000, total: 12_000 }

  it('ends an answer that trickles', async () => {
    const clock = manualClock()
    const { origin, ask } = await bench(async peer => {
      await peer.expect(HEAD_END)
      peer.say(`${OK}Content-Length: 100\r\n\r\n.`)
    }, { timeouts }, clock)
    const { body } = await ask().answer
    for (let i = 0; i < 3; i++) {
      expect((await body.read())?.length).toBe(1)
      clock.advance(3_999)
      origin.peers[0]!.say('.')
    }
    expect((await body.read())?.length).toBe(1)
    const last = codeOf(body.read())
    clock.advance(2)
    expect(await Promise.race([last, Promise.resolve('waiting')])).toBe('waiting')
    clock.advance(1)
    expect(await last).toBe('origin_body_timeout')
    await origin.peers[0]!.gone
  })

  it('is over with the answer', async () => {
    const clock = manualClock()
    const { ask, counters } = await bench(always(HI), { timeouts }, clock)
    expect(await whole((await ask().answer).body)).toBe('hi')
    clock.advance(60_000)
    expect(await whole((await ask().answer).body)).toBe('hi')
    expect(counters.originErrors.size).toBe(0)
  })
})

/** src/origin/contract.ts: several addresses of one origin, and names that come to lead elsewhere. */
import type { LookupFunction } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import type { OriginConfig } from '../../src/origin/config.js'
import { barrier, until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { HEAD_END, HI, OK, always, benches, codeOf, feed, lines, toward, whole, type Bench } from '../support/origins.js'
import { rawOrigin, type RawOrigin, type Script } from '../support/raw-origin.js'

const says = (name: string): Script => always(`${OK}Content-Length: 1\r\n\r\n${name}`)
const breaks: Script = async peer => {
  await peer.expect(HEAD_END)
  peer.socket.end()
}

async function bodyOf (ask: Bench['ask'], request = {}): Promise<string> {
  return whole((await ask(request).answer).body)
}

async function bodies (ask: Bench['ask'], times: number): Promise<string> {
  let all = ''
  for (let i = 0; i < times; i++) all += await bodyOf(ask)
  return all
}

const requests = (origin: RawOrigin): number => origin.peers.reduce((n, peer) => n + peer.received().split(HEAD_END).length - 1, 0)

describe('several addresses', () => {
  it('take turns', async () => {
    const { ask, origins } = await benches([says('a'), says('b'), says('c')])
    expect(await bodies(ask, 7)).toBe('abcabca')
    expect(origins.stats()).toMatchObject({ api: { addresses: 3, healthy: 3 } })
  })

  it('take turns by their load, if so configured', async () => {
    const go = barrier()
    const { ask } = await benches([async peer => {
      await peer.expect(HEAD_END)
      await go.passed
      peer.say(HI)
    }, says('b'), says('c')], { balance: 'least-loaded' })
    const slow = ask().answer
    const turns = await bodies(ask, 6)
    expect([...turns].sort().join('')).toBe('bbbccc')
    go.open()
    await slow
  })

  it.each(['GET', 'POST', 'PUT'])('stand in for one that refuses %s', async method => {
    const { ask, all, counters } = await benches([says('a'), says('b')])
    await all[0]!.close()
    const reader = feed()
    reader.give('abc')
    reader.give(null)
    expect(await bodyOf(ask, method === 'GET' ? {} : { method, body: { reader, length: 3 } })).toBe('b')
    expect([counters.originRequests.get('api'), counters.originRetries, counters.originErrors.size]).toEqual([1, 1, 0])
  })

  it('stand in for one that closes before a byte, where the request may be sent twice', async () => {
    const { ask, all } = await benches([breaks, says('b')])
    expect(await bodyOf(ask)).toBe('b')
    expect(await bodyOf(ask)).toBe('b')
    expect(all.map(requests)).toEqual([1, 2])
    expect(await codeOf(ask({ method: 'POST' }).answer)).toBe('origin_reset')
  })

  it('do not stand in for one that had begun to answer', async () => {
    const { ask } = await benches([async peer => {
      await peer.expect(HEAD_END)
      peer.socket.end('HTTP/1.1 200')
    }, says('b')])
    expect(await codeOf(ask().answer)).toBe('origin_reset')
  })

  it('stand in once', async () => {
    const { ask, all, counters } = await benches([breaks, breaks, breaks])
    expect(await codeOf(ask().answer)).toBe('origin_reset')
    expect([counters.originRetries, all.flatMap(requests).filter(n => n === 1).length]).toEqual([1, 2])
  })

  it('count for the breaker as one: an answer from any is one from the origin', async () => {
    const { ask, all, origins } = await benches([says('a'), says('b')], { breaker: { failures: 2, probe: 1_000 } })
    await all[0]!.close()
    expect(await bodies(ask, 6)).toBe('bbbbbb')
    expect(origins.stats()['api']!.breaker).toBe('closed')
    await all[1]!.close()
    for (let i = 0; i < 2; i++) expect(await codeOf(ask().answer)).toMatch(/^origin_re(fused|set)$/)
    expect(origins.stats()['api']!.breaker).not.toBe('half-open')
  })
})

describe('an address that fails', () => {
  const health = { path: undefined, interval: 5_000, timeout: 2_000, unhealthy: 3, healthy: 2 }

  it('is left out after so many failures, tried by one request at a time, and put back', async () => {
    const clock = manualClock()
    const { said, log } = lines()
    const { ask, all, origins, counters } = await benches([says('a'), says('b')], { health }, clock, { log })
    await all[0]!.close()
    expect(await bodies(ask, 8)).toBe('bbbbbbbb')
    expect(origins.stats()).toMatchObject({ api: { addresses: 2, healthy: 1 } })
    expect([counters.originRetries, said]).toEqual([3, ['warn: origin address unhealthy']])
    clock.advance(5_000)
    expect(await Promise.all(Array.from({ length: 4 }, () => bodyOf(ask)))).toEqual(['b', 'b', 'b', 'b'])
    expect(counters.originRetries).toBe(4)
    const back = await rawOrigin(says('a'), { port: all[0]!.port })
    onTestFinished(() => back.close())
    clock.advance(5_000)
    expect([...await bodies(ask, 8)].filter(name => name === 'a').length).toBeGreaterThanOrEqual(3)
    expect(origins.stats()['api']!.healthy).toBe(2)
    expect(said).toEqual(['warn: origin address unhealthy', 'info: origin address healthy again'])
  })

  it('is asked all the same when there is no other', async () => {
    const { ask, all, origins, counters } = await benches([says('a'), says('b')], { health: { ...health, unhealthy: 1, interval: 3_600_000 } })
    for (const origin of all) await origin.close()
    expect(await codeOf(ask().answer)).toBe('origin_refused')
    expect(origins.stats()['api']!.healthy).toBe(0)
    expect(await codeOf(ask().answer)).toBe('origin_refused')
    expect(counters.originRequests.get('api')).toBe(2)
    const back = await rawOrigin(says('b'), { port: all[1]!.port })
    onTestFinished(() => back.close())
    await until('the one that is back', async () => await codeOf(ask().answer) === 'no failure')
  })
})

describe('checks', () => {
  const config: Partial<OriginConfig> = { health: { path: '/up?x', interval: 5_000, timeout: 2_000, unhealthy: 2, healthy: 2 } }

  /** An address that answers checks as it is told, and requests always. */
  function checked (name: string, status: () => string | undefined): Script {
    return async peer => {
      for (;;) {
        const head = await peer.expect(HEAD_END)
        const say = head.startsWith('GET /up?x ') ? status() : '200 OK'
        if (say !== undefined) peer.say(`HTTP/1.1 ${say}\r\nContent-Length: 1\r\n\r\n${name}`)
      }
    }
  }

  const checks = (origin: RawOrigin): number => origin.peers.filter(peer => peer.received().startsWith('GET /up?x ')).length

  it.each<[string, string | undefined]>([['answers with an error', '503 No'], ['does not answer', undefined]])('take out an address that %s, and put it back', async (_, bad) => {
    const clock = manualClock()
    let status: string | undefined = bad
    const { all: [origin], origins } = await benches([checked('a', () => status)], config, clock)
    /** One check is asked and over; says whether the address is healthy then. */
    async function round (): Promise<boolean> {
      const before = origin!.peers.length
      clock.advance(5_000)
      await until('the check', () => checks(origin!) > before)
      if (status === undefined) clock.advance(2_000)
      await origin!.peers.at(-1)!.gone
      return origins.stats()['api']!.healthy === 1
    }
    expect([await round(), await round(), await round()]).toEqual([true, false, false])
    expect(origin!.peers[0]!.received()).toBe(`GET /up?x HTTP/1.1\r\nhost: ${origin!.url.slice(7)}\r\nconnection: close\r\nUser-Agent: seawall-health\r\n\r\n`)
    for (const now of ['204 Up', '302 Found']) {
      status = now
      expect(await round()).toBe(now === '302 Found')
    }
  })

  it('take out an address that refuses, before any request meets it', async () => {
    const clock = manualClock()
    const { ask, all, origins, counters } = await benches([says('a'), says('b')], config, clock)
    await all[0]!.close()
    for (const healthy of [2, 1]) {
      const before = checks(all[1]!)
      clock.advance(5_000)
      await until('the checks', () => checks(all[1]!) > before)
      await all[1]!.peers.at(-1)!.gone
      await until('the refusal', () => origins.stats()['api']!.healthy === healthy)
    }
    expect(await bodies(ask, 4)).toBe('bbbb')
    expect(counters.originRetries).toBe(0)
  })
})

describe('a name', () => {
  /** Two loopback addresses that serve one port, as an origin and the one that takes its place do. */
  async function moved (): Promise<{ old: RawOrigin, fresh: RawOrigin }> {
    const old = await rawOrigin(says('a'), { host: '127.0.0.1' })
    const fresh = await rawOrigin(says('b'), { host: '127.0.0.2', port: old.port })
    onTestFinished(() => fresh.close())
    return { old, fresh }
  }

  function looks (answer: () => string | undefined): LookupFunction {
    return (_name, options, done) => {
      const address = answer()
      if (address === undefined) done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), '')
      else if (options.all === true) done(null, [{ address, family: 4 }])
      else done(null, address, 4)
    }
  }

  it('is looked up for each connection; those that lead where it led before are not used any more', async () => {
    const { old, fresh } = await moved()
    let address = '127.0.0.1'
    const { ask } = toward(`http://origin.test:${old.port}`, systemClock, {}, old, { lookup: looks(() => address) })
    expect(await Promise.all([bodyOf(ask), bodyOf(ask)])).toEqual(['a', 'a'])
    address = '127.0.0.2'
    // what is open is used until a lookup says otherwise
    expect((await Promise.all([bodyOf(ask), bodyOf(ask), bodyOf(ask)])).sort()).toEqual(['a', 'a', 'b'])
    expect(await Promise.all([bodyOf(ask), bodyOf(ask), bodyOf(ask)])).toEqual(['b', 'b', 'b'])
    expect([old.peers.length, fresh.peers.length]).toEqual([2, 3])
  })

  it('that cannot be connected to any more costs the connections kept, too', async () => {
    const origin = await rawOrigin(says('a'))
    const held = barrier()
    const asked = barrier()
    let holding = false
    const lookup: LookupFunction = (name, options, done) => {
      if (!holding) return looks(() => '127.0.0.1')(name, options, done)
      asked.open()
      void held.passed.then(() => { looks(() => undefined)(name, options, done) })
    }
    const { ask } = toward(`http://origin.test:${origin.port}`, systemClock, {}, origin, { lookup })
    await Promise.all([bodyOf(ask), bodyOf(ask)])
    holding = true
    const [first, second, third] = [ask(), ask(), ask()]
    await asked.passed
    for (const { answer } of [first, second]) expect(await whole((await answer).body)).toBe('a')
    held.open()
    expect(await codeOf(third.answer)).toBe('origin_unresolved')
    holding = false
    expect(await bodyOf(ask)).toBe('a')
    expect(origin.peers).toHaveLength(3)
  })
})

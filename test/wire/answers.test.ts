/**
 * Origins that say what they should not, whole and a byte at a time: a coded refusal (or what is stale, where allowed)
 * before the head, a broken connection after it; nothing of it is stored, and its connection brings no other answer.
 */
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { before, startProxy, type TestProxy } from '../support/proxy.js'
import { rawOrigin, type RawOrigin, type RawPeer } from '../support/raw-origin.js'
import { BAD, type Bad } from './answers.js'
import { abreast, talk, TCP } from './talk.js'

const HEAD_END = '\r\n\r\n'
const WHOLE = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60, stale-if-error=600\r\nContent-Length: 5\r\n\r\nwhole'

/** The whole at once, or each byte in a packet of its own as far as the system lets us. */
async function say (peer: RawPeer, said: string, slowly: boolean): Promise<void> {
  if (!slowly) return peer.say(said)
  for (const byte of said) {
    if (peer.socket.destroyed) return
    peer.say(byte)
    await new Promise(resolve => { setImmediate(resolve) })
  }
}

async function misbehave (peer: RawPeer, { said, after }: Pick<Bad, 'said' | 'after'>, slowly: boolean): Promise<void> {
  await say(peer, said, slowly)
  if (after === 'end') peer.socket.end()
  // what was written is on its way before the reset is
  else if (after === 'reset') peer.socket.write('', () => { peer.socket.resetAndDestroy() })
}

/** A proxy before an origin whose `turn`th connection misbehaves; all others answer every request. */
async function stage (one: Bad, slowly: boolean, turn: number): Promise<{ proxy: TestProxy, origin: RawOrigin, pass (ms: number): void }> {
  const origin = await rawOrigin(async (peer, index) => {
    peer.socket.on('error', () => undefined)
    await peer.expect(HEAD_END)
    if (index === turn) return misbehave(peer, one, slowly)
    peer.say(WHOLE)
    if (index < turn) peer.socket.end()
  })
  onTestFinished(() => origin.close())
  const clock = { ...manualClock(), wall: () => Date.now() - 5_000 }
  const proxy = await startProxy(before(origin), { clock })
  onTestFinished(() => { proxy.stop() })
  return { proxy, origin, pass: ms => { clock.advance(ms) } }
}

const asked = (method: string): string => `${method} /p HTTP/1.1\r\nHost: h\r\n\r\n`

/** Asks and hangs up behind the request, so that an answer that is whole ends the connection. */
async function ask (proxy: TestProxy, method = 'GET'): Promise<{ text: string, end: string }> {
  return talk(TCP, proxy.port, [asked(method)], true)
}

/** Half of an answer that nobody takes for a whole one; or, where it failed in the packet of its head, a refusal in its place. */
function expectHalf (text: string, what = text): void {
  if (text.startsWith('HTTP/1.1 502 ')) return expect(text, what).not.toContain('hello')
  const [head, body] = text.split(/\r\n\r\n([^]*)/) as [string, string | undefined]
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  if (length !== undefined) expect((body ?? '').length, what).toBeLessThan(Number(length))
  // a reset may overtake all of it; without chunks nothing else tells
  else if (text !== '') expect(head, what).toMatch(/^transfer-encoding: chunked$/im)
  expect(body ?? '', what).not.toMatch(/(?:^|\r\n)0\r\n\r\n$/)
}

function expectOutcome ({ text, end }: { text: string, end: string }, { outcome }: Bad, slowly: boolean): void {
  const final = text.replace(/^(?:HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)+/, '')
  if (outcome.kind === 'refused') {
    expect(final).toMatch(/^HTTP\/1\.1 502 /)
    expect(final).toContain(`"${outcome.code}"`)
  } else if (outcome.kind === 'broken' || (outcome.kind === 'spoilt' && !slowly)) {
    expectHalf(final)
  } else {
    expect(final).toMatch(new RegExp(`^HTTP/1\\.1 ${outcome.status} `))
    expect(end).toBe('end')
  }
  expect(final).not.toContain('evil')
}

/** That the origin is asked again, on another connection, and answers as if nothing had been. */
async function expectNothingLeft (proxy: TestProxy, origin: RawOrigin, path = '/p'): Promise<void> {
  const again = await proxy.get(path, { headers: { host: 'h' } })
  expect(again).toMatchObject({ status: 200, body: 'whole' })
  expect(again.headers['cache-status']).not.toMatch(/; hit/)
  const bad = origin.peers[0]!
  expect(bad.received().split(HEAD_END).length, 'requests on the connection that misbehaved').toBe(2)
  await until('it is closed', () => bad.socket.destroyed || bad.socket.readableEnded)
}

describe('the suite', () => {
  it('holds at least 50 answers, no two alike', () => {
    expect(new Set(BAD.map(({ name }) => name)).size).toBe(BAD.length)
    expect(BAD.length).toBeGreaterThanOrEqual(50)
  })
})

describe.each([['whole', false], ['a byte at a time', true]] as const)('%s', (_, slowly) => {
  // thousands of bytes one by one show nothing that the first hundreds do not
  const all = BAD.filter(({ said }) => !slowly || said.length < 1000).map(one => [one.name, one] as const)

  it.each(all)('%s', async (_, one) => {
    const { proxy, origin } = await stage(one, slowly, 0)
    expectOutcome(await ask(proxy, one.method), one, slowly)
    // what its length ends is whole (RFC 9112 §6.3), and bytes that come later come too late; no answer begins with them
    const kept = one.outcome.kind === 'answered' || (one.outcome.kind === 'spoilt' && slowly)
    await expectNothingLeft(proxy, origin, kept ? '/q' : '/p')
  })
})

describe('where stale is allowed', () => {
  it.each(BAD.filter(({ outcome }) => outcome.kind === 'refused').map(one => [one.name, one] as const))('%s', async (_, one) => {
    const { proxy, pass } = await stage(one, false, 1)
    expect((await ask(proxy)).text).toMatch(/whole$/)
    pass(61_000)
    const { text } = await ask(proxy)
    expect(text).toMatch(/HTTP\/1\.1 200 [^]*whole$/)
    expect(text).toMatch(/cache-status: seawall; fwd=stale; ttl=-1; detail=stale-if-error/i)
  })
})

describe('cut off at every byte', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n'
  const ANSWERS = [
    ['of a length', `${HEAD}Content-Length: 10\r\n\r\n0123456789`],
    ['in chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n`],
    ['in chunks with a trailer', `${HEAD}Transfer-Encoding: chunked\r\n\r\na;x=y\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n`]
  ] as const

  it.each(ANSWERS.flatMap(([how, said]) => (['end', 'reset'] as const).map(after => [how, after, said] as const)))('an answer %s, by %s', async (_, after, said) => {
    const tried = new Set<string>()
    const origin = await rawOrigin(async peer => {
      peer.socket.on('error', () => undefined)
      const cut = /^GET \/(\d+) /.exec(await peer.expect(HEAD_END))![1]!
      if (tried.has(cut)) return misbehave(peer, { said: WHOLE, after: 'end' }, false)
      tried.add(cut)
      await misbehave(peer, { said: said.slice(0, Number(cut)), after }, false)
    })
    onTestFinished(() => origin.close())
    const proxy = await startProxy(before(origin))
    onTestFinished(() => { proxy.stop() })
    await abreast(Array.from({ length: said.length }, (_, cut) => async () => {
      const { text } = await talk(TCP, proxy.port, [`GET /${cut} HTTP/1.1\r\nHost: h\r\n\r\n`], true)
      expectHalf(text, `cut at ${cut}: ${text}`)
      if (cut < said.indexOf(HEAD_END) + 4) expect(text, `cut at ${cut}`).toMatch(/^HTTP\/1\.1 502 /)
      const again = await talk(TCP, proxy.port, [`GET /${cut} HTTP/1.1\r\nHost: h\r\n\r\n`], true)
      expect(again.text, `cut at ${cut}, again`).toMatch(/^HTTP\/1\.1 200 [^]*whole$/)
      expect(again.text, `cut at ${cut}, again`).not.toMatch(/cache-status: [^\r]*hit/i)
    }))
  }, 60_000)
})

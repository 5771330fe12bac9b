/** When an origin fails: a coded answer or a broken connection, never half of an answer that looks whole, and nothing of it stored. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import type { Reply } from '../support/client.js'
import { waiting } from '../support/fills.js'
import { answer, startOrigin } from '../support/origin.js'
import type { TestProxy } from '../support/proxy.js'
import { rawOrigin, type Script } from '../support/raw-origin.js'
import { cacheStatus } from '../support/scene.js'
import { dial, stand, standBefore, standRaw, way } from '../support/standing.js'

const HEAD_END = '\r\n\r\n'
const FRESH = 'Cache-Control: max-age=60\r\n'

/** Says `said` to the first request, breaks off at the `cue`, perhaps with `more` as last words; to the next what a healthy origin would. */
const once = (said: string, then: 'end' | 'reset', cue?: Promise<void>, more = ''): Script => async (peer, index) => {
  await peer.expect(HEAD_END)
  if (index > 0) return peer.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 5\r\n\r\nwhole`)
  await new Promise(resolve => { peer.socket.write(said, resolve) })
  await cue
  if (then === 'reset') peer.socket.resetAndDestroy()
  else peer.socket.end(more)
}

async function stored (proxy: TestProxy): Promise<number> {
  return ((await proxy.stats())['store'] as { entries: number }).entries
}

describe('before its head', () => {
  async function refused (): Promise<TestProxy> {
    const origin = await startOrigin()
    await origin.stop()
    return (await standBefore(origin)).proxy
  }

  it.each<[string | undefined, string, string]>([
    [undefined, 'application/json', '{"error":"origin_refused","message":"The origin refused the connection."}\n'],
    ['*/*', 'application/json', '{"error":"origin_refused","message":"The origin refused the connection."}\n'],
    ['application/json, text/plain', 'application/json', '{"error":"origin_refused","message":"The origin refused the connection."}\n'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'text/plain; charset=utf-8', '502: The origin refused the connection. (origin_refused)\n'],
    ['text/plain', 'text/plain; charset=utf-8', '502: The origin refused the connection. (origin_refused)\n']
  ])('a failure is told as Accept %s has it', async (accept, type, body) => {
    const proxy = await refused()
    const reply = await proxy.get('/p', { headers: accept === undefined ? {} : { accept } })
    expect(reply).toMatchObject({ status: 502, body, headers: { 'content-type': type, 'cache-control': 'no-store', 'content-length': String(body.length) } })
    expect(cacheStatus(reply)).toBe('seawall; fwd=uri-miss; detail=origin_refused')
  })

  it('it is told without a body to HEAD, and to whatever is passed on', async () => {
    const proxy = await refused()
    expect(await proxy.get('/p', { method: 'HEAD' })).toMatchObject({ status: 502, body: '' })
    expect(cacheStatus(await proxy.get('/p', { method: 'POST', body: 'x' }))).toBe('seawall; fwd=method; detail=origin_refused')
    expect(await stored(proxy)).toBe(0)
  })

  it('an origin whose name leads nowhere', async () => {
    const { proxy } = await standBefore({ url: 'http://nowhere.invalid' })
    expect(await proxy.get('/p')).toMatchObject({ status: 502, body: expect.stringContaining('"origin_unresolved"') as unknown })
  })

  it.each([
    ['closes the connection', '', 'end', 'origin_reset'],
    ['resets the connection', '', 'reset', 'origin_reset'],
    ['ends in the middle of its head', 'HTTP/1.1 200 OK\r\nCache-Control: max-', 'end', 'origin_reset'],
    ['says what is not HTTP', 'SSH-2.0-OpenSSH_9\r\n', 'end', 'origin_invalid'],
    ['speaks another version', `HTTP/2.0 200 OK\r\n${FRESH}Content-Length: 2\r\n\r\nhi`, 'end', 'origin_invalid'],
    ['sends a part nobody asked for', `HTTP/1.1 206 X\r\n${FRESH}Content-Range: bytes 0-1/5\r\nContent-Length: 2\r\n\r\nhi`, 'end', 'origin_invalid'],
    ['codes its answer in a way of its own', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 'end', 'origin_invalid']
  ] as const)('one that %s', async (_, said, then, code) => {
    const { proxy } = await standRaw(once(said, then))
    expect(await proxy.get('/p')).toMatchObject({ status: 502, body: expect.stringContaining(`"${code}"`) as unknown })
    expect(await proxy.get('/p')).toMatchObject({ status: 200, body: 'whole' })
    expect(way(await proxy.get('/p'))).toBe('hit')
  })

  it.each(['GET', 'HEAD', 'POST'])('one that does not answer %s in time', async method => {
    const { origin, proxy, clock } = await stand({}, () => undefined)
    const reply = proxy.get('/p', { method })
    await until('it is asked', () => origin.count() === 1)
    clock.advance(29_900)
    expect(origin.count()).toBe(1)
    clock.advance(200)
    expect(await reply).toMatchObject({ status: 504, body: method === 'HEAD' ? '' : expect.stringContaining('"origin_timeout"') as unknown })
  })

  it('one to which no connection comes about in time', async () => {
    // what never speaks TLS keeps one from being set up
    const origin = await rawOrigin(() => undefined)
    onTestFinished(() => origin.close())
    const { proxy, clock } = await standBefore({ url: origin.url.replace('http:', 'https:') })
    const reply = proxy.get('/p')
    await until('it is tried', () => (origin.peers[0]?.received().length ?? 0) > 0)
    clock.advance(5_000)
    expect(await reply).toMatchObject({ status: 504, body: expect.stringContaining('"origin_connect_timeout"') as unknown })
  })

  it('is answered with what is stale, where that is allowed', async () => {
    const { origin, proxy, clock } = await stand({}, answer({ 'cache-control': 'max-age=60, stale-if-error=600' }, 'old'))
    await proxy.get('/p')
    clock.advance(61_000)
    await origin.stop()
    const reply = await proxy.get('/p')
    expect(reply).toMatchObject({ status: 200, body: 'old' })
    expect(cacheStatus(reply)).toBe('seawall; fwd=stale; ttl=-1; detail=stale-if-error')
    clock.advance(600_000)
    expect((await proxy.get('/p')).status).toBe(502)
  })

  it('is over once the origin is back', async () => {
    const origin = await startOrigin(answer({ 'cache-control': 'max-age=60' }, 'back'))
    const { proxy } = await standBefore(origin)
    origin.server.closeAllConnections()
    await new Promise(resolve => { origin.server.close(resolve) })
    expect((await proxy.get('/p')).status).toBe(502)
    await new Promise<void>(resolve => { origin.server.listen(origin.port, '127.0.0.1', resolve) })
    expect(await proxy.get('/p')).toMatchObject({ status: 200, body: 'back' })
    await origin.stop()
  })
})

describe('after its head', () => {
  const LENGTH = `HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 10\r\n\r\nfirst`
  const CHUNKS = `HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`
  const CUT: [string, string, 'end' | 'reset', string?][] = [
    ['of an announced length, that ends early', LENGTH, 'end'],
    ['of an announced length, that is reset', LENGTH, 'reset'],
    ['in chunks, that ends between two', CHUNKS, 'end'],
    ['in chunks, that ends inside one', CHUNKS, 'end', '9\r\nlas'],
    ['in chunks, that is reset', CHUNKS, 'reset'],
    ['in chunks, that turn to nonsense', CHUNKS, 'end', 'zz\r\n'],
    ['that ends with its connection, which is reset', `HTTP/1.1 200 OK\r\n${FRESH}\r\nfirst`, 'reset'],
    ['not to be stored', LENGTH.replace('max-age=60', 'no-store'), 'end']
  ]

  it.each(CUT)('a body %s: the connection breaks, and nothing is stored', async (_, said, then, more) => {
    const begun = barrier()
    const { proxy } = await standRaw(once(said, then, begun.passed, more))
    const client = await dial(proxy)
    client.write('GET /p HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.until(/first/)
    begun.open()
    expect(await client.closed).toBe('reset')
    expect(client.text()).not.toMatch(/\r\n0\r\n/)
    expect(await stored(proxy)).toBe(0)
    expect(await proxy.get('/p', { headers: { host: 'h' } })).toMatchObject({ status: 200, body: 'whole' })
  })

  it.each(CUT)('a client of HTTP/1.0 sees it, too: a body %s', async (_, said, then, more) => {
    const begun = barrier()
    const { proxy } = await standRaw(once(said, then, begun.passed, more))
    const client = await dial(proxy)
    client.write('GET /p HTTP/1.0\r\nHost: h\r\n\r\n')
    await client.until(/first/)
    begun.open()
    expect(await client.closed).toBe('reset')
  })

  it.each(CUT)('an answer to POST with a body %s', async (_, said, then, more) => {
    const begun = barrier()
    const { proxy } = await standRaw(once(said, then, begun.passed, more))
    await expect(proxy.get('/p', { method: 'POST', onChunk: begun.open })).rejects.toThrow()
  })

  it('all who share it see it', async () => {
    const gate = barrier()
    const asked = barrier()
    const { proxy } = await standRaw(async (peer, index) => {
      await peer.expect(HEAD_END)
      if (index > 0) return peer.say('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n')
      asked.open()
      await gate.passed
      peer.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 10\r\n\r\nfirst`)
      await gotFirst.passed
      peer.socket.destroy()
    })
    let begun = 0
    const gotFirst = barrier()
    const shared = (): Promise<Reply> => proxy.get('/p', { onChunk: () => { if (++begun === 5) gotFirst.open() } })
    const replies = [shared()]
    await asked.passed
    for (let i = 0; i < 4; i++) replies.push(shared())
    await waiting(proxy, 4)
    gate.open()
    expect((await Promise.allSettled(replies)).map(r => r.status)).toEqual(Array.from({ length: 5 }, () => 'rejected'))
    expect(await stored(proxy)).toBe(0)
  })

  it('an origin that stops sending is given up on in time', async () => {
    const { origin, proxy, clock } = await stand({}, (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': '10' })
      response.write('first')
    })
    const first = barrier()
    const reply = proxy.get('/p', { onChunk: first.open })
    reply.catch(() => undefined)
    await first.passed
    clock.advance(59_900)
    origin.on(answer({ 'cache-control': 'max-age=60' }, 'whole'))
    const joined = proxy.get('/p')
    joined.catch(() => undefined)
    await waiting(proxy, 1)
    clock.advance(200)
    await expect(reply).rejects.toThrow()
    await expect(joined).rejects.toThrow()
    expect(await proxy.get('/p')).toMatchObject({ status: 200, body: 'whole' })
  })

  it('a body that ends with its connection is passed on, and never stored: nobody can tell whether it was whole', async () => {
    const { origin, proxy } = await standRaw(async peer => {
      await peer.expect(HEAD_END)
      peer.socket.end(`HTTP/1.1 200 OK\r\n${FRESH}\r\nto the end`)
    })
    for (let i = 0; i < 2; i++) {
      const reply = await proxy.get('/p')
      expect(reply.body).toBe('to the end')
      expect(cacheStatus(reply)).toContain('detail=unverifiable-length')
    }
    expect(origin.peers.length).toBe(2)
  })

  it('a body cut while it replaces a stale one leaves that one', async () => {
    const { origin, proxy, clock } = await stand({}, answer({ 'cache-control': 'max-age=60, stale-if-error=600', etag: '"1"' }, 'old'))
    await proxy.get('/p')
    clock.advance(61_000)
    const begun = barrier()
    origin.on(async (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': '10' })
      response.write('new')
      await begun.passed
      response.socket!.resetAndDestroy()
    })
    await expect(proxy.get('/p', { onChunk: begun.open })).rejects.toThrow()
    await origin.stop()
    expect(await proxy.get('/p')).toMatchObject({ status: 200, body: 'old' })
  })
})

/** Websockets: tunnelled once the origin has agreed, an ordinary answer where it has not. */
import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import type { RawConnection } from '../support/client.js'
import { flood, HELD_BACK } from '../support/flood.js'
import { answer } from '../support/origin.js'
import { settled } from '../support/origins.js'
import type { TestProxy } from '../support/proxy.js'
import type { RawPeer } from '../support/raw-origin.js'
import { dial, stand, standRaw, type Standing } from '../support/standing.js'

const HEAD_END = '\r\n\r\n'
const KEY = randomBytes(16).toString('base64')

/** RFC 6455 §4.2.2. */
const acceptOf = (key: string): string => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

const handshake = (more = ''): string =>
  `GET /chat?room=1 HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Protocol: chat\r\n${more}\r\n`

const agreement = (key: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`

interface Joined extends Standing { readonly client: RawConnection, readonly peer: RawPeer, readonly head: string, readonly answer: string }

/** A client and an origin with a tunnel between them. `early`: sent with the handshake. */
async function joined (early = ''): Promise<Joined> {
  const asked = barrier()
  let head = ''
  const { origin, proxy, clock } = await standRaw(async peer => {
    head = await peer.expect(HEAD_END)
    peer.say(agreement(/sec-websocket-key: (\S+)/i.exec(head)![1]!))
    asked.open()
  })
  const client = await dial(proxy)
  client.write(handshake() + early)
  const answer = await client.until(/\r\n\r\n/)
  await asked.passed
  return { proxy, clock, client, peer: origin.peers[0]!, head, answer }
}

async function open (proxy: TestProxy): Promise<number> {
  return ((await proxy.stats())['connections'] as { open: number }).open
}

describe('a handshake', () => {
  it('reaches the origin whole, and so does its agreement the client', async () => {
    const { head, answer } = await joined()
    expect(head).toMatch(/^GET \/chat\?room=1 HTTP\/1\.1\r\n/)
    for (const line of ['host: h', 'connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', 'sec-websocket-protocol: chat', 'x-forwarded-for: 127.0.0.1', 'via: 1.1 seawall']) {
      expect(head.toLowerCase()).toContain(`\r\n${line}\r\n`)
    }
    expect(head).toContain(`: ${KEY}\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
    for (const line of ['upgrade: websocket', 'connection: upgrade', 'sec-websocket-protocol: chat']) expect(answer.toLowerCase().split(`\r\n${line}\r\n`).length).toBe(2)
    expect(answer).toContain(`: ${acceptOf(KEY)}\r\n`)
  })

  it('the origin refuses is answered as it says, and the connection lives on', async () => {
    const { origin, proxy } = await stand({}, answer({ 'content-type': 'text/plain', 'content-length': '7' }, 'not you', 403))
    const client = await dial(proxy)
    client.write(handshake())
    expect(await client.until(/not you/)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    origin.on(answer({ 'content-length': '3' }, 'yes'))
    client.write('GET /next HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await client.until(/yes$/)).toMatch(/not youHTTP\/1\.1 200 OK\r\n/)
    expect(origin.seen.map(s => s.url)).toEqual(['/chat?room=1', '/next'])
  })

  it('is never answered from the store, nor stored', async () => {
    const { origin, proxy } = await stand({}, answer({ 'cache-control': 'max-age=60', 'content-length': '2' }, 'ok'))
    await proxy.get('/chat?room=1', { headers: { host: 'h' } })
    const client = await dial(proxy)
    client.write(handshake())
    await client.until(/ok$/)
    expect(origin.count()).toBe(2)
  })

  it('to another protocol is no agreement', async () => {
    const { proxy } = await standRaw(async peer => {
      await peer.expect(HEAD_END)
      peer.say('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n')
    })
    const client = await dial(proxy)
    client.write(handshake())
    expect(await client.until(/origin_invalid/)).toMatch(/^HTTP\/1\.1 502 /)
  })

  it('an origin that is not there answers with 502', async () => {
    const { origin, proxy } = await stand()
    await origin.stop()
    const client = await dial(proxy)
    client.write(handshake())
    expect(await client.until(/origin_refused"/)).toMatch(/^HTTP\/1\.1 502 /)
  })

  it('an origin that says nothing is given up on in time', async () => {
    const asked = barrier()
    const { proxy, clock } = await standRaw(async peer => {
      await peer.expect(HEAD_END)
      asked.open()
    })
    const client = await dial(proxy)
    client.write(handshake())
    await asked.passed
    clock.advance(31_000)
    expect(await client.until(/origin_timeout"/)).toMatch(/^HTTP\/1\.1 504 /)
  })

  it('for a host nobody serves is refused, and no origin hears of it', async () => {
    const { origin, proxy } = await stand({ routes: [{ hosts: ['other.example'] }] })
    const client = await dial(proxy)
    client.write(handshake())
    expect(await client.until(/misdirected"/)).toMatch(/^HTTP\/1\.1 421 /)
    expect(origin.count()).toBe(0)
  })
})

describe('a tunnel', () => {
  it('carries bytes both ways, as they come', async () => {
    const { client, peer } = await joined()
    const said = '\x81\x85\x00\xff\r\n\r\nHTTP/1.1 400 \x00'
    client.write(Buffer.from(said, 'latin1'))
    expect(await peer.expect(said)).toBe(said)
    peer.say(`\x82${said}`)
    await until('the answer', () => client.text().endsWith(`\x82${said}`))
    client.write('again')
    await peer.expect('again')
  })

  it('carries what the client sent with its handshake', async () => {
    const { peer } = await joined('early bird')
    expect(await peer.expect('early bird')).toBe('early bird')
  })

  it('carries much, unharmed and in order', async () => {
    const { client, peer, answer } = await joined()
    const much = randomBytes(2 ** 22)
    client.write(much)
    peer.socket.write(much)
    const text = much.toString('latin1')
    await until('all has come', () => client.text().length === answer.length + much.length)
    expect(client.text().endsWith(text)).toBe(true)
    expect((await peer.expect(text.slice(-64))).endsWith(text)).toBe(true)
  })

  it('outlasts every deadline of a request', async () => {
    const { client, peer, clock } = await joined()
    clock.advance(3_600_000)
    client.write('still here')
    await peer.expect('still here')
    peer.say('and so am I')
    await client.until(/and so am I$/)
  })

  it('whose client ends its half still brings what the origin has to say', async () => {
    const { client, peer } = await joined()
    client.socket.end('goodbye')
    await peer.expect('goodbye')
    await peer.gone
    peer.say('a last word')
    await client.until(/a last word$/)
    peer.socket.end()
    expect(await client.closed).toBe('end')
  })

  it('whose origin ends its half still takes what the client has to say', async () => {
    const { client, peer, proxy } = await joined()
    peer.socket.end('goodbye')
    await client.until(/goodbye$/)
    expect(await client.closed).toBe('end')
    client.write('a last word')
    await peer.expect('a last word')
    client.socket.end()
    await peer.gone
    await until('it is closed', async () => await open(proxy) === 0)
  })

  it('breaks for the client where the origin breaks', async () => {
    const { client, peer } = await joined()
    peer.say('half a fr')
    await client.until(/half a fr$/)
    peer.socket.resetAndDestroy()
    expect(await client.closed).toBe('reset')
  })

  it('breaks for the origin where the client breaks', async () => {
    const { client, peer, proxy } = await joined()
    let how = 'end'
    peer.socket.on('error', error => { how = (error as NodeJS.ErrnoException).code! })
    client.socket.resetAndDestroy()
    await peer.gone
    await until('it is closed', async () => peer.socket.destroyed && await open(proxy) === 0)
    expect(how).toBe('ECONNRESET')
  })

  it('holds back whoever sends more than the other end reads', async () => {
    const { client, peer } = await joined()
    client.socket.pause()
    const toClient = flood(peer.socket)
    expect(await settled('the origin', () => toClient.taken())).toBeLessThan(HELD_BACK)
    peer.socket.pause()
    const toOrigin = flood(client.socket)
    expect(await settled('the client', () => toOrigin.taken())).toBeLessThan(HELD_BACK)
    client.socket.removeAllListeners('data').resume()
    peer.socket.removeAllListeners('data').resume()
    await Promise.all([toClient.done, toOrigin.done])
  })

  it('ends when Seawall does', async () => {
    const { client, peer, proxy } = await joined()
    proxy.stop()
    await peer.gone
    expect(await client.closed).toBe('reset')
  })
})

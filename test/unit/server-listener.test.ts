/** Listening, draining, tunnels. */
import { once } from 'node:events'
import net from 'node:net'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { ListenError } from '../../src/server/listener.js'
import { barrier, until } from '../support/barrier.js'
import { connect } from '../support/client.js'
import { cleanUp, response, source, startListener, text, turns } from '../support/listener.js'

cleanUp()

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`

describe('listening', () => {
  it('says where it listens, and why it cannot', async () => {
    const t = await startListener({})
    expect(t.port).toBeGreaterThan(0)
    const other = await startListener({})
    other.listener.close()
    const taken = await other.listener.listen('127.0.0.1', t.port).catch((error: unknown) => error)
    expect(taken).toBeInstanceOf(ListenError)
    expect(taken).toMatchObject({ code: 'EADDRINUSE' })
    expect((taken as Error).message).toBe(`Cannot listen on 127.0.0.1:${t.port}: the port is taken by another program (EADDRINUSE)`)
  })

  it('closes connections beyond the limit', async () => {
    const t = await startListener({ tryHit: () => text('x') }, { connections: 1 })
    const first = await t.open()
    first.write(get('/'))
    await first.until(/x$/)
    const second = await t.open()
    await second.closed
    expect(t.counters).toMatchObject({ connectionsDropped: 1, connections: 1 })
    first.write(get('/'))
    await first.until(/x[^]*x$/)
    first.socket.destroy()
    await until('there is room', () => t.listener.connections() === 0)
    const third = await t.open()
    third.write(get('/'))
    await third.until(/x$/)
  })

  it('counts handshakes towards the limit', async () => {
    const t = await startListener({ tryHit: () => text('x') }, { connections: 2 }, true)
    const first = await t.open()
    const half = await connect(t.port)
    await until('two are accepted', () => t.listener.accepted() === 2)
    const dropped = await connect(t.port)
    await dropped.closed
    expect(t.counters.connectionsDropped).toBe(1)
    first.write(get('/'))
    await first.until(/x$/)
    half.socket.resetAndDestroy()
    await until('the handshake is over', () => t.counters.handshakesFailed === 2)
    const third = await t.open()
    third.write(get('/'))
    await third.until(/x$/)
  })
})

describe('draining', () => {
  it('closes idle connections, lets answers in progress finish, accepts nobody', async () => {
    const s = source()
    const t = await startListener({ handle: async r => r.target === '/stream' ? response(s.body) : text('x') })
    const idle = await t.open()
    idle.write(get('/x'))
    await idle.until(/x$/)
    const busy = await t.open()
    busy.write(get('/stream'))
    s.push('abc')
    await busy.until(/abc/)
    let drained = false
    const drain = t.listener.drain(10_000).then(() => { drained = true })
    expect(await idle.closed).toBe('end')
    await expect(t.open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(drained).toBe(false)
    s.push(null)
    expect(await busy.closed).toBe('end')
    expect(busy.text()).toMatch(/0\r\n\r\n$/)
    idle.socket.end()
    busy.socket.end()
    await drain
  })

  it('says close on answers begun after it, and does not lose a request that is there', async () => {
    const gate = barrier()
    const t = await startListener({ handle: async r => { await gate.passed; return text(r.target) } })
    const busy = await t.open()
    busy.write(get('/1'))
    await until('asked', () => t.asked.length === 1)
    const late = await t.open()
    await until('both', () => t.listener.connections() === 2)
    late.write(get('/2'))
    const drain = t.listener.drain(10_000)
    await until('asked', () => t.asked.length === 2)
    gate.open()
    for (const [client, body] of [[busy, '/1'], [late, '/2']] as const) {
      expect(await client.closed).toBe('end')
      expect(client.text()).toMatch(new RegExp(`Connection: close[^]*${body}$`))
      client.socket.end()
    }
    await drain
  })

  it('answers whom the system has accepted and it has not', async () => {
    const t = await startListener({ handle: async () => text('x') })
    // asked by another thread, while this one sees nothing of it
    const connected = new Int32Array(new SharedArrayBuffer(4))
    const client = new Worker(`
      const { workerData: { port, connected }, parentPort } = require('node:worker_threads')
      let got = ''
      const socket = require('node:net').connect(port, '127.0.0.1', () => {
        socket.write(${JSON.stringify(get('/x'))})
        Atomics.store(connected, 0, 1)
        Atomics.notify(connected, 0)
      })
      socket.on('data', data => { got += data }).on('error', ({ code }) => { got += code }).on('close', () => { parentPort.postMessage(got) })`,
    { eval: true, workerData: { port: t.port, connected } })
    const answered = once(client, 'message')
    expect(Atomics.wait(connected, 0, 0, 10_000)).not.toBe('timed-out')
    const drain = t.listener.drain(10_000)
    expect(String(await answered)).toMatch(/^HTTP\/1\.1 200 [^]*Connection: close[^]*x$/)
    await drain
  })

  it('resets what is left at the deadline', async () => {
    const s = source()
    const t = await startListener({ handle: async () => response(s.body) })
    const busy = await t.open()
    busy.write(get('/'))
    s.push('abc')
    await busy.until(/abc/)
    const drain = t.listener.drain(5_000)
    await turns()
    t.clock.advance(5_000)
    expect(await busy.closed).toBe('reset')
    await drain
    expect(s.cancelled.why).toMatchObject({ code: 'draining' })
  })
})

describe('the deadline of draining', () => {
  const never = new Promise<void>(() => undefined)

  it('is kept though it is not settled who is still to be accepted', async () => {
    const s = source()
    const t = await startListener({ handle: async () => response(s.body) })
    const drain = t.listener.drain(100, never)
    const late = await t.open()
    late.write(get('/'))
    s.push('abc')
    await late.until(/abc/)
    t.clock.advance(100)
    expect(await late.closed).toBe('reset')
    await expect(t.open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await drain
    expect(s.cancelled.why).toMatchObject({ code: 'draining' })
  })

  it('holds for handshakes too', async () => {
    const t = await startListener({}, {}, true)
    const drain = t.listener.drain(100, never)
    const half = await connect(t.port)
    await until('it is accepted', () => t.listener.accepted() === 1)
    t.clock.advance(100)
    expect(await half.closed).toBe('reset')
    await drain
  })
})

describe('tunnels', () => {
  const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'

  /** A pair of sockets: what the core hands over, and the origin behind it. */
  async function pair (): Promise<{ near: net.Socket, far: net.Socket }> {
    const server = net.createServer({ allowHalfOpen: true })
    const accepted = new Promise<net.Socket>(resolve => { server.once('connection', resolve) })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const near = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
    const far = await accepted
    server.close()
    far.setEncoding('latin1')
    // Reset where the tunnel breaks, and when a test is over.
    far.on('error', () => undefined)
    return { near, far }
  }

  async function tunnelled (early = '') {
    const { near, far } = await pair()
    let received = ''
    far.on('data', chunk => { received += String(chunk) })
    const t = await startListener({ upgrade: async () => ({ head: 'HTTP/1.1 101 X\r\nUpgrade: websocket\r\n', socket: near }) })
    const client = await t.open()
    client.write(UPGRADE + early)
    await client.until(/^HTTP\/1\.1 101 X\r\nUpgrade: websocket\r\n\r\n/)
    return { t, client, near, far, received: () => received }
  }

  it('carry bytes both ways, those sent ahead included, and end half by half', async () => {
    const { t, client, far, received } = await tunnelled('early ')
    client.write('late')
    await until('both', () => received() === 'early late')
    far.write('answer')
    await client.until(/answer$/)
    t.clock.advance(1_000_000)
    const ended = new Promise(resolve => { far.once('end', resolve) })
    client.socket.end()
    await ended
    far.end(' last')
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/answer last$/)
    await until('gone', () => t.listener.connections() === 0)
    expect(t.answered).toMatchObject([{ response: { status: 101 }, end: { complete: true, bytes: client.text().length } }])
    expect(t.counters.bytesIn).toBe((UPGRADE + 'early late').length)
  })

  it.each(['client', 'far'] as const)('break on both sides when the %s does', async side => {
    const { t, client, far } = await tunnelled()
    const farClosed = new Promise(resolve => { far.once('close', resolve) })
    if (side === 'client') client.socket.resetAndDestroy()
    else {
      far.resetAndDestroy()
      expect(await client.closed).toBe('reset')
    }
    await farClosed
    await until('gone', () => t.listener.connections() === 0)
  })

  it('break when our side of the origin is let go', async () => {
    const { client, near } = await tunnelled()
    near.destroy()
    expect(await client.closed).toBe('reset')
  })

  it('pass on an end that came before the 101', async () => {
    const { near, far } = await pair()
    const gate = barrier()
    const t = await startListener({ upgrade: async () => { await gate.passed; return { head: 'HTTP/1.1 101 X\r\n', socket: near } } })
    const ended = new Promise(resolve => { far.once('end', resolve).resume() })
    const client = await t.open()
    client.socket.end(UPGRADE)
    await until('asked', () => t.counters.bytesIn > 0)
    await turns()
    gate.open()
    await ended
    far.end('last')
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/last$/)
  })

  it('hold a fast side back for a slow one', async () => {
    const { client, far } = await tunnelled()
    client.socket.pause()
    const block = Buffer.alloc(1_000_000)
    let sent = 0
    await until('backpressure', async () => {
      if (far.write(block)) { sent++; return false }
      sent++
      await turns(100)
      return far.writableLength > 0
    })
    expect(sent).toBeLessThan(60)
    client.socket.resume()
    await until('all', () => client.text().length > sent * block.length)
  })

  it('are refused with an ordinary answer, and the connection goes on', async () => {
    const t = await startListener({ upgrade: async () => text('no', { status: 403 }), tryHit: () => text('yes') })
    const client = await t.open()
    client.write(UPGRADE + get('/'))
    await client.until(/^HTTP\/1\.1 403 [^]*no[^]*yes$/)
  })

  it('are let go when the client left before the 101', async () => {
    const { near, far } = await pair()
    const gate = barrier()
    const asked = barrier()
    const t = await startListener({ upgrade: async () => { asked.open(); await gate.passed; return { head: '', socket: near } } })
    const client = await t.open()
    client.write(UPGRADE)
    await asked.passed
    client.socket.resetAndDestroy()
    await until('gone', () => t.listener.connections() === 0)
    const closed = new Promise(resolve => { far.once('close', resolve).once('end', () => { far.end() }).resume() })
    gate.open()
    await closed
  })
})

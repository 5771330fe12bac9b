/** The public listener behind TLS: what differs from plain sockets. */
import net from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Certificates } from '../../src/server/certificates.js'
import { until } from '../support/barrier.js'
import { certificate } from '../support/certificates.js'
import { connect, connectTls, type RawConnection } from '../support/client.js'
import { cleanUp, readAll, response, source, startListener, text, turns } from '../support/listener.js'

cleanUp()

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`

async function plain (port: number): Promise<RawConnection> {
  const client = await connect(port)
  onTestFinished(() => { client.socket.destroy() })
  return client
}

describe('a handshake', () => {
  it('makes the requests after it secure ones, pipelined or not', async () => {
    const t = await startListener({ tryHit: r => text(r.target) }, {}, true)
    const client = await t.open()
    client.write(get('/1') + get('/2'))
    await client.until(/\/1[^]*\/2$/)
    expect(t.asked.map(({ peer }) => peer)).toEqual([1, 2].map(() => ({ address: '127.0.0.1', secure: true, trusted: false })))
  })

  it('that is none costs its own connection', async () => {
    const t = await startListener({ tryHit: () => text('x') }, {}, true)
    const good = await t.open()
    const bad = await plain(t.port)
    bad.write(get('/'))
    await bad.closed
    expect(bad.text()).not.toContain('HTTP')
    const old = await connectTls(t.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }).catch((error: unknown) => error)
    expect(old).toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION/) as unknown })
    const h2 = await connectTls(t.port, { ALPNProtocols: ['h2'] }).catch((error: unknown) => error)
    expect(h2).toMatchObject({ code: expect.stringMatching(/NO_APPLICATION_PROTOCOL/) as unknown })
    good.write(get('/'))
    await good.until(/x$/)
    await until('all counted', () => t.counters.handshakesFailed === 3)
  })

  it('that stalls is given as long as a head', async () => {
    const t = await startListener({}, { headerTimeout: 5_000 }, true)
    const stalled = await plain(t.port)
    stalled.write(Buffer.from([0x16, 3, 1]))
    await turns()
    t.clock.advance(4_000)
    await turns()
    expect(stalled.socket.destroyed).toBe(false)
    t.clock.advance(2_000)
    expect(await stalled.closed).toBe('reset')
    expect(t.counters.handshakesFailed).toBe(1)
  })

  it('under way when draining begins is let come, and reset at the deadline', async () => {
    const t = await startListener({ tryHit: () => text('x') }, {}, true)
    const stalled = await plain(t.port)
    await turns()
    let drained = false
    const drain = t.listener.drain(5_000).then(() => { drained = true })
    await turns()
    expect(drained).toBe(false)
    t.clock.advance(5_000)
    expect(await stalled.closed).toBe('reset')
    await drain
  })

  it('may not be asked for again', async () => {
    const t = await startListener({ tryHit: () => text('x') }, {}, true)
    const client = await connectTls(t.port, { maxVersion: 'TLSv1.2' })
    const secured = client.socket as net.Socket & { renegotiate (options: object, done: (error: Error | null) => void): boolean | undefined }
    onTestFinished(() => { client.socket.destroy() })
    client.write(get('/'))
    await client.until(/x$/)
    secured.renegotiate({}, () => undefined)
    client.write(get('/'))
    await client.closed
    await until('gone', () => t.listener.connections() === 0)
  })
})

describe('through TLS', () => {
  it('a body that breaks is a broken connection, never an end', async () => {
    const s = source()
    const t = await startListener({ handle: async () => response(s.body) }, {}, true)
    const client = await t.open()
    client.write(get('/'))
    s.push('part')
    await client.until(/part/)
    s.fail(new Error('the origin broke'))
    expect(await client.closed).toBe('reset')
    await until('gone', () => t.listener.connections() === 0)
  })

  it('a client that reads nothing is let go, whatever is queued', async () => {
    const t = await startListener({ tryHit: () => text('x'.repeat(100_000)) }, { writeStall: 4_000 }, true)
    const client = await t.open()
    client.socket.pause()
    for (let i = 0; i < 200; i++) client.write(get('/'))
    await until('more is queued than it takes', async () => { await turns(); return client.socket.bytesWritten > 0 && t.listener.connections() === 1 && t.answered.length > 20 })
    for (let i = 0; i < 8 && t.listener.connections() > 0; i++) {
      await turns()
      t.clock.advance(1_000)
    }
    await until('let go', () => t.listener.connections() === 0)
  })

  it('a client that has ended its half is answered in full', async () => {
    const t = await startListener({ handle: async r => text(await readAll(r)) }, {}, true)
    const client = await t.open()
    client.socket.end('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody')
    expect(await client.closed).toBe('end')
    expect(client.text()).toMatch(/\r\n\r\nbody$/)
  })

  it('a tunnel that breaks behind us breaks before us', async () => {
    const server = net.createServer({ allowHalfOpen: true })
    const accepted = new Promise<net.Socket>(resolve => { server.once('connection', resolve) })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const near = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
    const far = await accepted
    server.close()
    const t = await startListener({ upgrade: async () => ({ head: 'HTTP/1.1 101 X\r\nUpgrade: websocket\r\n', socket: near }) }, {}, true)
    const client = await t.open()
    client.write('GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n')
    await client.until(/101 X/)
    far.write('hello')
    await client.until(/hello$/)
    far.resetAndDestroy()
    expect(await client.closed).toBe('reset')
  })
})

describe('certificates', () => {
  const a = { ...certificate('a'), hosts: undefined }
  const b = { ...certificate('b'), hosts: undefined }

  it.each([
    ['a.test', 'a'], ['A.TEST', 'a'], ['x.a.test', 'a'], ['x.y.a.test', 'a'], ['b.test', 'b'], ['x.b.test', 'a'], ['elsewhere', 'a'], ['constructor', 'a']
  ])('for %s: %s, by the names in them', (name, expected) => {
    const certificates = new Certificates([a, b])
    expect(certificates.contextFor(name)).toBe(certificates.contextFor(`${expected}.test`))
  })

  it('by the names they are given', () => {
    const certificates = new Certificates([a, { ...b, hosts: ['*.c.test', 'c.test'] }])
    const [first, second] = [certificates.contextFor('a.test'), certificates.contextFor('c.test')]
    expect(second).not.toBe(first)
    for (const name of ['x.c.test', 'X.Y.C.test']) expect(certificates.contextFor(name)).toBe(second)
    for (const name of ['b.test', 'xc.test', '']) expect(certificates.contextFor(name)).toBe(first)
  })

  it('that cannot be used replace none', () => {
    const certificates = new Certificates([a])
    const before = certificates.contextFor('a.test')
    expect(() => { certificates.replace([b, { ...a, key: b.key }]) }).toThrow()
    expect(certificates.contextFor('b.test')).toBe(before)
    expect(certificates.first).toMatchObject(a)
  })
})

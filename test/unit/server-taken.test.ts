/** What a client has taken is seen in the midst of a write, where the socket says, and by pieces where it does not. */
import { createServer, connect, Socket, type AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { pieceFor, takenBy } from '../../src/server/taken.js'
import { until } from '../support/barrier.js'

const MB = 1024 * 1024

/** Both ends of a connection. */
async function pair (): Promise<{ near: Socket, far: Socket }> {
  const server = createServer({ allowHalfOpen: true })
  const accepted = new Promise<Socket>(resolve => { server.once('connection', resolve) })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const near = await accepted
  server.close()
  onTestFinished(() => { near.destroy(); far.destroy() })
  return { near, far }
}

it('a part of a write counts as soon as it is taken', async () => {
  const { near, far } = await pair()
  far.pause()
  near.write('head')
  near.write(Buffer.alloc(64 * MB))
  await until('a standstill', async () => {
    const before = takenBy(near)
    await new Promise(resolve => { setImmediate(resolve) })
    return takenBy(near) === before
  })
  const before = takenBy(near)
  expect(before).toBeLessThan(64 * MB)
  let read = 0
  far.on('data', (bytes: Buffer) => {
    read += bytes.length
    if (read > 16 * MB) far.pause()
  })
  far.resume()
  await until('more is taken', () => takenBy(near) > before)
  expect(near.writableLength).toBe(64 * MB)
  far.removeAllListeners('data').resume()
  await until('all is taken', () => takenBy(near) === 64 * MB + 4)
  expect(near.writableLength).toBe(0)
})

it('a socket that does not say is given small pieces, and what is through counts', () => {
  const mute = { bytesWritten: 9, writableLength: 2, _handle: {} } as unknown as Socket
  expect(pieceFor(mute)).toBe(MB / 8)
  expect(takenBy(mute)).toBe(7)
})

it('so is one whose bytes are encrypted, and one that is gone', async () => {
  const { near, far } = await pair()
  expect(pieceFor(near)).toBe(MB)
  expect(pieceFor(new TLSSocket(near))).toBe(MB / 8)
  far.destroy()
  expect(pieceFor(far)).toBe(MB / 8)
})

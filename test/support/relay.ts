/** A wire between two programs that a test can stop or cut, as a network does, or speak on in place of the server. */
import net from 'node:net'
import { onTestFinished } from 'vitest'

export interface Relay {
  readonly port: number
  /** Nothing passes, and nobody is told. */
  stall (): void
  /** Everything breaks, and nothing can be opened. */
  cut (): void
  /** Everything breaks once so many more bytes have come from the server. */
  cutAfter (bytes: number): void
  /** Each command (of Redis) is answered with this line, and the server hears nothing. */
  say (line: string): void
  mend (): void
}

/** The beginning of a command as clients of Redis send it. */
const COMMAND = /\*\d+\r\n\$\d+\r\n\w+\r\n/g

export async function startRelay (to: number): Promise<Relay> {
  const sockets = new Set<net.Socket>()
  let state: 'open' | 'stalled' | 'cut' = 'open'
  let left = Infinity
  let line: string | undefined
  const cut = (): void => { for (const socket of sockets) socket.resetAndDestroy() }
  const server = net.createServer(socket => {
    if (state === 'cut') return socket.resetAndDestroy()
    const other = net.connect(to, '127.0.0.1')
    for (const [one, two] of [[socket, other], [other, socket]] as const) {
      sockets.add(one)
      one.on('error', () => { two.destroy() })
      one.on('close', () => {
        sockets.delete(one)
        two.destroy()
      })
      if (state === 'stalled') one.pause()
    }
    socket.on('data', chunk => {
      if (line === undefined) other.write(chunk)
      else for (const _ of chunk.toString('latin1').matchAll(COMMAND)) socket.write(`${line}\r\n`)
    })
    other.on('data', chunk => {
      if (chunk.length <= left) {
        left -= chunk.length
        socket.write(chunk)
      } else {
        // what was written is let through before the end
        socket.end(chunk.subarray(0, left), () => { cut() })
        left = Infinity
      }
    })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as net.AddressInfo).port,
    stall () {
      state = 'stalled'
      for (const socket of sockets) socket.pause()
    },
    cut () {
      state = 'cut'
      cut()
    },
    cutAfter (bytes) { left = bytes },
    say (words) { line = words },
    mend () {
      state = 'open'
      left = Infinity
      line = undefined
      for (const socket of sockets) socket.resume()
    }
  }
}

/** A wire between two programs that a test can stop or cut, as a network does. */
import net from 'node:net'
import { onTestFinished } from 'vitest'

export interface Relay {
  readonly port: number
  /** Nothing passes, and nobody is told. */
  stall (): void
  /** Everything breaks, and nothing can be opened. */
  cut (): void
  mend (): void
}

export async function startRelay (to: number): Promise<Relay> {
  const sockets = new Set<net.Socket>()
  let state: 'open' | 'stalled' | 'cut' = 'open'
  const server = net.createServer(socket => {
    if (state === 'cut') return socket.resetAndDestroy()
    const other = net.connect(to, '127.0.0.1')
    for (const [one, two] of [[socket, other], [other, socket]] as const) {
      sockets.add(one)
      one.on('data', chunk => { two.write(chunk) })
      one.on('error', () => { two.destroy() })
      one.on('close', () => {
        sockets.delete(one)
        two.destroy()
      })
      if (state === 'stalled') one.pause()
    }
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
      for (const socket of sockets) socket.resetAndDestroy()
    },
    mend () {
      state = 'open'
      for (const socket of sockets) socket.resume()
    }
  }
}

/** An origin that says exactly the bytes a test writes, over real sockets, and records exactly what it was sent. */
import net from 'node:net'
import tls from 'node:tls'
import { barrier, type Barrier } from './barrier.js'

export interface RawPeer {
  readonly socket: net.Socket
  /** Bytes received so far, latin1. */
  received (): string
  /** Resolves once `text` has come in since the last `expect`; rejects if the connection ends first. */
  expect (text: string): Promise<string>
  say (text: string): void
  /** Ended, reset or closed by the other side. */
  readonly gone: Promise<void>
}

export interface RawOrigin {
  readonly url: string
  readonly port: number
  readonly peers: RawPeer[]
  close (): Promise<void>
}

export type Script = (peer: RawPeer, index: number) => Promise<void> | void

/** `script` runs for each connection; its failure destroys the connection. `port`: one that was free a moment ago. */
export async function rawOrigin (script: Script, options: { tls?: tls.TlsOptions, port?: number, host?: string } = {}): Promise<RawOrigin> {
  const { tls: secure, host = '127.0.0.1' } = options
  const peers: RawPeer[] = []
  const accept = (socket: net.Socket): void => {
    const peer = rawPeer(socket)
    peers.push(peer)
    Promise.resolve(script(peer, peers.length - 1)).catch((error: unknown) => { socket.destroy(error as Error) })
  }
  const server = secure === undefined ? net.createServer({ allowHalfOpen: true }, accept) : tls.createServer(secure, accept)
  await new Promise<void>(resolve => { server.listen(options.port ?? 0, host, resolve) })
  const { port } = server.address() as net.AddressInfo
  return {
    url: `${secure === undefined ? 'http' : 'https'}://${host}:${port}`,
    port,
    peers,
    close: () => new Promise(resolve => {
      server.close(() => { resolve() })
      for (const peer of peers) peer.socket.destroy()
    })
  }
}

function rawPeer (socket: net.Socket): RawPeer {
  let received = ''
  let from = 0
  const over: Barrier = barrier()
  const looks = new Set<() => void>()
  const look = (): void => { for (const each of looks) each() }
  let ended = false
  const end = (): void => { ended = true; over.open(); look() }
  socket.setEncoding('latin1')
  socket.on('data', chunk => { received += String(chunk); look() })
  socket.on('end', end).on('error', end).on('close', end)
  return {
    socket,
    received: () => received,
    say: text => { socket.write(text, 'latin1') },
    gone: over.passed,
    expect: text => new Promise((resolve, reject) => {
      const check = (): void => {
        const at = received.indexOf(text, from)
        if (at < 0 && !ended) return
        looks.delete(check)
        if (at < 0) return reject(new Error(`the connection ended before ${JSON.stringify(text)}`))
        const part = received.slice(from, at + text.length)
        from = at + text.length
        resolve(part)
      }
      looks.add(check)
      check()
    })
  }
}

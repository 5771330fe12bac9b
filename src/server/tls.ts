/**
 * TLS before HTTP: a connection is accepted once its handshake is done.
 *
 * Invariants: a handshake that fails or takes too long costs its own connection and nothing else; with each secured
 * socket comes the TCP socket under it, since only that one can be reset.
 */
import { createServer, type TLSSocket } from 'node:tls'
import { Deadline } from './limits.js'
import { MIN_VERSION, type Certificates } from './certificates.js'
import type { Server, Socket } from 'node:net'
import { drop, isFull, type Serving } from './serving.js'

export interface SecureServer {
  readonly server: Server
  /** Resets every connection whose handshake is under way. */
  reset (): void
}

interface Handshake { readonly transport: Socket, readonly deadline: Deadline }

/** `accept` is given each secured socket and the TCP socket under it. */
export function createSecureServer (
  certificates: Certificates, sockets: { allowHalfOpen: boolean, noDelay: boolean }, serving: Serving, accept: (socket: TLSSocket, transport: Socket) => void
): SecureServer {
  const { wheel, limits, log, counters } = serving
  const { cert, key } = certificates.first
  const server = createServer({
    ...sockets, cert, key, minVersion: MIN_VERSION, ALPNProtocols: ['http/1.1'],
    SNICallback: (name, choose) => choose(null, certificates.contextFor(name))
  })
  certificates.onReplaced(() => {
    const { cert, key } = certificates.first
    server.setSecureContext({ cert, key, minVersion: MIN_VERSION })
  })
  const handshakes = new Map<string, Handshake>()

  server.on('connection', (transport: Socket) => {
    if (isFull(serving, handshakes.size)) {
      drop(serving, transport)
      return
    }
    const name = connectionName(transport)
    if (name === undefined) {
      transport.destroy()
      return
    }
    const deadline = new Deadline(() => transport.resetAndDestroy())
    handshakes.set(name, { transport, deadline })
    wheel.touch(deadline, limits.headerTimeout)
    transport.on('close', () => {
      wheel.remove(deadline)
      if (handshakes.get(name)?.transport === transport) handshakes.delete(name)
    })
  })
  server.on('secureConnection', socket => {
    const name = connectionName(socket)
    const handshake = name === undefined ? undefined : handshakes.get(name)
    if (handshake === undefined) {
      socket.destroy()
      return
    }
    handshakes.delete(name!)
    wheel.remove(handshake.deadline)
    // Whoever asks for it may ask for ever, and each time costs more than the asking. Node reports it and goes on.
    socket.disableRenegotiation()
    socket.on('error', () => handshake.transport.resetAndDestroy())
    accept(socket, handshake.transport)
  })
  server.on('tlsClientError', (err, socket) => {
    counters.handshakesFailed++
    log.debug({ err, client: socket.remoteAddress }, 'a TLS handshake failed')
  })
  return { server, reset: () => { for (const { transport } of handshakes.values()) transport.resetAndDestroy() } }
}

/** What tells a TCP connection of this machine from all others; undefined once it is gone. */
function connectionName ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

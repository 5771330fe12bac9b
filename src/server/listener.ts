/**
 * The public listener: accepts connections, and lets them go in an orderly way.
 *
 * Invariants: every socket has a Connection from its first moment, and with it handlers for all its events; whoever was
 * connected when `drain` began is answered, and nothing in progress is cut before its deadline.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Clock, Timer } from '../core/clock.js'
import { SeawallError } from '../core/errors.js'
import { steady } from '../core/steady.js'
import { Connection } from './connection.js'
import { TimingWheel } from './limits.js'
import { shareReads } from './shared-reads.js'
import { createSecureServer } from './tls.js'
import { turn } from './turn.js'
import type { Certificates } from './certificates.js'
import type { Ms } from '../core/types.js'
import { drop, isFull, type Serving, type ServingOptions } from './serving.js'

export interface ListenerOptions extends ServingOptions {
  /** What is spoken is TLS, with these; undefined: plain HTTP. */
  readonly certificates?: Certificates | undefined
}

export interface Listener {
  /** Resolves with where it listens (`port` 0 picks a free one). Rejects with a ListenError. */
  listen (host: string, port: number): Promise<{ host: string, port: number }>
  /** Listens at a path of the file system, for processes of this machine. Rejects with the system's error. */
  listenAt (path: string): Promise<void>
  /**
   * Stops accepting once `settled`, by itself as soon as nobody waits to be accepted. Idle connections then close at once,
   * the others with the answer in progress. After `deadline` ms nobody is accepted and what is left is reset. Resolves when
   * all are gone.
   */
  drain (deadline: Ms, settled?: Promise<void>): Promise<void>
  /** Stops accepting and resets every connection. */
  close (): void
  /** Open now. */
  connections (): number
  /** Since it listens. */
  accepted (): number
}

/**
 * Connections the system may hold for us until we take them, as far as its own limit (net.core.somaxconn) allows. Past it
 * a client hears nothing and tries again after a second: a thousand that come at once would cost everybody that second.
 */
const BACKLOG = 4096

/** `code` is the system's: EADDRINUSE, EACCES, … */
export class ListenError extends Error {
  readonly code: string

  constructor (host: string, port: number, cause: NodeJS.ErrnoException) {
    const code = cause.code ?? 'UNKNOWN'
    super(`Cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}: ${REASONS[code] ?? cause.message} (${code})`, { cause })
    this.name = 'ListenError'
    this.code = code
  }
}

const REASONS: Record<string, string> = {
  EADDRINUSE: 'the port is taken by another program',
  EACCES: 'this user may not use that port',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'the name of the host cannot be resolved'
}

/** For so long connections are accepted at most while it drains: those the system holds are somebody's. */
const LAST_CALL: Ms = 1_000

const SOCKETS = { allowHalfOpen: true, noDelay: true }

export function createListener (options: ListenerOptions): Listener {
  const { limits, log, clock, certificates } = options
  const serving: Serving = {
    ...options,
    wheel: new TimingWheel(clock),
    connections: new Set(),
    bodyTimeout: limits.bodyTimeout ?? limits.idle,
    draining: false
  }
  const secure = certificates && createSecureServer(certificates, SOCKETS, serving, (socket, transport) => new Connection(serving, socket, true, transport))
  const server = secure?.server ?? createServer({ ...SOCKETS, pauseOnConnect: true }, (socket: Socket) => connectPlain(serving, socket))
  let accepted = 0
  server.on('connection', () => { accepted++ })
  server.on('listening', () => server.on('error', err => log.warn({ err }, 'a connection could not be accepted')))

  /** How many connections were accepted by when all that had reached this machine is read. */
  const arrived = async (): Promise<number> => {
    await turn()
    await turn()
    return accepted
  }

  const resetAll = (): void => {
    secure?.reset()
    for (const connection of serving.connections) connection.abort(new SeawallError('draining'))
  }

  return {
    connections: () => serving.connections.size,
    accepted: () => accepted,
    listen: (host, port) => new Promise((resolve, reject) => {
      const failed = (cause: Error): void => reject(new ListenError(host, port, cause))
      server.once('error', failed)
      server.listen({ port, host, backlog: BACKLOG }, () => {
        server.off('error', failed)
        const { address, port } = server.address() as AddressInfo
        resolve({ host: address, port })
      })
    }),
    listenAt: path => new Promise((resolve, reject) => {
      server.once('error', reject)
      // exclusive: in a cluster of processes it is this one's alone
      server.listen({ path, exclusive: true, backlog: BACKLOG }, () => {
        server.off('error', reject)
        resolve()
      })
    }),
    async drain (deadline, settled) {
      serving.draining = true
      await letGo(server, clock, deadline, {
        settled: settled ?? steady(arrived, LAST_CALL, clock),
        rest: async () => {
          // Requests that have already reached this machine are read before their connections count as idle.
          await arrived()
          for (const connection of serving.connections) connection.drain()
        },
        reset: resetAll
      })
    },
    close () {
      serving.draining = true
      server.close()
      resetAll()
    }
  }
}

interface LastCall {
  readonly settled: Promise<void>
  /** Ends what is idle. */
  rest (): Promise<void>
  /** Ends what is left. */
  reset (): void
}

/** Stops accepting once `settled`, at the deadline in any case: who was accepted after it would be bounded by nothing. */
async function letGo (server: Server, clock: Clock, deadline: Ms, { settled, rest, reset }: LastCall): Promise<void> {
  let timer: Timer | undefined
  const overdue = new Promise<void>(resolve => {
    timer = clock.after(deadline, () => {
      reset()
      resolve()
    })
  })
  await Promise.race([settled, overdue])
  const gone = new Promise<void>(resolve => { server.close(() => resolve()) })
  await rest()
  await gone
  timer?.cancel()
}

function connectPlain (serving: Serving, accepted: Socket): void {
  if (isFull(serving)) {
    drop(serving, accepted)
    return
  }
  const reads = shareReads(accepted)
  const socket = reads?.socket ?? accepted
  void new Connection(serving, socket, false, socket, reads)
  socket.resume()
}

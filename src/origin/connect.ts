/** Opens sockets to one origin: its name is looked up anew each time, and the connect deadline is our own. */
import { connect as connectTcp, isIP, type LookupFunction, type NetConnectOpts, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { Clock } from '../core/clock.js'
import { SeawallError } from '../core/errors.js'
import type { Ms } from '../core/types.js'
import { Names } from './names.js'

export type Connected = (error: Error | null, socket: Socket | null) => void

export interface Connector {
  connect (done: Connected): Socket
  /** Whether this socket still goes where the name leads, as it was looked up last. */
  current (socket: Socket): boolean
}

/** Read from the network ahead of the parser; Node's types do not know that sockets take it. */
const READ_AHEAD = { highWaterMark: 64 * 1024 }
const PROBE_IDLE: Ms = 60_000

/** `path`: of the file system, to connect to instead. `done` is called once, with a socket that is connected (over https: secured and verified). */
export function connector (url: URL, timeout: Ms, clock: Clock, { lookup, path }: { lookup?: LookupFunction | undefined, path?: string | undefined } = {}): Connector {
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port) || (secure ? 443 : 80)
  const servername = isIP(host) === 0 ? host : ''
  const names = new Names(lookup)
  let session: Buffer | undefined

  function open (): Socket {
    if (path !== undefined) return connectTcp({ ...READ_AHEAD, path } as NetConnectOpts)
    const where = { ...READ_AHEAD, host, port, lookup: names.lookup }
    if (!secure) return connectTcp(where as NetConnectOpts)
    const options: ConnectionOptions = { ...where, servername, ALPNProtocols: ['http/1.1'] }
    return connectTls(session === undefined ? options : { ...options, session }).on('session', fresh => { session = fresh })
  }

  function connect (done: Connected): Socket {
    const socket = open()
    let connecting = true
    const timer = clock.after(timeout, () => socket.destroy(new SeawallError('origin_connect_timeout')))
    const settle = (error: Error | null): void => {
      if (!connecting) return
      connecting = false
      timer.cancel()
      done(error, error === null ? socket : null)
    }
    socket.setNoDelay(true)
    socket.setKeepAlive(true, PROBE_IDLE)
    socket.once(secure ? 'secureConnect' : 'connect', () => settle(null))
    socket.once('close', () => settle(new SeawallError('origin_unreachable')))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // undici takes ECONNRESET for the clean end of a body that ends with its connection
      if (!connecting && error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET'
      settle(error)
    })
    return socket
  }

  return { connect, current: socket => path !== undefined || names.leadTo(socket.remoteAddress) }
}

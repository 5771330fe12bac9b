/**
 * The end of a connection: ours is sent behind what is queued, then the client's is awaited and what it still sends is
 * discarded. Closing at once would reset the connection, and with it what the client has not read yet.
 */
import { Deadline } from './limits.js'
import type { Socket } from 'node:net'
import type { Serving } from './serving.js'

/** From the moment our end is sent. */
const LINGER = 5_000
const LINGER_DRAINING = 1_000
const LINGER_BYTES = 1024 * 1024

/** `end` sends our end and calls back once it is. The socket's listener for data is replaced. */
export function linger (socket: Socket, serving: Serving, end: (sent: () => void) => void): void {
  const { wheel, counters } = serving
  const deadline = new Deadline(() => socket.destroy())
  let discarded = 0
  socket.removeAllListeners('data').on('data', (bytes: Buffer) => {
    counters.bytesIn += bytes.length
    discarded += bytes.length
    if (discarded > LINGER_BYTES) socket.destroy()
  })
  socket.on('close', () => wheel.remove(deadline))
  end(() => {
    if (!socket.destroyed) wheel.touch(deadline, serving.draining ? LINGER_DRAINING : LINGER)
  })
  socket.resume()
}

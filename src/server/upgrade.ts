/**
 * A tunnel: bytes both ways with backpressure, after the origin's own 101. Either side may end its half and still read;
 * a side that breaks breaks the other, and never looks like a clean end.
 */
import { Socket } from 'node:net'
import { reset } from './writer.js'
import type { Duplex } from 'node:stream'
import type { ProxyTunnel } from '../core/types.js'

const PROBE = 60_000

/**
 * Joins them. `early` is what the client has sent ahead, `breakOff` breaks its connection. Its listeners for data and
 * end are replaced, those for errors and close stay.
 */
export function join (client: Socket, tunnel: ProxyTunnel, early: Uint8Array | undefined, breakOff: () => void): void {
  const origin = tunnel.socket
  client.removeAllListeners('data').removeAllListeners('end').removeAllListeners('drain')
  // A peer that vanished without a word would hold a tunnel for ever: nothing else times it out.
  client.setKeepAlive(true, PROBE)
  client.write(tunnel.head + '\r\n', 'latin1')
  if (early !== undefined) origin.write(early)
  client.pipe(origin)
  origin.pipe(client)
  origin.on('error', breakOff)
  origin.on('close', () => { if (!isOver(origin)) breakOff() })
  client.on('close', () => { if (!isOver(client)) breakAway(origin) })
}

/** Both halves were ended in order: the other side may live on, and closes by itself. */
function isOver (side: Duplex): boolean {
  return side.errored === null && side.readableEnded && side.writableFinished
}

function breakAway (origin: Duplex): void {
  if (origin instanceof Socket) reset(origin)
  else origin.destroy()
}

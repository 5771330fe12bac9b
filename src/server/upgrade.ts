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
 * Joins them. `early` is what the client has sent ahead. Its listeners for data and end are replaced, those for errors
 * and close stay.
 */
export function join (client: Socket, tunnel: ProxyTunnel, early: Uint8Array | undefined): void {
  const origin = tunnel.socket
  client.removeAllListeners('data').removeAllListeners('end').removeAllListeners('drain')
  // A peer that vanished without a word would hold a tunnel for ever: nothing else times it out.
  client.setKeepAlive(true, PROBE)
  client.write(tunnel.head + '\r\n', 'latin1')
  if (early !== undefined) origin.write(early)
  client.pipe(origin)
  origin.pipe(client)
  origin.on('error', () => breakOff(client))
  origin.on('close', () => follow(origin, client))
  client.on('close', () => follow(client, origin))
}

/** `one` is closed: the other may only live on if both halves were ended in order, and then closes by itself. */
function follow (one: Duplex, other: Duplex): void {
  if (one.errored !== null || !one.readableEnded || !one.writableFinished) breakOff(other)
}

function breakOff (side: Duplex): void {
  if (side instanceof Socket) reset(side)
  else side.destroy()
}

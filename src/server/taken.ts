/**
 * What the system has taken of what was written to a client: the progress a stall limit watches, and with it how much may
 * be written at once.
 *
 * Node counts a write when it is complete. The handle under a plain socket says besides what of one is still queued; Node's
 * own timeouts go by it, its documentation does not name it. Where a handle does not say, and under TLS, where all that is
 * written at once is encrypted at once and held, progress is seen piece by piece only, and pieces are small.
 *
 * Invariant: `takenBy` grows whenever the client's side takes something, at the latest when a piece is through.
 */
import { TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'

/** Some 0.2 ms of copying: each write wakes the client and costs a turn of ours, and others wait meanwhile. */
const LARGE_PIECE = 1024 * 1024
/** This over the stall limit is the least rate at which a client must read. */
const SMALL_PIECE = 128 * 1024

/** What Node does not document of a socket: bytes ever written, and those of them that still wait. */
interface Handle { readonly bytesWritten: number, readonly writeQueueSize: number }

/** The most that is handed to this socket in one piece. */
export function pieceFor (socket: Socket): number {
  return handleOf(socket) === undefined ? SMALL_PIECE : LARGE_PIECE
}

/** Bytes, all in all. */
export function takenBy (socket: Socket): number {
  const handle = handleOf(socket)
  return handle === undefined ? socket.bytesWritten - socket.writableLength : handle.bytesWritten - handle.writeQueueSize
}

function handleOf (socket: Socket): Handle | undefined {
  if (socket instanceof TLSSocket) return undefined
  const { _handle: handle } = socket as unknown as { _handle: Handle | null }
  return typeof handle?.writeQueueSize === 'number' && typeof handle.bytesWritten === 'number' ? handle : undefined
}

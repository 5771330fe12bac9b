/**
 * Memory that answers are put together in. The kernel takes nearly all of them at once, and then the next is put together
 * in the same place: no allocation an answer, and the memory stays hot.
 *
 * Invariant: what a socket has yet to send is written over by nobody; only what lies behind it is given out.
 */
import type { Socket } from 'node:net'

const BLOCK = 64 * 1024

let block = Buffer.allocUnsafeSlow(BLOCK)
/** Up to here it belongs to sockets. */
let taken = 0

/** Room for `length` bytes, at most BLOCK, until `write` or the next call. */
export function scratch (length: number): Buffer {
  if (taken + length > BLOCK) {
    block = Buffer.allocUnsafeSlow(BLOCK)
    taken = 0
  }
  return block.subarray(taken, taken + length)
}

/** Writes what `scratch` gave room for last. */
export function write (socket: Socket, bytes: Buffer): void {
  socket.write(bytes)
  // a stream that has nothing queued is done with what it was given
  if (socket.writableLength > 0) taken += bytes.length
}

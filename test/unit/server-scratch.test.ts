/** Memory that answers are put together in is given out anew only when no socket needs it. */
import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { scratch, write } from '../../src/server/scratch.js'

/** Keeps what it is given, as long as it is told to. */
function slow (): { readonly socket: Socket, readonly queue: Buffer[] } {
  const queue: Buffer[] = []
  const socket = {
    write: (bytes: Buffer) => queue.push(bytes) > 0,
    get writableLength () { return queue.reduce((sum, bytes) => sum + bytes.length, 0) }
  }
  return { socket: socket as unknown as Socket, queue }
}

const fast = { write: () => true, writableLength: 0 } as unknown as Socket

it('is used again at once where the kernel took everything', () => {
  const first = scratch(100)
  write(fast, first)
  const second = scratch(50)
  expect([second.buffer, second.byteOffset]).toEqual([first.buffer, first.byteOffset])
})

it('is left to a socket that has yet to send it, however much there is', () => {
  const { socket, queue } = slow()
  for (let i = 0; i < 100; i++) {
    write(socket, scratch(4_000 + i).fill(i))
    write(fast, scratch(60_000).fill(255))
  }
  queue.forEach((bytes, i) => { expect(bytes.every(byte => byte === i), `the ${i}th`).toBe(true) })
})

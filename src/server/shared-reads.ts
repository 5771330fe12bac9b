/**
 * Reads of all plain connections land in one buffer, where Node would allocate one for every read: that, and the
 * stream's queue between, costs more than all we do with a small request.
 *
 * Node offers this to sockets that connect (`onread`), not to ones that are accepted, so the handle of an accepted
 * socket is given to a new one. Where a Node does not work that way, `shareReads` says so and sockets are read as usual.
 *
 * Invariant: bytes are valid while `take` runs and no longer; whoever keeps some copies them.
 */
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net'

const SIZE = 64 * 1024
const shared = Buffer.allocUnsafeSlow(SIZE)

/** What Node does not document of a socket. `_server`: whose count of connections it leaves. */
interface Internals { _handle: { readonly useUserBuffer?: unknown } | null, _server: unknown }

export class SharedReads {
  readonly socket: Socket
  /** Gets what was read, from the buffer's begin. While undefined, the socket emits it as `data`, in buffers of its own. */
  take: ((buffer: Buffer, length: number) => void) | undefined

  constructor (handle: unknown) {
    const onread: OnReadOpts = { buffer: shared, callback: length => this.read(length) }
    this.socket = new Socket({ handle, allowHalfOpen: true, onread } as SocketConstructorOpts)
  }

  /** False: nothing more for now. */
  private read (length: number): boolean {
    if (this.take === undefined) return this.socket.push(Buffer.from(shared.subarray(0, length)))
    this.take(shared, length)
    return true
  }
}

/** Takes an accepted socket over that was paused from the start; undefined: it cannot be, and is as it was. */
export function shareReads (accepted: Socket): SharedReads | undefined {
  const old = accepted as unknown as Internals
  if (typeof old._handle?.useUserBuffer !== 'function') return undefined
  const reads = new SharedReads(old._handle)
  const fresh = reads.socket as unknown as Internals
  old._handle = null
  fresh._server = old._server
  old._server = null
  return reads
}

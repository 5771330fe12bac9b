/**
 * How an answer goes onto the wire: its framing (RFC 9112 §6), small and large buffered ones at once, streams pulled
 * no faster than the client takes them.
 *
 * Invariants: content is announced exactly or delimited by chunks; nothing is written for what may have no content; a
 * stream that does not match its length is an error, never an end.
 */
import { TLSSocket } from 'node:tls'
import { SeawallError } from '../core/errors.js'
import { scratch, write } from './scratch.js'
import { turn } from './turn.js'
import type { Socket } from 'node:net'
import type { Body, BodyReader, HttpVersion, ProxyResponse } from '../core/types.js'

/** Up to here one copied buffer is cheaper than a gathered write. */
const ONE_WRITE = 4096

/** Content at hand. */
type Content = Extract<Body, { kind: 'bytes' }>

/** How the content is delimited; `none`: there is none on the wire, whatever is announced. */
export type Delivery = 'none' | 'whole' | 'length' | 'chunked' | 'until-close'

/** `piece`: the most that is written at once. */
export function deliveryOf (method: string, version: HttpVersion, response: ProxyResponse, piece: number): Delivery {
  const { status, body } = response
  if (method === 'HEAD' || body.kind === 'none' || status === 204 || status === 304 || status < 200) return 'none'
  if (body.length !== undefined) return body.kind === 'bytes' && body.length <= piece ? 'whole' : 'length'
  return version === '1.1' ? 'chunked' : 'until-close'
}

/** Content-Length and Transfer-Encoding as RFC 9110 §8.6 and RFC 9112 §6.1 allow them, and the blank line. */
export function headEnd (delivery: Delivery, method: string, response: ProxyResponse, connection: '' | 'close' | 'keep-alive'): string {
  const { status, body } = response
  let lines = connection === '' ? '' : `Connection: ${connection}\r\n`
  if (delivery === 'chunked') lines += 'Transfer-Encoding: chunked\r\n'
  else if (delivery === 'whole' || delivery === 'length') lines += `Content-Length: ${body.length}\r\n`
  else if (delivery === 'none' && status !== 204 && status >= 200) {
    const announced = method === 'HEAD' || status === 304 ? body.length : 0
    if (announced !== undefined) lines += `Content-Length: ${announced}\r\n`
  }
  return lines + '\r\n'
}

/** Writes what may be given again as it was written the last time. Returns the bytes written. */
export function writeAgain (socket: Socket, response: ProxyResponse, again: { wire: Uint8Array | undefined }): number {
  const wire = again.wire ??= wireOf(response)
  socket.write(wire)
  return wire.length
}

/** The answer to a GET over a connection that lives on, head and content in memory of their own. */
function wireOf (response: ProxyResponse): Uint8Array {
  const { head, tail, body } = response
  const delivery = deliveryOf('GET', '1.1', response, Infinity)
  const last = tail + headEnd(delivery, 'GET', response, '')
  const content = delivery === 'whole' && body.kind === 'bytes' ? body : undefined
  const length = head.length + last.length + (content?.length ?? 0)
  return join(Buffer.allocUnsafeSlow(length), head, last, content)
}

/**
 * Writes the head and, of a `whole` answer, the content; where content is to follow, the socket is left corked.
 * `end` is the head's last part. Returns the bytes written.
 */
export function writeAnswer (socket: Socket, response: ProxyResponse, end: string, delivery: Delivery): number {
  const { head, body } = response
  const content = delivery === 'whole' && body.kind === 'bytes' ? body : undefined
  const last = response.tail + end
  const length = head.length + last.length + (content?.length ?? 0)
  const streamed = delivery !== 'whole' && delivery !== 'none'
  if (length <= ONE_WRITE && !streamed) {
    write(socket, join(scratch(length), head, last, content))
    return length
  }
  if (body.kind === 'bytes' && delivery !== 'none') assertWhole(body)
  socket.cork()
  if (typeof head === 'string') socket.write(head + last, 'latin1')
  else socket.write(join(Buffer.allocUnsafe(head.length + last.length), head, last, undefined))
  if (content !== undefined) for (const chunk of content.chunks) socket.write(chunk)
  if (!streamed) socket.uncork()
  return length
}

function join (out: Buffer, head: Uint8Array | string, last: string, content: Content | undefined): Buffer {
  let at = typeof head === 'string' ? out.write(head, 0, 'latin1') : (out.set(head, 0), head.length)
  at += out.write(last, at, 'latin1')
  if (content !== undefined) {
    for (const chunk of content.chunks) {
      out.set(chunk, at)
      at += chunk.length
    }
  }
  // whatever else lay in that memory is somebody else's
  if (at !== out.length) throw notAsLong()
  return out
}

function assertWhole ({ chunks, length }: Content): void {
  let sum = 0
  for (const chunk of chunks) sum += chunk.length
  if (sum !== length) throw notAsLong()
}

function notAsLong (): SeawallError {
  return new SeawallError('internal', { detail: 'An answer is not as long as it says.' })
}

/** The client's side of content that is not written with its head. */
export interface Sink {
  /** The most that is written at once. */
  readonly piece: number
  /** Why nothing more can be written. */
  readonly gone: Error | undefined
  /** Queues bytes; false: wait for `drained` before the next. */
  write (...parts: (Uint8Array | string)[]): boolean
  /** Rejects with `gone`. */
  drained (): Promise<void>
}

/**
 * Pulls `reader` into `sink` until its verified end. `length`: the bytes announced; undefined: chunked, or until the
 * connection closes. Rejects when the reader does, the sink is gone, or the length does not come out (`origin_invalid`);
 * the answer is broken then.
 */
export async function pump (reader: BodyReader, sink: Sink, delivery: Delivery, length: number | undefined): Promise<void> {
  let left = length ?? Infinity
  for (;;) {
    const chunk = await reader.read()
    if (sink.gone !== undefined) throw sink.gone
    if (chunk === null) break
    left -= chunk.length
    if (left < 0) throw new SeawallError('origin_invalid', { detail: 'Its body is longer than announced.' })
    for (const piece of inPieces(chunk, sink.piece)) {
      const room = delivery === 'chunked'
        ? sink.write(`${piece.length.toString(16)}\r\n`, piece, '\r\n')
        : sink.write(piece)
      if (!room) await sink.drained()
    }
  }
  if (length !== undefined && left > 0) throw new SeawallError('origin_invalid', { detail: 'Its body is shorter than announced.' })
  if (delivery === 'chunked') sink.write('0\r\n\r\n')
}

/**
 * Writes content at hand, a piece a turn of the event loop: to a client as fast as we are it would otherwise go on till its
 * end, and everybody else wait. Rejects when the sink is gone.
 */
export async function pour (chunks: readonly Uint8Array[], sink: Sink): Promise<void> {
  for (const chunk of chunks) {
    for (const piece of inPieces(chunk, sink.piece)) {
      await (sink.write(piece) ? turn() : sink.drained())
      if (sink.gone !== undefined) throw sink.gone
    }
  }
}

/** Of nothing there is none: a chunk without content would end a chunked body. */
function inPieces (chunk: Uint8Array, size: number): readonly Uint8Array[] {
  if (chunk.length === 0) return []
  if (chunk.length <= size) return [chunk]
  return Array.from({ length: Math.ceil(chunk.length / size) }, (_, i) => chunk.subarray(i * size, (i + 1) * size))
}

/**
 * Breaks a connection so that its other end sees it broken. Destroying it with data pending would look like a clean end.
 * A TLS socket cannot be reset itself; its end without a close_notify is known for what it is.
 */
export function reset (socket: Socket): void {
  if (socket.destroyed) return
  if (socket instanceof TLSSocket || isLocal(socket)) socket.destroy()
  else socket.resetAndDestroy()
}

/** A socket of this machine's file system knows no reset; what goes over it is never delimited by its end. */
function isLocal (socket: Socket): boolean {
  return socket.address() !== null && !('port' in socket.address())
}

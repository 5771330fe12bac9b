/**
 * A connection's way in: the bytes that have come and are not yet read, the body they belong to, and the tap.
 *
 * Invariants: holds at most what its owner lets it hold and one chunk of the socket; of a head that is not whole, only
 * its own bytes; a body that is waited for either moves or fails in time.
 */
import { SeawallError } from '../core/errors.js'
import { createBodyDecoder } from '../http/framing.js'
import { HeadScanner, type Scan } from '../http/scan.js'
import { RequestBodyReader, type BodySource } from './body.js'
import { Deadline } from './limits.js'
import type { Socket } from 'node:net'
import type { Framing } from '../core/types.js'
import type { Serving } from './serving.js'
import type { SharedReads } from './shared-reads.js'

/** Of a body nobody wants, this much is read past to keep the connection. */
const SKIP = 64 * 1024

export interface InboundOwner {
  /** Something has come. */
  received (): void
  /** A body of which nothing has come is asked for. */
  wanted (): void
}

export class Inbound implements BodySource {
  /** The client has sent its end; what came before it may still wait here. */
  ended = false
  /** Of the present request; undefined where it has none. */
  body: RequestBodyReader | undefined
  private closed = false
  private readonly socket: Socket
  private readonly serving: Serving
  private readonly reads: SharedReads | undefined
  private readonly owner: InboundOwner
  private readonly scanner: HeadScanner
  /** What is not read yet lies in it from `at` to `to`. */
  private bytes: Buffer | undefined
  private at = 0
  private to = 0
  /** `bytes` is valid only until `keep`. */
  private borrowed = false
  private paused = false
  private deadline: Deadline | undefined

  /** `reads`: the socket's, where they are shared. */
  constructor (socket: Socket, serving: Serving, reads: SharedReads | undefined, owner: InboundOwner) {
    this.socket = socket
    this.serving = serving
    this.reads = reads
    this.owner = owner
    this.scanner = new HeadScanner(serving.limits)
    if (reads === undefined) socket.on('data', (bytes: Buffer) => this.receive(bytes, bytes.length, false))
    else reads.take = (buffer, length) => this.receive(buffer, length, true)
  }

  get empty (): boolean {
    return this.bytes === undefined
  }

  /** More of the body is not read past than is worth it. */
  get tooMuch (): boolean {
    return this.body !== undefined && this.body.skipped > SKIP
  }

  /** The rest of the body will not come, or is better not waited for. `heldBack`: the client waits to be asked for it. */
  isLost (heldBack: boolean): boolean {
    const { body } = this
    if (body === undefined || body.complete) return false
    return body.failure !== undefined || (!body.begun && (heldBack || (body.length ?? 0) > SKIP))
  }

  /** `borrowed`: the buffer will hold something else when this returns. */
  private receive (bytes: Buffer, length: number, borrowed: boolean): void {
    this.serving.counters.bytesIn += length
    if (this.closed) return
    this.add(bytes, length, borrowed)
    this.owner.received()
    this.keep()
  }

  /** Takes what has come, and gives the body its part of it. */
  private add (bytes: Buffer, length: number, borrowed: boolean): void {
    if (this.bytes === undefined) {
      this.bytes = bytes
      this.to = length
      this.borrowed = borrowed
    } else {
      this.bytes = Buffer.concat([this.bytes.subarray(this.at, this.to), bytes.subarray(0, length)])
      this.to = this.bytes.length
      this.borrowed = false
    }
    this.at = 0
    if (this.body !== undefined) this.feed(this.body)
  }

  /** Scans for the next head; one that is found is taken. Not to be called when empty. */
  next (): Scan {
    const found = this.scanner.scan(this.bytes!, this.at, this.to)
    if (found.kind === 'request') this.consume(found.end)
    return found
  }

  /** The body that a head has announced begins; undefined: it has none. Fails at once where it is too large. */
  open (framing: Framing): RequestBodyReader | undefined {
    this.body = undefined
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)) return undefined
    const limit = this.serving.limits.body ?? Infinity
    const length = framing.kind === 'length' ? framing.length : undefined
    const body = this.body = new RequestBodyReader(createBodyDecoder(framing), length, limit, this)
    if (length !== undefined && length > limit) body.fail(new SeawallError('body_too_large'))
    this.feed(body)
    if (this.ended) body.fail(new SeawallError('body_cut'))
    return body
  }

  /** All that is here, taken; what comes from now on is for the socket's listeners. */
  take (): Buffer | undefined {
    this.keep()
    const rest = this.bytes?.subarray(this.at, this.to)
    this.drop()
    this.handOver()
    return rest
  }

  drop (): void {
    this.bytes = undefined
    this.at = this.to = 0
  }

  /** What is left of a borrowed buffer becomes our own. */
  private keep (): void {
    if (this.borrowed && this.bytes !== undefined) this.copy()
  }

  /** Part of a head will lie here for a while: it must not hold on to a chunk many times its size. */
  settle (): void {
    if (this.bytes !== undefined && (this.to - this.at) * 2 < this.bytes.buffer.byteLength) this.copy()
  }

  /** While nobody takes heads: lets no more come once one may be whole. */
  limit (): void {
    const held = this.to - this.at
    if (held > this.serving.limits.headerBytes || (this.tooMuch && this.body!.open)) this.flow(false)
  }

  /** No more is read here; what comes is for the socket's listeners. */
  close (why: SeawallError): void {
    this.closed = true
    this.handOver()
    this.drop()
    this.body?.fail(why)
    if (this.deadline !== undefined) this.serving.wheel.remove(this.deadline)
  }

  flow (on: boolean): void {
    if (this.paused !== on) return
    this.paused = !on
    if (on) this.socket.resume()
    else this.socket.pause()
  }

  awaited (first: boolean): void {
    this.deadline ??= new Deadline(() => this.body?.fail(new SeawallError('body_timeout')))
    this.serving.wheel.touch(this.deadline, this.serving.bodyTimeout)
    if (first) this.owner.wanted()
  }

  fed (): void {
    if (this.deadline !== undefined) this.serving.wheel.disarm(this.deadline)
  }

  private feed (body: RequestBodyReader): void {
    if (this.bytes === undefined || !body.open) return
    // a body's slices outlive the buffer
    this.keep()
    this.consume(this.at + body.feed(this.bytes.subarray(this.at, this.to)))
  }

  private handOver (): void {
    if (this.reads !== undefined) this.reads.take = undefined
  }

  private copy (): void {
    const copy = Buffer.allocUnsafeSlow(this.to - this.at)
    this.bytes!.copy(copy, 0, this.at, this.to)
    this.bytes = copy
    this.to = copy.length
    this.at = 0
    this.borrowed = false
  }

  private consume (end: number): void {
    this.at = end
    if (end === this.to) this.drop()
  }
}

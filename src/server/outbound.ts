/**
 * A connection's way out: delivers answers, waits for a slow client, and gives up on one that takes nothing.
 *
 * Invariants: nothing is written once `gone` is set; a delivery that rejects has left a broken answer behind, and the
 * connection must be reset.
 */
import { SeawallError } from '../core/errors.js'
import { Deadline } from './limits.js'
import { pieceFor, takenBy } from './taken.js'
import { headEnd, pour, pump, reset, writeAgain, writeAnswer, type Delivery, type Sink } from './writer.js'
import type { Socket } from 'node:net'
import type { BodyReader, Ms, ProxyResponse } from '../core/types.js'
import type { Serving } from './serving.js'

/** With more than this queued the next request waits. At least a socket's high-water mark. */
const QUEUE = 64 * 1024

interface Waiter { resolve (): void, reject (why: Error): void }

export class Outbound implements Sink {
  gone: SeawallError | undefined
  /** Bytes of the present answer. */
  sent = 0
  /** The most that is written at once. */
  readonly piece: number
  private readonly socket: Socket
  private readonly transport: Socket
  private readonly serving: Serving
  private readonly fail: (why: SeawallError) => void
  private stream: BodyReader | undefined
  private waiter: Waiter | undefined
  private stall: Deadline | undefined
  /** Bytes that were taken by `progressAt`. */
  private progress = 0
  private progressAt: Ms = 0

  /** `transport` is reset in place of `socket`; `fail` is told of a client that takes nothing. */
  constructor (socket: Socket, transport: Socket, serving: Serving, fail: (why: SeawallError) => void) {
    this.piece = pieceFor(socket)
    this.socket = socket
    this.transport = transport
    this.serving = serving
    this.fail = fail
  }

  /** Too much is queued to add another answer; a drain event will come. */
  get full (): boolean {
    return this.socket.writableLength > QUEUE && this.socket.writableNeedDrain
  }

  /** Undefined: it has been written whole, and all but little of it is taken. */
  deliver (method: string, response: ProxyResponse, delivery: Delivery, connection: '' | 'close' | 'keep-alive'): Promise<void> | undefined {
    const { body, again } = response
    if (again !== undefined && connection === '' && method === 'GET') {
      this.sent += writeAgain(this.socket, response, again)
      return undefined
    }
    this.sent += writeAnswer(this.socket, response, headEnd(delivery, method, response, connection), delivery)
    if (delivery === 'whole') return this.full ? this.drained() : undefined
    if (delivery === 'none' || body.kind === 'none') {
      if (body.kind === 'stream') body.reader.cancel(new SeawallError('abandoned'))
      return undefined
    }
    // The first bytes go out with the head if they are there by then.
    process.nextTick(begin, this)
    return body.kind === 'bytes' ? this.poured(body.chunks) : this.pumped(body.reader, delivery, body.length)
  }

  private async poured (chunks: readonly Uint8Array[]): Promise<void> {
    await pour(chunks, this)
    this.watch()
  }

  private async pumped (reader: BodyReader, delivery: Delivery, length: number | undefined): Promise<void> {
    this.stream = reader
    try {
      await pump(reader, this, delivery, length)
      this.watch()
    } catch (thrown) {
      reader.cancel(thrown as Error)
      throw thrown
    } finally {
      this.stream = undefined
    }
  }

  write (...parts: (Uint8Array | string)[]): boolean {
    const { socket } = this
    let room = true
    if (parts.length > 1) socket.cork()
    for (const part of parts) {
      this.sent += part.length
      room = typeof part === 'string' ? socket.write(part, 'latin1') : socket.write(part)
    }
    if (parts.length > 1) socket.uncork()
    return room || socket.writableLength === 0
  }

  drained (): Promise<void> {
    this.watch()
    if (this.gone !== undefined) return Promise.reject(this.gone)
    return new Promise((resolve, reject) => { this.waiter = { resolve, reject } })
  }

  /** The socket's drain event. */
  onDrain (): void {
    const { waiter } = this
    this.waiter = undefined
    waiter?.resolve()
  }

  /** The head waits no longer for what follows it. */
  begin (): void {
    this.socket.uncork()
    this.watch()
  }

  /** Watches over what is queued, if anything is; not over what we hold back ourselves. */
  watch (): void {
    const { writableLength, writableCorked } = this.socket
    if (writableLength === 0 || writableCorked > 0 || this.gone !== undefined) return
    this.stall ??= new Deadline(() => this.check())
    if (this.stall.due !== Infinity) return
    this.note()
    this.again()
  }

  /** The last answer has been given: sends our end behind it. */
  end (flushed: () => void): void {
    this.socket.end(flushed)
    this.watch()
  }

  /** No more is written. */
  lost (why: SeawallError): void {
    if (this.gone !== undefined) return
    this.gone = why
    if (this.stall !== undefined) this.serving.wheel.remove(this.stall)
    this.stream?.cancel(why)
    this.waiter?.reject(why)
    this.waiter = undefined
  }

  reset (): void {
    reset(this.transport)
  }

  private note (): void {
    this.progress = takenBy(this.socket)
    this.progressAt = this.serving.clock.now()
  }

  private again (): void {
    this.serving.wheel.touch(this.stall!, this.serving.limits.writeStall / 4)
  }

  private check (): void {
    const { socket, serving } = this
    if (socket.writableLength === 0 || socket.destroyed) return
    if (takenBy(socket) !== this.progress) this.note()
    else if (serving.clock.now() - this.progressAt >= serving.limits.writeStall) return this.fail(new SeawallError('client_stalled'))
    this.again()
  }
}

function begin (out: Outbound): void {
  out.begin()
}

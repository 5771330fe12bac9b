/**
 * One connection to an origin, opened again when it was lost: the only place that knows undici. One request at a time.
 *
 * Backpressure is applied at the socket. Pausing undici's parser instead crashes the process when the connection ends
 * or is reset meanwhile: its finish() asserts that it is not paused, in an event handler.
 */
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { Client, type Dispatcher } from 'undici'
import type { Clock } from '../core/clock.js'
import { SeawallError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import type { Connector } from './connect.js'
import { FieldTexts } from './field-texts.js'
import { Overhead } from './overhead.js'
import { StatusLines } from './status-line.js'
import type { WireRequest } from './wire.js'

/** What undici calls, in its order. An error may come before `onConnect`, which may throw to withdraw the request. */
export interface ConnectionHandler {
  onConnect (abort: (why: Error) => void): void
  onResponseStarted (): void
  onHeaders (status: number, raw: Buffer[]): boolean
  onData (chunk: Buffer): boolean
  onComplete (): void
  onUpgrade (status: number, raw: Buffer[] | string[] | null, socket: unknown): void
  onError (thrown: Error): void
}

export class Connection {
  private readonly clock: Clock
  private readonly client: Client
  private readonly connector: Connector
  /** One name for all requests: undici would reconnect whenever Host differs. What is sent as SNI is the connector's. */
  private readonly servername: string
  private socket: Socket | undefined
  private openedAt: Ms = 0
  private held = false
  private readonly lines = new StatusLines()
  readonly texts = new FieldTexts()
  private overhead = new Overhead()
  /** Bytes were left over when an answer had ended. */
  private leftOver = false
  /** Answers this very socket has brought; above 0 it may have been closed unnoticed. */
  served = 0

  constructor (url: URL, connector: Connector, clock: Clock, log: Logger, maxHead: number) {
    this.clock = clock
    this.connector = connector
    this.servername = url.hostname
    this.client = new Client(url.origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: maxHead,
      connect: (_options, done) => {
        this.served = 0
        this.socket = connector.connect((error, socket) => {
          if (socket === null) return done(error!, null)
          this.openedAt = clock.now()
          this.gate(socket)
          done(null, socket)
        })
      }
    })
    const events: EventEmitter = this.client
    events.on('error', (error: Error) => log.error({ err: error }, 'an origin handler threw'))
  }

  send (request: WireRequest, handler: ConnectionHandler): void {
    this.client.dispatch({
      method: request.method,
      path: request.path,
      headers: request.headers as string[],
      // undici takes any async iterable; its types do not say so
      body: (request.content ?? null) as Dispatcher.DispatchOptions['body'],
      upgrade: request.websocket ? 'websocket' : null,
      // undici would close the connection after every HEAD
      reset: false,
      servername: this.servername
    } as Dispatcher.DispatchOptions, handler as Dispatcher.DispatchHandler)
  }

  /** Open, not older than `maxAge`, and to where the origin's name leads. */
  alive (maxAge: Ms): boolean {
    return this.socket !== undefined && !this.socket.destroyed && this.clock.now() - this.openedAt < maxAge && this.connector.current(this.socket)
  }

  /** The answer under way says HTTP/1.0. */
  get old (): boolean {
    return this.lines.old
  }

  /** The interim answer that is shown as 109 says 100. Asked once of each. */
  continued (): boolean {
    return this.lines.continued()
  }

  /** Bytes came with an answer's last that are not part of it. Known once the piece that held them was read to its end. */
  get spoilt (): boolean {
    const { code, message } = (this.socket?.errored ?? {}) as NodeJS.ErrnoException
    return this.leftOver || (code === 'UND_ERR_SOCKET' && message === 'bad response')
  }

  /** What is wrong with the answer under way, beside what its parser sees. */
  get overdone (): string | undefined {
    return this.overhead.exceeded ? 'Its chunk extensions or trailers are too large.' : undefined
  }

  /** The answer's head is read. */
  headed (): void {
    this.overhead.begin()
  }

  /** A piece of its content was read. */
  delivered (length: number): void {
    this.overhead.delivered(length)
  }

  /** Nothing more is read from the socket until `flow`. */
  hold (): void {
    this.held = true
  }

  /** Delivers what waits before it returns. */
  flow (): void {
    this.held = false
    this.socket?.emit('readable')
  }

  /** The answer is complete; the socket reads on for the next. */
  completed (): void {
    this.held = false
    this.served++
    this.overhead.end()
    this.lines.begin()
  }

  /** The socket is a tunnel's now, whose halves end each for itself. */
  detach (): void {
    if (this.socket !== undefined) this.socket.allowHalfOpen = true
    this.socket = undefined
  }

  /** Drops the socket; the next request opens another. */
  drop (): void {
    this.socket?.destroy()
    this.socket = undefined
  }

  close (): Promise<void> {
    return this.client.close()
  }

  destroy (why: Error): Promise<void> {
    this.socket?.destroy()
    return this.client.destroy(why)
  }

  private gate (socket: Socket): void {
    const { read, unshift } = socket
    this.held = this.leftOver = false
    this.overhead = new Overhead()
    this.lines.begin()
    socket.once('close', () => { this.texts.forget() })
    socket.read = size => {
      if (this.socket !== socket) return read.call(socket, size)
      const chunk: Buffer | null = this.held ? null : read.call(socket, size)
      const fault = chunk === null ? undefined : this.see(chunk)
      if (fault === undefined) return chunk
      socket.destroy(new SeawallError('origin_invalid', { detail: fault }))
      return null
    }
    // what undici does not parse, since the connection is to be closed, it puts back
    socket.unshift = (chunk: Buffer, encoding) => {
      this.leftOver ||= chunk.length > 0
      unshift.call(socket, chunk, encoding)
    }
  }

  /** What is wrong with the answer so far, `chunk` being what of it is parsed next. */
  private see (chunk: Buffer): string | undefined {
    const { overdone } = this
    this.overhead.read(chunk.length)
    return overdone ?? this.lines.see(chunk)
  }
}

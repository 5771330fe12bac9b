/**
 * One client's socket: requests in, answers out, one at a time and in order.
 *
 *     idle ─▶ head ─▶ answering ─▶ skipping ─▶ flushing ─▶ idle      (skipping and flushing only where needed)
 *                       │    │        │
 *                       │    └────────┴──▶ lingering ─▶ closed       (after the last answer)
 *                       └─ 101 ─▶ tunnel ─▶ closed
 *
 * `resting` is idle with heads waiting; `closed` is reached from everywhere, by error or deadline.
 *
 * Invariants: an answer is written whole or the connection is reset, never ended as if it were whole; nothing behind a
 * refused request is looked at; `onGone` is called at most once, and never after a complete answer; what waits unparsed
 * is bounded by one head and one chunk of the socket.
 */
import { SeawallError, toSeawallError, type ErrorCode } from '../core/errors.js'
import { fieldValue } from '../http/fields.js'
import { headText } from '../http/head.js'
import { refusalResponse } from '../http/refusal.js'
import { Inbound } from './inbound.js'
import { Deadline } from './limits.js'
import { Outbound } from './outbound.js'
import { ServerRequest, type InterimSink } from './request.js'
import { count, type Serving } from './serving.js'
import { join } from './upgrade.js'
import { deliveryOf } from './writer.js'
import type { Socket } from 'node:net'
import type { RequestHead } from '../http/scan.js'
import type { Peer, ProxyResponse, ProxyTunnel, RawHeaders } from '../core/types.js'

type State =
  | 'idle'       // between requests
  | 'head'       // part of a head has come
  | 'resting'    // heads wait while other connections have their turn
  | 'answering'  // a request is with the core, or its answer on its way
  | 'skipping'   // answered; the rest of its body is read past
  | 'flushing'   // answered; too much is queued to take the next request
  | 'tunnel'     // upgraded: no longer HTTP
  | 'lingering'  // our end is sent; input is discarded, so that the client reads what we said
  | 'closed'

/** How long and how much is discarded after our end: closing earlier would reset what the client has not read yet. */
const LINGER = 5_000
const LINGER_DRAINING = 1_000
const LINGER_BYTES = 1024 * 1024

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

export class Connection implements InterimSink {
  private readonly serving: Serving
  private readonly socket: Socket
  private readonly in: Inbound
  private readonly out: Outbound
  private readonly peer: Peer
  /** For what is waited for from the client: a head, the rest of one, of a body nobody wants, its end after ours. */
  private readonly deadline = new Deadline(() => this.expired())
  private state: State = 'idle'
  /** No request after this one. */
  private closing = false
  private request: ServerRequest | undefined
  /** The answer whose head has been written. */
  private response: ProxyResponse | undefined
  private keepAlive = true
  /** Bytes that came while lingering. */
  private discarded = 0

  /** `transport`: what is reset when an answer breaks; the TCP socket under a TLS one. */
  constructor (serving: Serving, socket: Socket, secure = false, transport: Socket = socket) {
    this.serving = serving
    this.socket = socket
    this.in = new Inbound(socket, serving, () => this.invite())
    this.out = new Outbound(socket, transport, serving, why => this.abort(why))
    const address = plainAddress(socket.remoteAddress ?? '')
    this.peer = { address, secure, trusted: address !== '' && serving.trusted(address) }
    serving.connections.add(this)
    serving.counters.connections++
    serving.counters.connectionsOpen++
    socket.on('data', (bytes: Buffer) => this.received(bytes))
    socket.on('end', () => this.clientEnded())
    socket.on('drain', () => this.onDrain())
    socket.on('error', error => serving.log.debug({ error, client: address }, 'the connection of a client failed'))
    socket.on('close', () => this.closed())
    serving.wheel.touch(this.deadline, serving.limits.idle)
  }

  // ---- input

  private received (bytes: Buffer): void {
    this.serving.counters.bytesIn += bytes.length
    if (this.state === 'closed') return
    if (this.state === 'lingering') {
      this.discarded += bytes.length
      if (this.discarded > LINGER_BYTES) this.socket.destroy()
      return
    }
    this.in.add(bytes)
    if (this.state === 'skipping') this.skip()
    if (this.state === 'idle' || this.state === 'head') this.advance()
    else this.in.limit()
  }

  private clientEnded (): void {
    this.in.ended = true
    switch (this.state) {
      case 'idle': case 'head': return this.end()
      case 'answering': this.in.body?.fail(new SeawallError('body_cut')); break
      case 'skipping': return this.end()
    }
  }

  // ---- requests

  /** Takes heads from the input as long as their answers are complete at once. */
  private advance (): void {
    const { serving, socket } = this
    let corked = false
    for (let answered = 0; !this.in.empty && (this.state === 'idle' || this.state === 'head'); answered++) {
      if (answered === serving.limits.pipelined) {
        this.rest()
        break
      }
      const found = this.in.next()
      if (found.kind === 'incomplete') {
        this.awaitHead()
        break
      }
      if (!this.in.empty && !corked) {
        corked = true
        socket.cork()
      }
      if (found.kind === 'request') this.begin(found.head)
      else this.refuse(found.code)
    }
    if (corked) socket.uncork()
    this.out.watch()
    if (this.state === 'idle') this.awaitRequest()
  }

  private awaitRequest (): void {
    if (this.in.ended || this.serving.draining) return this.end()
    this.serving.wheel.touch(this.deadline, this.serving.limits.idle)
    this.in.flow(true)
  }

  private awaitHead (): void {
    if (this.in.ended) return this.end()
    this.in.settle()
    if (this.state === 'idle') this.serving.wheel.touch(this.deadline, this.serving.limits.headerTimeout)
    this.state = 'head'
    this.in.flow(true)
  }

  private rest (): void {
    this.state = 'resting'
    setImmediate(() => {
      if (this.state !== 'resting') return
      this.state = 'idle'
      this.advance()
    })
  }

  private begin (head: RequestHead): void {
    const { core, wheel, clock } = this.serving
    this.state = 'answering'
    wheel.disarm(this.deadline)
    this.keepAlive = head.keepAlive
    this.out.sent = 0
    const body = this.in.open(head.fields.framing)
    const request = new ServerRequest(this, head, this.peer, clock.now(), body && { reader: body, length: body.length })
    this.request = request
    try {
      if (body?.failure !== undefined) this.answer(this.refusal(body.failure.code))
      else if (head.fields.websocket) this.ask(request, core.upgrade(request))
      else {
        const hit = body === undefined ? core.tryHit(request, request.arrivedAt) : undefined
        if (hit === undefined) this.ask(request, core.handle(request))
        else this.answer(hit)
      }
    } catch (thrown) {
      this.failed(request, thrown)
    }
  }

  private ask (request: ServerRequest, answer: Promise<ProxyResponse | ProxyTunnel>): void {
    answer.then(answer => this.answered(request, answer)).catch((thrown: unknown) => this.failed(request, thrown))
  }

  private answered (request: ServerRequest, answer: ProxyResponse | ProxyTunnel): void {
    const tunnel = 'socket' in answer
    if (this.request !== request) {
      if (tunnel) answer.socket.destroy()
      else if (answer.body.kind === 'stream') answer.body.reader.cancel(new SeawallError('client_gone'))
      return
    }
    if (tunnel) return this.tunnel(answer)
    this.answer(answer)
    this.advance()
  }

  /** The core broke its promise never to fail. */
  private failed (request: ServerRequest, thrown: unknown): void {
    const error = toSeawallError(thrown)
    this.serving.log.error({ error: thrown, target: request.target }, 'a request failed inside the proxy')
    if (this.request !== request) return
    if (this.response !== undefined) return this.abort(error)
    this.closing = true
    this.answer(this.refusal(error.code))
    this.advance()
  }

  private refuse (code: ErrorCode): void {
    this.in.drop()
    this.closing = true
    this.out.sent = 0
    this.answer(this.refusal(code))
  }

  private refusal (code: ErrorCode): ProxyResponse {
    const accept = this.request === undefined ? undefined : fieldValue(this.request.fields.raw, 'accept')
    return refusalResponse(code, accept, this.serving.clock.wall())
  }

  // ---- answers

  /** A body that the client holds back is wanted. */
  private invite (): void {
    if (this.request?.fields.expectsContinue === true && this.response === undefined) this.out.write(CONTINUE)
  }

  interim (request: ServerRequest, status: number, headers: RawHeaders): void {
    if (request !== this.request || this.response !== undefined || request.version === '1.0') return
    if (status < 100 || status > 199 || status === 101) return
    this.out.write(headText(status, headers) + '\r\n')
    this.out.watch()
  }

  private answer (response: ProxyResponse): void {
    const { request } = this
    const method = request?.method ?? 'GET'
    const version = request?.version ?? '1.1'
    const delivery = deliveryOf(method, version, response)
    this.response = response
    if (response.close === true || delivery === 'until-close' || this.isLast()) this.closing = true
    const done = this.out.deliver(method, response, delivery, this.closing ? 'close' : version === '1.0' ? 'keep-alive' : '')
    if (done === undefined) return this.finish()
    done.then(() => {
      if (this.response !== response) return
      this.finish()
      this.advance()
    }).catch((thrown: unknown) => this.abort(toSeawallError(thrown)))
  }

  /** Whether the present request is known to be the last. */
  private isLast (): boolean {
    if (!this.keepAlive || this.serving.draining || (this.in.ended && this.in.empty)) return true
    const { body, unwelcome } = this.in
    if (body === undefined || body.whole) return false
    return body.failure !== undefined || unwelcome || (!body.begun && this.request!.fields.expectsContinue)
  }

  /** The answer is complete. */
  private finish (): void {
    const { request, response } = this
    this.request = this.response = undefined
    if (request !== undefined) request.onGone = undefined
    count(this.serving, request, response, this.out.sent, true)
    this.settle()
  }

  /** What comes after a complete answer. */
  private settle (): void {
    const { body } = this.in
    if (this.closing || body?.failure !== undefined) return this.end()
    if (body?.open === true) {
      this.state = 'skipping'
      body.skip()
      return this.serving.wheel.touch(this.deadline, this.serving.bodyTimeout)
    }
    this.in.body = undefined
    this.state = this.out.full ? 'flushing' : 'idle'
  }

  /** More of the body that is read past has come. */
  private skip (): void {
    if (this.in.tooMuch) this.end()
    else if (this.in.body?.open !== true) this.settle()
    else this.serving.wheel.touch(this.deadline, this.serving.bodyTimeout)
  }

  private onDrain (): void {
    this.out.onDrain()
    if (this.state !== 'flushing') return
    this.state = 'idle'
    this.advance()
  }

  private tunnel (tunnel: ProxyTunnel): void {
    const { socket } = this
    this.state = 'tunnel'
    this.response = { status: 101, head: tunnel.head, tail: '', body: { kind: 'none' }, outcome: 'pass' }
    this.out.sent = -socket.bytesWritten
    this.serving.counters.bytesIn -= socket.bytesRead
    join(socket, tunnel, this.in.take(), this.in.ended)
  }

  // ---- endings

  private expired (): void {
    switch (this.state) {
      case 'idle': case 'skipping': return this.end()
      case 'head': return this.refuse('header_timeout')
      case 'lingering': this.socket.destroy()
    }
  }

  /** Shutting down: ends the connection now if nothing is in progress, otherwise with the answer. */
  drain (): void {
    if (this.state === 'idle') this.end()
  }

  /** Sends our end and waits for the client's, discarding what it still sends. */
  private end (): void {
    const { serving } = this
    this.state = 'lingering'
    this.in.drop()
    this.in.close(new SeawallError('abandoned'))
    serving.wheel.disarm(this.deadline)
    this.out.end(() => {
      if (this.state === 'lingering') serving.wheel.touch(this.deadline, serving.draining ? LINGER_DRAINING : LINGER)
    })
    this.in.flow(true)
  }

  /** Breaks the connection. */
  abort (why: SeawallError): void {
    if (this.state === 'closed') return
    this.serving.log.debug({ code: why.code, client: this.peer.address }, 'a connection is reset')
    this.lose(why)
    this.out.reset()
  }

  private closed (): void {
    const { serving, socket } = this
    serving.connections.delete(this)
    serving.counters.connectionsOpen--
    if (this.state === 'tunnel') {
      this.out.sent += socket.bytesWritten
      serving.counters.bytesIn += socket.bytesRead
      count(serving, this.request, this.response, this.out.sent, socket.errored === null)
      this.request = undefined
    }
    if (this.state !== 'closed') this.lose(new SeawallError('client_gone'))
  }

  private lose (why: SeawallError): void {
    const { request, response } = this
    this.state = 'closed'
    this.in.drop()
    this.serving.wheel.remove(this.deadline)
    this.out.lost(why)
    this.in.close(why)
    this.request = this.response = undefined
    if (request === undefined) return
    count(this.serving, request, response, this.out.sent, false)
    request.onGone?.(why)
    request.onGone = undefined
  }
}

function plainAddress (address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

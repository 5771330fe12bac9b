/**
 * One client's socket: requests in, answers out, one at a time and in order, from state to state (`states.ts`).
 *
 * Invariants: an answer is written whole or the connection is reset, never ended as if it were whole; nothing behind a
 * refused request is looked at; `onGone` is called at most once, and never after a complete answer; what waits unparsed
 * is bounded by one head and one chunk of the socket; an answer out of the store is written as it is decided, so that no
 * purge is acknowledged in between.
 */
import { SeawallError, toSeawallError, type ErrorCode } from '../core/errors.js'
import { Inbound } from './inbound.js'
import { Deadline } from './limits.js'
import { Outbound } from './outbound.js'
import { linger } from './linger.js'
import { discard, refusalFor, ServerRequest } from './request.js'
import { count, peerOf, type Serving } from './serving.js'
import { inCrowd, TurnEnd } from './together.js'
import { join } from './upgrade.js'
import { deliveryOf } from './writer.js'
import type { Socket } from 'node:net'
import type { SharedReads } from './shared-reads.js'
import type { State } from './states.js'
import type { RequestHead } from '../http/scan.js'
import type { Peer, ProxyResponse, ProxyTunnel } from '../core/types.js'

/** What is left to a head when its connection is drained, if the head has begun or the connection only just. */
const LAST_HEAD = 500

export class Connection {
  private readonly serving: Serving
  private readonly socket: Socket
  private readonly in: Inbound
  private readonly out: Outbound
  private readonly peer: Peer
  /** For what is waited for from the client: a head, the rest of one, the rest of a body nobody wants. */
  private readonly deadline = new Deadline(() => this.expired())
  private state: State = 'idle'
  /** No request after this one. */
  private closing = false
  private request: ServerRequest | undefined
  /** The answer whose head has been written. */
  private response: ProxyResponse | undefined
  private readonly turnEnd = new TurnEnd<ServerRequest, ProxyResponse>((to, answer) => this.turnEnded(to, answer), (to, thrown) => this.failed(to, thrown))

  /** `transport`: what is reset when an answer breaks; the TCP socket under a TLS one. `reads`: the socket's, where they are shared. */
  constructor (serving: Serving, socket: Socket, secure = false, transport: Socket = socket, reads?: SharedReads) {
    this.serving = serving
    this.socket = socket
    this.in = new Inbound(socket, serving, reads, { received: () => this.received(), wanted: () => this.request?.invite() })
    this.out = new Outbound(socket, transport, serving, why => this.abort(why))
    this.peer = peerOf(socket, secure, serving)
    serving.connections.add(this)
    serving.counters.connections++
    serving.counters.connectionsOpen++
    socket.on('end', () => this.clientEnded())
    socket.on('drain', () => this.onDrain())
    socket.on('error', error => serving.log.debug({ err: error, client: this.peer.address }, 'the connection of a client failed'))
    socket.on('close', () => this.closed())
    serving.wheel.touch(this.deadline, serving.draining ? LAST_HEAD : serving.limits.idle)
  }

  private received (): void {
    if (this.state === 'skipping') this.skip()
    if (this.state === 'idle' || this.state === 'head') this.advance()
    else this.in.limit()
  }

  private clientEnded (): void {
    this.in.ended = true
    switch (this.state) {
      case 'idle': case 'head': case 'skipping': return this.end()
      case 'answering':
        this.request?.left(this.serving.clock.now())
        this.in.body?.fail(new SeawallError('body_cut'))
    }
  }

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
      if (found.kind === 'request') this.begin(found.head, corked)
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

  /** `corked`: an answer that is there at once goes out with those of the requests around it. */
  private begin (head: RequestHead, corked: boolean): void {
    const { clock } = this.serving
    this.state = 'answering'
    if (!head.keepAlive) this.closing = true
    const body = this.in.open(head.fields.framing)
    const request = new ServerRequest(this.out, head, this.peer, clock.now(), body && { reader: body, length: body.length })
    this.request = request
    try {
      if (body?.failure !== undefined) this.answer(refusalFor(request, body.failure.code, clock))
      else if (inCrowd() && !corked && body === undefined) this.turnEnd.leave(request, undefined)
      else this.serve(request)
    } catch (thrown) {
      this.failed(request, thrown)
    }
  }

  private serve (request: ServerRequest): void {
    const { core, clock } = this.serving
    if (request.fields.websocket) return this.ask(request, core.upgrade(request))
    const hit = request.body === undefined ? core.tryHit(request, clock.now()) : undefined
    if (hit === undefined) this.ask(request, core.handle(request))
    else this.answer(hit)
  }

  private ask (request: ServerRequest, answer: Promise<ProxyResponse | ProxyTunnel>): void {
    answer.then(answer => {
      request.decided = true
      // to what comes through a tunnel nobody listens yet
      if ('socket' in answer || isStored(answer)) this.answered(request, answer)
      else this.turnEnd.leave(request, answer)
    }).catch((thrown: unknown) => this.failed(request, thrown))
  }

  private turnEnded (request: ServerRequest, answer: ProxyResponse | undefined): void {
    if (answer !== undefined) return this.answered(request, answer)
    if (this.request !== request) return
    this.serve(request)
    this.advance()
  }

  private answered (request: ServerRequest, answer: ProxyResponse | ProxyTunnel): void {
    if (this.request !== request) return discard(answer)
    if ('socket' in answer) return this.tunnel(answer)
    this.answer(answer)
    this.advance()
  }

  /** The core broke its promise never to fail. */
  private failed (request: ServerRequest, thrown: unknown): void {
    const error = toSeawallError(thrown)
    this.serving.log.error({ err: thrown, target: request.target }, 'a request failed inside the proxy')
    if (this.request !== request) return
    if (this.response !== undefined) return this.abort(error)
    this.closing = true
    this.answer(refusalFor(request, error.code, this.serving.clock))
    this.advance()
  }

  private refuse (code: ErrorCode): void {
    this.in.drop()
    this.closing = true
    this.answer(refusalFor(undefined, code, this.serving.clock))
  }

  private answer (response: ProxyResponse): void {
    const { request } = this
    const method = request?.method ?? 'GET'
    const version = request?.version ?? '1.1'
    const delivery = deliveryOf(method, version, response, this.out.piece)
    this.response = response
    if (request !== undefined) request.decided = true
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
    if (this.serving.draining || (this.in.ended && this.in.empty)) return true
    return this.in.isLost(this.request?.fields.expectsContinue === true)
  }

  /** The answer is complete. */
  private finish (): void {
    const { request, response } = this
    this.request = this.response = undefined
    count(this.serving, this.peer, request, response, this.out.sent, true)
    this.out.sent = 0
    this.settle()
  }

  /** What comes after a complete answer. */
  private settle (): void {
    const { body } = this.in
    if (this.closing || body?.failure !== undefined) return this.end()
    if (body?.open === true) {
      this.state = 'skipping'
      body.cancel(new SeawallError('abandoned'))
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
    join(socket, tunnel, this.in.take(), () => this.out.reset())
  }

  /** In other states the deadline is a leftover of an earlier one, and means nothing. */
  private expired (): void {
    if (this.state === 'head') this.refuse('header_timeout')
    else if (this.state === 'idle' || this.state === 'skipping') this.end()
  }

  /** Shutting down: ends the connection now if nothing is in progress, otherwise with the answer. */
  drain (): void {
    if (this.state === 'idle') this.end()
    // a head that is nearly here is let come; one that is not is nobody's request in flight
    else if (this.state === 'head') this.serving.wheel.touch(this.deadline, LAST_HEAD)
  }

  private end (): void {
    this.state = 'lingering'
    this.in.close(new SeawallError('abandoned'))
    this.serving.wheel.remove(this.deadline)
    linger(this.socket, this.serving, sent => this.out.end(sent))
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
      count(serving, this.peer, this.request, this.response, this.out.sent, socket.errored === null)
      this.request = undefined
    }
    if (this.state !== 'closed') this.lose(new SeawallError('client_gone'))
  }

  private lose (why: SeawallError): void {
    const { request, response } = this
    this.state = 'closed'
    this.serving.wheel.remove(this.deadline)
    this.out.lost(why)
    this.in.close(why)
    this.request = this.response = undefined
    if (request === undefined) return
    request.decided = true
    count(this.serving, this.peer, request, response, this.out.sent, false, why)
    request.onGone?.(why)
    request.onGone = undefined
  }
}

function isStored ({ outcome }: ProxyResponse): boolean {
  return outcome === 'hit' || outcome === 'stale'
}

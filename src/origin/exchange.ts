/**
 * One request and its answer on a lent connection, as undici calls for it.
 *
 * Invariants: the answer settles once; the connection is released once, when undici is done with it, however early the
 * exchange itself ended; a request undici holds but has not written is withdrawn when its turn comes, so that the
 * connection lives on; what has been written is ended by destroying the connection.
 */
import type { Duplex } from 'node:stream'
import { NOWHERE } from '../core/crowd.js'
import { SeawallError, toSeawallError } from '../core/errors.js'
import type { Ms } from '../core/types.js'
import { AnswerBody, EMPTY_BODY, type AnswerSource } from './answer-body.js'
import type { Connection, ConnectionHandler } from './client.js'
import type { OriginAnswer, OriginRequest, OriginTunnel } from './contract.js'
import { invalid, originFailure, type Stage } from './failure.js'
import { readHead, readInterim, unasked, type AnswerHead } from './head.js'
import type { Tenant } from './gate.js'
import type { Loan } from './loan.js'
import type { Origin } from './origin.js'
import { contentOf, Upload } from './upload.js'
import { Waits } from './waits.js'
import { disagreement } from './websocket.js'
import { wireRequest, type WireRequest } from './wire.js'

/** RFC 9110 §9.2.2; only these are sent again. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

export class OriginExchange implements Tenant, ConnectionHandler, AnswerSource {
  readonly answer: Promise<OriginAnswer | OriginTunnel>
  place = NOWHERE
  private readonly origin: Origin
  private readonly request: OriginRequest
  private wire!: WireRequest
  private readonly websocket: boolean
  private upload: Upload | undefined
  private readonly waits: Waits
  private resolve!: (answer: OriginAnswer | OriginTunnel) => void
  private reject!: (error: SeawallError) => void
  private loan: Loan | undefined
  private abort: ((why: Error) => void) | undefined
  private stage: Stage = 'connecting'
  /** Nobody waits for anything more of it. */
  private over = false
  private failure: SeawallError | undefined
  private body: AnswerBody | undefined
  private started = false
  private interims = 0
  private chunked = false
  /** RFC 9110 §15.3.6, though the framing may be that of any body. */
  private contentless = false
  /** Nothing is missing, unless it turns out that something is left over. */
  private complete = false
  private retried = false
  private moved = false
  private askedAt: Ms = 0

  constructor (origin: Origin, request: OriginRequest, websocket: boolean) {
    this.origin = origin
    this.request = request
    this.websocket = websocket
    this.waits = new Waits(origin.clock, origin.timeouts, request.unattended, this.expired)
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  start (): this {
    try {
      const content = contentOf(this.request.body, this.waits)
      if (content instanceof Upload) this.upload = content
      this.wire = wireRequest(this.request, content, this.websocket)
      this.origin.check()
      this.waits.begin()
      this.origin.gate.add(this)
    } catch (thrown) {
      this.fail(toSeawallError(thrown))
    }
    return this
  }

  cancel (why: Error): void {
    // whoever cancels need not look at the answer
    this.answer.catch(() => this.failure)
    this.fail(toSeawallError(why))
  }

  enter (): void {
    try {
      this.loan = this.origin.lend()
    } catch (thrown) {
      this.fail(toSeawallError(thrown))
      return
    }
    const { name, counters } = this.origin
    counters.count(counters.originRequests, name)
    this.loan.connection.send(this.wire, this)
  }

  lag (now: Ms): Ms {
    return this.waits.lag(now)
  }

  // ---- what undici calls

  onConnect (abort: (why: Error) => void): void {
    if (this.failure !== undefined) throw this.failure
    this.abort = abort
    this.stage = 'sent'
    this.askedAt = this.origin.clock.now()
  }

  onResponseStarted (): void {
    this.started = true
  }

  onHeaders (status: number, raw: Buffer[]): boolean {
    if (status >= 100 && status < 200 && status !== 101) {
      this.interim(status, raw)
      return true
    }
    // lent until undici is done with it
    const head = unasked(status, this.request.headers) ?? readHead(this.request.method, status, raw, this.loan!.connection, this.origin.heads)
    if (typeof head === 'string') this.fail(invalid(head))
    else this.answered(status, head)
    return true
  }

  onData (chunk: Buffer): boolean {
    this.loan?.connection.delivered(chunk.length)
    if (this.contentless) this.fail(invalid('It sends content with 205.'))
    else {
      this.waits.move(chunk.length)
      this.body?.push(chunk)
    }
    return true
  }

  onComplete (): void {
    const connection = this.loan?.connection
    const overdone = this.chunked ? connection?.overdone : undefined
    // before it is lent again
    if (overdone !== undefined) connection?.drop()
    connection?.completed()
    this.release()
    const { body } = this
    if (body === undefined) return
    if (overdone !== undefined) return this.fail(invalid(overdone))
    // of a known length it is whole, whatever follows on the connection, which ends with it (RFC 9112 §6.3)
    if (!this.chunked) {
      body.end()
      this.finish()
    } else this.unlessSpoilt(connection, () => { body.end() })
  }

  onUpgrade (_status: number, raw: Buffer[] | string[] | null, socket: unknown): void {
    const tunnel = socket as Duplex
    const old = this.loan?.connection.old
    this.loan?.answered()
    this.loan?.connection.detach()
    this.release()
    const headers = readInterim((raw ?? []) as Buffer[])
    const fault = typeof headers === 'string' ? headers : old === true ? 'HTTP/1.0 switches to nothing.' : disagreement(this.request.headers, headers)
    if (this.over || fault !== undefined) {
      tunnel.destroy()
      this.fail(invalid(fault))
      return
    }
    this.finish()
    this.resolve({ headers: headers as string[], socket: tunnel })
  }

  onError (thrown: Error): void {
    this.abort = undefined
    const error = originFailure(thrown, this.stage)
    if (this.stage === 'connecting' && error.side === 'origin') this.loan?.unconnected()
    if (this.mayRetry(error)) return this.retry()
    if (this.mayMove(error)) return this.move(error)
    this.fail(error)
    this.release()
  }

  // ---- what the body calls

  hold (): void {
    this.waits.hold(true)
    this.loan?.connection.hold()
  }

  flow (): void {
    this.waits.hold(false)
    this.loan?.connection.flow()
  }

  wait (reading: boolean): void {
    this.waits.read(reading)
  }

  // ---- the course of it

  private interim (status: number, raw: Buffer[]): void {
    const { heads } = this.origin
    const headers = ++this.interims > heads.interims ? `It was preceded by more than ${heads.interims} interim ones.` : readInterim(raw, heads)
    if (typeof headers === 'string') return this.fail(invalid(headers))
    // the client is told to continue as its body is wanted here
    if (status === 109 && this.loan?.connection.continued() === true) return
    this.request.onInterim?.(status, headers)
  }

  private answered (status: number, { headers, framing, length }: AnswerHead): void {
    const answeredAt = this.origin.clock.now()
    this.loan?.answered()
    this.loan?.connection.headed()
    this.origin.counters.originTime.observe(answeredAt - this.askedAt)
    this.stage = 'answered'
    if (framing !== 'none') this.body = new AnswerBody(this)
    this.chunked = framing === 'chunked'
    this.contentless = status === 205
    this.waits.answer()
    const answer: OriginAnswer = { status, headers, framing, length, askedAt: this.askedAt, answeredAt, body: this.body ?? EMPTY_BODY }
    // undici may fail what needs nothing more: it misses the bytes a 304's or 204's Content-Length speaks of
    if (framing === 'none') this.unlessSpoilt(this.loan?.connection, () => this.resolve(answer))
    else this.resolve(answer)
  }

  /** Finishes, unless the piece that ended the answer went on: no two readers need agree then on where it ends. */
  private unlessSpoilt (connection: Connection | undefined, then: () => void): void {
    this.complete = true
    queueMicrotask(() => {
      if (this.over) return
      this.complete = false
      if (connection?.spoilt === true) return this.fail(invalid('Bytes follow its end.'))
      then()
      this.finish()
    })
  }

  private readonly expired = (): void => {
    this.fail(new SeawallError(this.stage === 'answered' ? 'origin_body_timeout' : 'origin_timeout'))
  }

  private finish (): void {
    this.over = true
    this.waits.end()
    // an error that nobody is to see is not made
    if (this.upload?.open === true) this.upload.stop(new SeawallError('abandoned'))
  }

  private fail (error: SeawallError): void {
    if (this.over || (this.complete && error.side === 'origin')) return
    this.failure = error
    this.over = true
    this.waits.end()
    this.upload?.stop(error)
    if (error.side === 'origin') {
      const { name, counters, log } = this.origin
      counters.count(counters.originErrors, `${name} ${error.code}`)
      log.debug({ origin: name, code: error.code, detail: error.message, err: error.cause }, 'origin failed')
    }
    this.loan?.failed(error)
    if (this.loan === undefined) this.origin.gate.remove(this)
    if (this.body === undefined) this.reject(error)
    else this.body.fail(error)
    this.abort?.(error)
  }

  private release (): void {
    const { loan } = this
    this.loan = undefined
    this.abort = undefined
    if (loan === undefined) return
    loan.end()
    this.origin.gate.remove(this)
  }

  /** An idle connection the origin had closed already: nothing of the request was heard. Fresh ones are not retried. */
  private mayRetry (error: SeawallError): boolean {
    return !this.retried && (this.loan?.connection.served ?? 0) > 0 && this.unheard(error)
  }

  /** Another address may do better. */
  private mayMove (error: SeawallError): boolean {
    return !this.moved && this.unheard(error) && this.loan?.elsewhere(error) === true
  }

  /** The origin cannot have acted on the request, or may do so again. */
  private unheard ({ code, side }: SeawallError): boolean {
    if (this.over || this.started) return false
    if (this.stage === 'connecting') return side === 'origin'
    return code === 'origin_reset' && this.wire.content === undefined && IDEMPOTENT.has(this.request.method)
  }

  private move (error: SeawallError): void {
    const { name, log } = this.origin
    this.moved = true
    this.again()
    log.debug({ origin: name, code: error.code }, 'another address of the origin is tried')
    this.loan?.connection.send(this.wire, this)
  }

  private retry (): void {
    this.retried = true
    this.again()
    // undici has yet to let go of the broken socket
    queueMicrotask(() => {
      if (this.over) this.release()
      else this.loan?.connection.send(this.wire, this)
    })
  }

  private again (): void {
    this.stage = 'connecting'
    this.origin.counters.originRetries++
  }
}

/**
 * One request and its answer on a lent connection, as undici calls for it.
 *
 * Invariants: the answer settles once; the connection is released once, when undici is done with it, however early the
 * exchange itself ended; a request undici holds but has not written is withdrawn when its turn comes, so that the
 * connection lives on; what has been written is ended by destroying the connection.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import { SeawallError, toSeawallError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { Ms, RawHeaders } from '../core/types.js'
import { AnswerBody, EMPTY_BODY, type AnswerSource } from './answer-body.js'
import type { Connection, ConnectionHandler, WireRequest } from './client.js'
import type { OriginAnswer, OriginRequest, OriginTunnel } from './contract.js'
import { originFailure, type Stage } from './failure.js'
import { MAX_INTERIM, readFields, readHead, readInterim, unasked, type AnswerHead } from './head.js'
import type { Pool, Tenant } from './pool.js'
import { Stall } from './stall.js'
import { Upload } from './upload.js'

/** What every exchange with one origin shares. */
export interface OriginContext {
  readonly name: string
  /** Time for the head, waiting for a connection included; time without progress in the body. */
  readonly timeouts: { readonly headers: Ms, readonly body: Ms }
  readonly pool: Pool
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Logger
}

/** RFC 9110 §9.2.2; only these are sent again. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

export class OriginExchange implements Tenant, ConnectionHandler, AnswerSource {
  readonly answer: Promise<OriginAnswer | OriginTunnel>
  private readonly context: OriginContext
  private readonly request: OriginRequest
  private readonly wire: WireRequest
  private readonly upload: Upload | undefined
  private readonly stall: Stall
  private resolve!: (answer: OriginAnswer | OriginTunnel) => void
  private reject!: (error: SeawallError) => void
  private connection: Connection | undefined
  private abort: ((why: Error) => void) | undefined
  private stage: Stage = 'connecting'
  /** Nobody waits for anything more of it. */
  private over = false
  private failure: SeawallError | undefined
  private body: AnswerBody | undefined
  private reading = false
  private started = false
  private interims = 0
  /** Nothing is missing, unless it turns out that something is left over. */
  private complete = false
  private retried = false
  private askedAt: Ms = 0

  constructor (context: OriginContext, request: OriginRequest, websocket: boolean) {
    this.context = context
    this.request = request
    this.upload = request.body === undefined || request.body.length === 0 ? undefined : new Upload(request.body, () => this.watch())
    this.wire = {
      method: request.method,
      path: request.target,
      headers: this.upload === undefined || request.body?.length === undefined
        ? request.headers
        : [...request.headers, 'content-length', String(request.body.length)],
      body: this.upload,
      websocket
    }
    this.stall = new Stall(context.clock, () => this.fail(new SeawallError(this.stage === 'answered' ? 'origin_body_timeout' : 'origin_timeout')))
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  start (): this {
    this.context.counters.originRequests++
    try {
      // undici would take another target for absolute-form, and CONNECT for a tunnel
      if (this.request.target[0] !== '/') throw new SeawallError('bad_target')
      if (this.request.method === 'CONNECT') throw new SeawallError('method_refused')
      this.watch()
      this.context.pool.acquire(this)
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

  run (connection: Connection): void {
    this.connection = connection
    connection.send(this.wire, this)
  }

  // ---- what undici calls

  onConnect (abort: (why: Error) => void): void {
    if (this.failure !== undefined) throw this.failure
    this.abort = abort
    this.stage = 'sent'
    this.askedAt = this.context.clock.now()
  }

  onResponseStarted (): void {
    this.started = true
  }

  onHeaders (status: number, raw: Buffer[]): boolean {
    if (status >= 100 && status < 200 && status !== 101) {
      this.interim(status, raw)
      return true
    }
    const head = unasked(status, this.request.headers) ?? readHead(this.request.method, status, raw, this.connection?.old)
    if (typeof head === 'string') this.fail(invalid(head))
    else this.answered(status, head)
    return true
  }

  onData (chunk: Buffer): boolean {
    this.body?.push(chunk)
    return true
  }

  onComplete (): void {
    const { connection } = this
    connection?.completed()
    this.release()
    const { body } = this
    if (body !== undefined) this.unlessSpoilt(connection, () => { body.end() })
  }

  onUpgrade (_status: number, raw: Buffer[] | string[] | null, socket: unknown): void {
    const tunnel = socket as Duplex
    this.connection?.detach()
    this.release()
    const headers = readFields((raw ?? []) as Buffer[])
    const fault = typeof headers === 'string' ? headers : isWebsocket(headers) ? undefined : 'It switched to another protocol than websocket.'
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
    if (this.mayRetry(thrown)) return this.retry()
    this.release()
    this.fail(originFailure(thrown, this.stage))
  }

  // ---- what the body calls

  hold (): void {
    this.connection?.hold()
  }

  flow (): void {
    this.connection?.flow()
  }

  waits (reading: boolean): void {
    this.reading = reading
    this.watch()
  }

  // ---- the course of it

  private interim (status: number, raw: Buffer[]): void {
    const headers = ++this.interims > MAX_INTERIM ? `It was preceded by more than ${MAX_INTERIM} interim ones.` : readInterim(raw)
    if (typeof headers === 'string') this.fail(invalid(headers))
    else this.request.onInterim?.(status, headers)
  }

  private answered (status: number, { headers, framing, length }: AnswerHead): void {
    const answeredAt = this.context.clock.now()
    this.context.counters.originTime.observe(answeredAt - this.askedAt)
    this.stage = 'answered'
    if (framing !== 'none') this.body = new AnswerBody(this)
    this.watch()
    const answer: OriginAnswer = { status, headers, framing, length, askedAt: this.askedAt, answeredAt, body: this.body ?? EMPTY_BODY }
    // undici may fail what needs nothing more: it misses the bytes a 304's or 204's Content-Length speaks of
    if (framing === 'none') this.unlessSpoilt(this.connection, () => this.resolve(answer))
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

  /** Counts only while the origin keeps someone waiting. */
  private watch (): void {
    if (this.over || this.upload?.waiting === true) this.stall.pause()
    else if (this.stage !== 'answered') this.stall.start(this.context.timeouts.headers)
    else if (this.reading) this.stall.start(this.context.timeouts.body)
    else this.stall.pause()
  }

  private finish (): void {
    this.over = true
    this.stall.end()
    this.upload?.stop(new SeawallError('abandoned'))
  }

  private fail (error: SeawallError): void {
    if (this.over || (this.complete && error.side === 'origin')) return
    this.failure = error
    this.over = true
    this.stall.end()
    this.upload?.stop(error)
    if (error.side === 'origin') {
      this.context.counters.count(this.context.counters.originErrors, error.code)
      this.context.log.debug({ origin: this.context.name, code: error.code, detail: error.message, err: error.cause }, 'origin failed')
    }
    if (this.connection === undefined) this.context.pool.forget(this)
    if (this.body === undefined) this.reject(error)
    else this.body.fail(error)
    this.abort?.(error)
  }

  private release (): void {
    const { connection } = this
    this.connection = undefined
    this.abort = undefined
    if (connection !== undefined) this.context.pool.release(connection)
  }

  /** An idle connection the origin had closed already: nothing of the request was heard. Fresh ones are not retried. */
  private mayRetry (thrown: Error): boolean {
    if (this.over || this.retried || this.started || (this.connection?.served ?? 0) === 0) return false
    const { code, side } = originFailure(thrown, this.stage)
    if (this.stage === 'connecting') return side === 'origin'
    return code === 'origin_reset' && this.upload === undefined && IDEMPOTENT.has(this.request.method)
  }

  private retry (): void {
    this.retried = true
    this.stage = 'connecting'
    this.context.counters.originRetries++
    // undici has yet to let go of the broken socket
    queueMicrotask(() => {
      if (this.over) this.release()
      else this.connection?.send(this.wire, this)
    })
  }
}

function invalid (detail: string | undefined): SeawallError {
  return new SeawallError('origin_invalid', detail === undefined ? {} : { detail })
}

function isWebsocket (headers: RawHeaders): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() === 'upgrade') return headers[i + 1]!.toLowerCase() === 'websocket'
  }
  return false
}

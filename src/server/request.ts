/** A request as the core sees it: what was scanned, and the way back to its client. */
import { fieldValue } from '../http/fields.js'
import { headText } from '../http/head.js'
import { refusalResponse } from '../http/refusal.js'
import type { Clock } from '../core/clock.js'
import { SeawallError, type ErrorCode } from '../core/errors.js'
import type { HttpVersion, Ms, Peer, ProxyRequest, ProxyResponse, ProxyTunnel, RawHeaders, RequestBody, RequestFields } from '../core/types.js'
import type { RequestHead } from '../http/scan.js'
import type { Outbound } from './outbound.js'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

export class ServerRequest implements ProxyRequest {
  readonly method: string
  readonly target: string
  readonly version: HttpVersion
  readonly fields: RequestFields
  readonly peer: Peer
  readonly arrivedAt: Ms
  readonly body: RequestBody | undefined
  onGone: ((why: Error) => void) | undefined = undefined
  /** Its answer is there, or will never be: too late for interim ones. */
  decided = false
  /** When its client sent its end. */
  private endedAt: Ms | undefined = undefined
  private readonly out: Outbound

  constructor (out: Outbound, head: RequestHead, peer: Peer, arrivedAt: Ms, body: RequestBody | undefined) {
    this.method = head.method
    this.target = head.target
    this.version = head.version
    this.fields = head.fields
    this.peer = peer
    this.arrivedAt = arrivedAt
    this.body = body
    this.out = out
  }

  /** Its client has sent its end. */
  left (now: Ms): void {
    this.endedAt = now
  }

  get leftAt (): Ms | undefined {
    return this.decided ? undefined : this.endedAt
  }

  /** RFC 9110 §15.2: never to an HTTP/1.0 client. A 101 is not interim here: it ends HTTP. */
  interim (status: number, headers: RawHeaders): void {
    if (this.decided || this.version === '1.0' || status < 100 || status > 199 || status === 101) return
    this.out.write(headText(status, headers) + '\r\n')
    this.out.watch()
  }

  /** Its body, of which nothing has come, is wanted: a client that holds it back is told so (RFC 9110 §10.1.1). */
  invite (): void {
    if (this.fields.expectsContinue && !this.decided) this.out.write(CONTINUE)
  }
}

/** A refusal in the form its client prefers, as far as a request was understood. */
export function refusalFor (request: ServerRequest | undefined, code: ErrorCode, clock: Clock): ProxyResponse {
  return refusalResponse(code, request && fieldValue(request.fields.raw, 'accept'), clock.wall())
}

/** Nobody is there to be answered any more. */
export function discard (answer: ProxyResponse | ProxyTunnel): void {
  if ('socket' in answer) answer.socket.destroy()
  else if (answer.body.kind === 'stream') answer.body.reader.cancel(new SeawallError('client_gone'))
}

/** A request as the core sees it: what was scanned, and the way back to its connection. */
import type { HttpVersion, Ms, Peer, ProxyRequest, RawHeaders, RequestBody, RequestFields } from '../core/types.js'
import type { RequestHead } from '../http/scan.js'

/** Where interim answers go. */
export interface InterimSink { interim (request: ServerRequest, status: number, headers: RawHeaders): void }

export class ServerRequest implements ProxyRequest {
  readonly method: string
  readonly target: string
  readonly version: HttpVersion
  readonly fields: RequestFields
  readonly peer: Peer
  readonly arrivedAt: Ms
  readonly body: RequestBody | undefined
  onGone: ((why: Error) => void) | undefined = undefined
  private readonly sink: InterimSink

  constructor (sink: InterimSink, head: RequestHead, peer: Peer, arrivedAt: Ms, body: RequestBody | undefined) {
    this.method = head.method
    this.target = head.target
    this.version = head.version
    this.fields = head.fields
    this.peer = peer
    this.arrivedAt = arrivedAt
    this.body = body
    this.sink = sink
  }

  interim (status: number, headers: RawHeaders): void {
    this.sink.interim(this, status, headers)
  }
}

/**
 * What an origin client promises. Pulls, never pushes: nothing is read from the origin faster than it is asked for.
 *
 * Invariants: `answer` settles exactly once, within the origin's deadlines; what it rejects with is a SeawallError of
 * side origin (or `client_gone` / `abandoned` as given to `cancel`); a body that ends early, late or malformed rejects
 * its read and its connection is never used again.
 */
import type { BodyReader, Ms, RawHeaders, RequestBody } from '../core/types.js'

export interface OriginRequest {
  /** Name of an origin of the config. */
  readonly origin: string
  readonly method: string
  readonly target: string
  /** End-to-end fields, Host included; no framing, Connection or Upgrade. */
  readonly headers: RawHeaders
  readonly body: RequestBody | undefined
  readonly onInterim?: ((status: number, headers: RawHeaders) => void) | undefined
  /** Since when nobody is known to wait for the answer; undefined: somebody does. Asked where places are short. */
  readonly unattended?: (() => Ms | undefined) | undefined
}

/** How the answer's body is delimited: `close` cannot be told from a broken one, and is never stored. */
export type AnswerFraming = 'none' | 'length' | 'chunked' | 'close'

export interface OriginAnswer {
  readonly status: number
  /** As received, hop-by-hop fields included. */
  readonly headers: RawHeaders
  /** Monotonic: when the request was given to the connection, and when the head had arrived. */
  readonly askedAt: Ms
  readonly answeredAt: Ms
  readonly framing: AnswerFraming
  /** From Content-Length: of the body, or of the body a HEAD or 304 does without. */
  readonly length: number | undefined
  readonly body: BodyReader
}

export interface Exchange {
  readonly answer: Promise<OriginAnswer>
  /** Ends the exchange wherever it is; the connection is not used again unless it was already complete. */
  cancel (why: Error): void
}

export interface OriginTunnel { readonly headers: RawHeaders, readonly socket: import('node:stream').Duplex }

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Of one origin, now; `rejected` since the start. */
export interface OriginStats {
  readonly breaker: BreakerState
  readonly addresses: number
  readonly healthy: number
  /** Requests under way, and requests waiting for their turn. */
  readonly active: number
  readonly queued: number
  /** Requests not sent: no turn came in time, or the breaker was open. */
  readonly rejected: { readonly busy: number, readonly unavailable: number }
}

export interface Origins {
  ask (request: OriginRequest): Exchange
  /** A websocket upgrade: the tunnel after the origin's own 101, or the origin's refusal as an ordinary answer. */
  upgrade (request: OriginRequest): Promise<OriginTunnel | OriginAnswer>
  /** By the origins' names. */
  stats (): Readonly<Record<string, OriginStats>>
  /** Waits for what is in flight, then closes. */
  close (): Promise<void>
  /** Ends everything at once. */
  destroy (why: Error): void
}

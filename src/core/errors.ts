/** Every failure Seawall can name: one table from code to side, status and sentence. */

import type { Ms } from './types.js'

type Side = 'client' | 'origin' | 'seawall'
type Row = readonly [side: Side, status: number, text: string]

const CODES = {
  // a request refused at its head
  bad_request_line: ['client', 400, 'The request line is malformed.'],
  bad_method: ['client', 400, 'The method is not a token.'],
  method_refused: ['client', 405, 'This method is not served here.'],
  bad_target: ['client', 400, 'The request target is malformed.'],
  url_too_long: ['client', 414, 'The request target is too long.'],
  bad_version: ['client', 505, 'Only HTTP/1.1 and HTTP/1.0 are spoken here.'],
  bad_line_ending: ['client', 400, 'Lines must end with CRLF.'],
  bad_field_name: ['client', 400, 'A header name is malformed.'],
  bad_field_value: ['client', 400, 'A header value holds a byte that is not allowed.'],
  head_too_large: ['client', 431, 'The request head is too large.'],
  too_many_fields: ['client', 431, 'The request has too many headers.'],
  host_missing: ['client', 400, 'The Host header is missing.'],
  host_repeated: ['client', 400, 'The Host header must come once.'],
  bad_host: ['client', 400, 'The Host header is not a host and a port.'],
  host_mismatch: ['client', 400, 'The target names another host than the Host header.'],
  bad_content_length: ['client', 400, 'Content-Length is malformed or repeated.'],
  length_conflict: ['client', 400, 'Content-Length and Transfer-Encoding exclude each other.'],
  bad_transfer_encoding: ['client', 501, 'The only transfer coding understood is chunked, on HTTP/1.1.'],
  bad_connection: ['client', 400, 'The Connection header names a field it must not.'],
  bad_expect: ['client', 417, 'The only expectation understood is 100-continue.'],
  bad_upgrade: ['client', 400, 'The websocket upgrade is malformed.'],
  // a request that breaks after its head
  bad_chunk: ['client', 400, 'The chunked body is malformed.'],
  body_too_large: ['client', 413, 'The request body is too large.'],
  body_cut: ['client', 400, 'The request body ended early.'],
  header_timeout: ['client', 408, 'The request head took too long.'],
  body_timeout: ['client', 408, 'The request body took too long.'],
  client_gone: ['client', 499, 'The client went away.'],
  client_stalled: ['client', 499, 'The client stopped reading.'],
  // the origin
  origin_refused: ['origin', 502, 'The origin refused the connection.'],
  origin_unresolved: ['origin', 502, 'The name of the origin could not be resolved.'],
  origin_unreachable: ['origin', 502, 'The origin could not be reached.'],
  origin_connect_timeout: ['origin', 504, 'The origin did not accept a connection in time.'],
  origin_reset: ['origin', 502, 'The origin closed the connection before its answer was complete.'],
  origin_timeout: ['origin', 504, 'The origin did not answer in time.'],
  origin_body_timeout: ['origin', 504, 'The origin stopped sending in the middle of its answer.'],
  origin_invalid: ['origin', 502, 'The answer of the origin is not valid HTTP.'],
  origin_failed: ['origin', 502, 'The origin answered with an error.'],
  origin_unavailable: ['origin', 503, 'The origin is unavailable.'],
  origin_busy: ['origin', 503, 'Too many requests wait for the origin.'],
  // ourselves
  misdirected: ['client', 421, 'No route of this proxy serves that host.'],
  loop_detected: ['client', 508, 'The request has come through this proxy before.'],
  only_if_cached: ['client', 504, 'Nothing usable is stored, and the request forbids asking the origin.'],
  slow_reader: ['seawall', 499, 'A reader too slow for the others was let go.'],
  abandoned: ['seawall', 499, 'Nobody wanted the answer any more.'],
  draining: ['seawall', 503, 'The proxy is shutting down.'],
  internal: ['seawall', 500, 'The proxy failed; its log says how.']
} as const satisfies Record<string, Row>

export type ErrorCode = keyof typeof CODES

/** A failure with a code. `status` is what a client is answered; 499 never reaches one. */
export class SeawallError extends Error {
  readonly code: ErrorCode
  readonly side: Side
  readonly status: number
  /** When a client may try again, from now. */
  readonly retryAfter: Ms | undefined

  constructor (code: ErrorCode, options?: { cause?: unknown, detail?: string, retryAfter?: Ms }) {
    const [side, status, text] = CODES[code]
    super(options?.detail === undefined ? text : `${text} ${options.detail}`, options?.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SeawallError'
    this.code = code
    this.side = side
    this.status = status
    this.retryAfter = options?.retryAfter
  }
}

/** The status a code is answered with. */
export function statusOf (code: ErrorCode): number {
  return CODES[code][1]
}

/** Any thrown value as a coded failure; what has no code of ours is `internal` with its cause kept. */
export function toSeawallError (thrown: unknown): SeawallError {
  return thrown instanceof SeawallError ? thrown : new SeawallError('internal', { cause: thrown })
}

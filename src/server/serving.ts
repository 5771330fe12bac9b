/** What all connections of a listener share: what they know of their peers, and how an answer is counted. */
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import type { ErrorCode, SeawallError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { Socket } from 'node:net'
import type { Ms, Peer, ProxyCore, ProxyRequest, ProxyResponse } from '../core/types.js'
import type { ServerLimits, TimingWheel } from './limits.js'

/** `bytes`: of head and content, as sent. `ms`: from the whole head of the request to the end of the answer. `why`: of what is not complete. */
export interface AnswerEnd { readonly bytes: number, readonly ms: Ms, readonly complete: boolean, readonly why: SeawallError | undefined }

export interface ServingOptions {
  readonly core: ProxyCore
  readonly limits: ServerLimits
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Logger
  /** Whether what the peer at that address says of its own clients is believed. */
  readonly trusted: (address: string) => boolean
  /**
   * Called as each answer ends. `request` is undefined for heads that were refused, `response` for requests whose client
   * was gone before there was one.
   */
  readonly onAnswer?: ((request: ProxyRequest | undefined, response: ProxyResponse | undefined, end: AnswerEnd, peer: Peer) => void) | undefined
}

/** What a listener does to its connections. */
export interface Served { abort (why: Error): void, drain (): void }

export interface Serving extends ServingOptions {
  readonly wheel: TimingWheel
  readonly connections: Set<Served>
  readonly bodyTimeout: Ms
  /** Every answer is its connection's last. */
  draining: boolean
}

/** An IPv4 address is itself, also on a socket of both families. */
export function peerOf (socket: Socket, secure: boolean, serving: Serving): Peer {
  const raw = socket.remoteAddress ?? ''
  const address = raw.startsWith('::ffff:') && raw.includes('.') ? raw.slice(7) : raw
  return { address, secure, trusted: address !== '' && serving.trusted(address) }
}

/**
 * Whether the next connection is one too many; `begun` of them are no Connection yet. Not left to Node's
 * `maxConnections`: of what a worker then turns away, another is given, round and round while all are full.
 */
export function isFull ({ connections, limits }: Serving, begun = 0): boolean {
  return connections.size + begun >= (limits.connections ?? Infinity)
}

export function drop ({ counters, limits, log }: Serving, socket: Socket): void {
  counters.connectionsDropped++
  log.debug({ limit: limits.connections, client: socket.remoteAddress }, 'a connection too many was closed')
  socket.destroy()
}

export function count (
  serving: Serving, peer: Peer, request: ProxyRequest | undefined, response: ProxyResponse | undefined, bytes: number, complete: boolean, why?: SeawallError
): void {
  const { counters, clock, onAnswer } = serving
  counters.bytesOut += bytes
  const ms = request === undefined ? 0 : clock.now() - request.arrivedAt
  if (response !== undefined) {
    const { outcome, status, code } = response
    counters.requests[outcome]++
    counters.statuses[Math.min(5, Math.trunc(status / 100))]!++
    if (outcome === 'hit') counters.hitTime.observe(ms)
    else if (outcome === 'refused' && code !== undefined) counters.count(counters.refusals, code as ErrorCode)
  }
  onAnswer?.(request, response, { bytes, ms, complete, why }, peer)
}

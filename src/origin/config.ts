/** What is configured of one origin, every default filled in. */
import type { Ms } from '../core/types.js'

export type Balance = 'round-robin' | 'least-loaded'

export interface OriginConfig {
  /** The addresses it is reached at, one or more, all serving the same: `http://host:port` or `https://…`, nothing after it. */
  readonly urls: readonly string[]
  /** The Host an origin is sent: the client's own, or the one in the first of `urls`. The caller's to apply, see `originHost`. */
  readonly host: 'preserve' | 'origin'
  /** Requests under way at once, and so connections held to each address; Infinity for no bound. */
  readonly connections: number
  readonly queue: QueueConfig
  readonly timeouts: OriginTimeouts
  readonly breaker: BreakerConfig
  readonly balance: Balance
  readonly health: HealthConfig
  /** A path of the file system to connect to, in place of the hosts and ports of `urls`. */
  readonly socket?: string | undefined
  /** What its answers may be; undefined: what any origin's may (`HEADS`). */
  readonly heads?: HeadLimits | undefined
}

/** Of an answer: bytes and fields of a head, and interim answers before the final one. */
export interface HeadLimits { readonly bytes: number, readonly fields: number, readonly interims: number }

export const HEADS: HeadLimits = { bytes: 32 * 1024, fields: 256, interims: 100 }

/** `length`: requests that may wait for their turn; 0 for none. `wait`: how long one does at most. */
export interface QueueConfig { readonly length: number, readonly wait: Ms }

/**
 * `connect`: from looking up the name to the secured connection. `headers`: from asking to the answer's head, all waits
 * before it included, the client's pauses in its upload not. `body`: without a byte while one is wanted. `total`: from
 * asking to the answer's last byte, whoever is slow; undefined for no bound.
 */
export interface OriginTimeouts { readonly connect: Ms, readonly headers: Ms, readonly body: Ms, readonly total: Ms | undefined }

/** `failures`: in a row until the origin is no longer asked; 0 for never. `probe`: until one request finds out whether it is back. */
export interface BreakerConfig { readonly failures: number, readonly probe: Ms }

/**
 * `path`: what is asked of each address every `interval`, answered with 2xx or 3xx within `timeout` by one that is well;
 * undefined leaves it to the requests. `unhealthy` failures in a row take an address out, `healthy` successes put it back.
 */
export interface HealthConfig {
  readonly path: string | undefined
  readonly interval: Ms
  readonly timeout: Ms
  readonly unhealthy: number
  readonly healthy: number
}

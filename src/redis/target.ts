/** Which Redis is meant, and how it is shared. Plain data, as the configuration has it. */
import type { Ms } from '../core/types.js'

/** `redis://` or `rediss://` (TLS), user and password in it; a path is the number of the database. */
export type RedisTarget =
  | { readonly kind: 'url', readonly url: string }
  /** `master`: the name under which the sentinels know it. */
  | {
    readonly kind: 'sentinels', readonly master: string, readonly sentinels: readonly { readonly host: string, readonly port: number }[]
    readonly username?: string | undefined, readonly password?: string | undefined, readonly sentinelPassword?: string | undefined, readonly tls: boolean
  }
  /** Some of its nodes, from which the others are learned. User, password and TLS as the first has them. */
  | { readonly kind: 'cluster', readonly nodes: readonly string[] }

export interface RedisSettings {
  readonly target: RedisTarget
  /** Begins every key, so that several caches share one Redis. */
  readonly namespace: string
  /** What a command of a request is waited for. */
  readonly timeout: Ms
  /** How long a process that hears nothing of purges may use what was validated; see docs/scaling.md. */
  readonly maxLag: Ms
  readonly strictPurge: boolean
  /** Largest body shared, in bytes. */
  readonly maxObject: number
  /** Bodies of text from this size on are compressed; undefined: none are. */
  readonly compress: number | undefined
  /** Failures in a row after which Redis is not asked, and how long until it is tried again. */
  readonly breaker: { readonly failures: number, readonly probe: Ms }
}

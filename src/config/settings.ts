/**
 * What the configuration comes to: plain data in plain units (milliseconds, bytes), every default filled in.
 * The rest of the program knows this and nothing of files, flags or text.
 */
import type { RouteRules } from '../core/route.js'
import type { Ms } from '../core/types.js'
import type { RedisSettings } from '../redis/target.js'

/** `host` as the system's listen wants it (IPv6 without brackets); port 0 lets the system choose. */
export interface Address { readonly host: string, readonly port: number }

/** A certificate by its files, in PEM. */
export interface CertificateFiles {
  /** Where the configuration has it: `tls` or `tls[1]`. */
  readonly at: string
  readonly cert: string
  readonly key: string
  /** The server names it is for, `*.example.com` being every subdomain; undefined is those the certificate names. */
  readonly hosts: readonly string[] | undefined
}

export interface OriginSettings {
  /** Its addresses, each `scheme://host:port` and nothing after it; at least one. */
  readonly urls: readonly string[]
  /** Which Host the origin is sent: the client's, or that of the first of `urls`. */
  readonly host: 'preserve' | 'origin'
  /** Requests under way at once. */
  readonly connections: number
  /** Requests that wait for their turn, and how long one does. */
  readonly queue: { readonly length: number, readonly wait: Ms }
  /** `headers`: from the request to the answer's head. `body`: between two pieces of it. `total`: to its end; undefined is any. */
  readonly timeouts: { readonly connect: Ms, readonly headers: Ms, readonly body: Ms, readonly total: Ms | undefined }
  /** Failures in a row that open it (0: none do), and the time from then to a request that finds out. */
  readonly breaker: { readonly failures: number, readonly probe: Ms }
  readonly balance: 'round-robin' | 'least-loaded'
  /** Without `path` nothing is asked, and requests alone tell. */
  readonly health: { readonly path: string | undefined, readonly interval: Ms, readonly timeout: Ms, readonly unhealthy: number, readonly healthy: number }
}

export interface CacheSettings {
  readonly memory: number
  readonly maxObject: number
  readonly maxVariants: number
  readonly passRecord: Ms
  readonly keepStale: Ms
  /** Undefined: this process shares with nobody. */
  readonly redis?: RedisSettings | undefined
}

export interface LimitSettings {
  readonly headerBytes: number
  readonly headerCount: number
  readonly url: number
  readonly headerTimeout: Ms
  readonly idle: Ms
  /** Between two pieces of a request's body. */
  readonly bodyTimeout: Ms
  readonly writeStall: Ms
  readonly pipelined: number
  /** Largest request body; undefined is any. */
  readonly body: number | undefined
  /** What requests in flight are given to finish when the process is told to stop. */
  readonly drain: Ms
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface Settings {
  /** The file it was read from. */
  readonly file?: string | undefined
  readonly listen: Address
  /** Processes that serve. */
  readonly workers: number
  /** What is spoken at `listen` is TLS, with these; the first is for whoever names no server. Empty: plain HTTP. */
  readonly tls: readonly CertificateFiles[]
  readonly admin: Address & { readonly token: string | undefined }
  /** Without prototype: a name is there only if the configuration gave it. */
  readonly origins: Readonly<Record<string, OriginSettings>>
  readonly cache: CacheSettings
  /** In order: the first that matches decides. Never empty. */
  readonly routes: readonly RouteRules[]
  readonly limits: LimitSettings
  /** Of clients, at one time and over all workers; undefined is any. */
  readonly connections: number | undefined
  /** Addresses and CIDR blocks; see `compileTrusted`. */
  readonly trustedProxies: readonly string[]
  readonly log: { readonly level: LogLevel, readonly access: boolean }
}

/** A configuration that cannot be used. `problems` has one line for each thing wrong, beginning with the path in the file or the flag. */
export class ConfigError extends Error {
  readonly file: string | undefined
  readonly problems: readonly string[]

  constructor (file: string | undefined, problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.file = file
    this.problems = problems
  }
}

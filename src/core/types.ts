/**
 * The vocabulary every room shares: what a request, an answer and a stored response are.
 * Data only, no behaviour; this room imports nothing outside itself.
 */
import type { HitKind, Outcome, PassReason } from './reasons.js'
import type { RouteRules } from './route.js'

/** Milliseconds. Instants are monotonic (`Clock.now`), never wall time, unless a name says otherwise. */
export type Ms = number

/**
 * A position in the invalidation log. Positions of different epochs cannot be compared. `pos` counts what this process
 * has applied, in its own order; it is told to nobody, and absent from what another process stamped.
 */
export interface Stamp { readonly epoch: number, readonly seq: number, readonly pos?: number | undefined }

/** `scheme://host/path?query` and what a route adds to it. Two different requests never share one. */
export type StoreKey = string & { readonly brand: 'StoreKey' }

/** name, value, name, value … as received, in order, duplicates kept. Values are latin1 strings. */
export type RawHeaders = readonly string[]

/** Pulls a body. `null` is its verified end; a broken body rejects. One read at a time. */
export interface BodyReader {
  read (): Promise<Uint8Array | null>
  /** All of it, if its verified end has come already and nothing was read; it is read no more then. Absent: it is to be read. */
  whole? (): readonly Uint8Array[] | undefined
  /** The reader wants no more; whoever feeds it may stop. Safe to call twice. */
  cancel (why: Error): void
}

/** `none` may announce the length a body would have had (HEAD, 304). A stream without length is sent chunked. */
export type Body =
  | { readonly kind: 'none', readonly length?: number | undefined }
  | { readonly kind: 'bytes', readonly chunks: readonly Uint8Array[], readonly length: number }
  | { readonly kind: 'stream', readonly reader: BodyReader, readonly length: number | undefined }

/** How fields that Vary names are compared: as sent, or without what most origins make nothing of. */
export type VaryRule = 'exact' | 'normalize'

// ---- requests

export type HttpVersion = '1.0' | '1.1'

/** How a request's body is delimited (RFC 9112 §6). */
export type Framing = { readonly kind: 'none' } | { readonly kind: 'length', readonly length: number } | { readonly kind: 'chunked' }

/**
 * A request's field section, as `http/scan` accepted it. Consecutive requests of one connection that repeat it byte
 * for byte share one object, and with it everything that was read from it.
 */
export interface RequestFields {
  readonly raw: RawHeaders
  /** The one valid Host, lower-case, port kept as sent. Empty only on HTTP/1.0 requests that sent none. */
  readonly host: string
  readonly framing: Framing
  /** What the fields say of persistence; HTTP/1.0 is persistent only with an explicit keep-alive. */
  readonly connection: 'close' | 'keep-alive' | 'unsaid'
  /** The client waits for 100 (Continue). */
  readonly expectsContinue: boolean
  /** A well-formed websocket upgrade is asked for. */
  readonly websocket: boolean
  /** What the rules need to know of these fields; filled by `policy/request` on first use. */
  facts: RequestFacts | undefined
}

/** Request Cache-Control (RFC 9111 §5.2.1), times in ms. `maxStale: Infinity` is max-stale without a value. */
export interface RequestDirectives {
  readonly noCache: boolean, readonly noStore: boolean, readonly onlyIfCached: boolean
  readonly maxAge?: Ms, readonly minFresh?: Ms, readonly maxStale?: Ms, readonly staleIfError?: Ms
}

/** What the caching rules need to know of a request's fields, read once for each field section. */
export interface RequestFacts {
  /** `scheme://host` the client addressed: trusted X-Forwarded-Proto and -Host applied, default port dropped. */
  readonly site: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  /** The address the request came from, as far as trusted proxies vouch for it. */
  readonly clientAddress: string
  /** Nothing below is set, so a fresh entry answers as it stands. */
  readonly plain: boolean
  /** Only `ifNoneMatch` is set, and `ifModifiedSince`, which it hides (RFC 9110 §13.1.3). */
  readonly validates: boolean
  readonly directives: RequestDirectives
  readonly authorization: boolean
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  /** If-Match or If-Unmodified-Since: the origin must judge. */
  readonly precondition: boolean
  /** Values of one field, lines joined with ", "; undefined when absent. `name` is lower-case. */
  value (name: string): string | undefined
  /** What the request adds to its URL by the fields of one Vary: the memo of `policy/key`. */
  selected?: { readonly names: readonly string[], readonly rule: VaryRule, readonly text: string } | undefined
  /** What a request with these fields is passed on with: the memo of `proxy/requests`. */
  passedOn?: { readonly route: RouteRules, readonly version: HttpVersion, readonly headers: RawHeaders } | undefined
}

/** The connection a request came over. */
export interface Peer { readonly address: string, readonly secure: boolean, readonly trusted: boolean }

export interface RequestBody { readonly reader: BodyReader, readonly length: number | undefined }

export interface ProxyRequest {
  readonly method: string
  /** Origin-form, byte for byte as sent (latin1). */
  readonly target: string
  readonly version: HttpVersion
  readonly fields: RequestFields
  readonly peer: Peer
  readonly arrivedAt: Ms
  readonly body: RequestBody | undefined
  /** Since when its client, having sent its end, may be gone; undefined once its answer begins, which tells. */
  readonly leftAt?: Ms | undefined
  /** Sends a 1xx ahead of the answer; does nothing where the client could not read it. */
  interim (status: number, headers: RawHeaders): void
  /** Set by whoever works for this request: called once when the client is gone before its answer was complete. */
  onGone: ((why: Error) => void) | undefined
}

// ---- answers

/**
 * `head` and `tail` together are the status line and fields, each field ended by CRLF, without the blank line and
 * without Content-Length, Transfer-Encoding and Connection, which the writer derives from `body` and the connection.
 */
export interface ProxyResponse {
  readonly status: number
  /** Shared by every answer from the same stored response. */
  readonly head: Uint8Array | string
  /** This answer's own fields: Age, Cache-Status, … */
  readonly tail: string
  readonly body: Body
  readonly outcome: Outcome
  /** Seconds, where the answer came from the store. */
  readonly age?: number
  /** A coded refusal or failure, for the log. */
  readonly code?: string
  /** Present where this very answer may be given again: the writer keeps here how it went over the wire. */
  again?: { wire: Uint8Array | undefined } | undefined
  /** The connection must not be used again after this answer. */
  readonly close?: boolean
}

/** An accepted upgrade: the origin's 101 and the connection to it. */
export interface ProxyTunnel { readonly head: string, readonly socket: import('node:stream').Duplex }

export interface ProxyCore {
  /** Answers from fresh memory without a promise; undefined sends the request to `handle`. */
  tryHit (request: ProxyRequest, now: Ms): ProxyResponse | undefined
  /** Never rejects: every failure is an answer. */
  handle (request: ProxyRequest): Promise<ProxyResponse>
  upgrade (request: ProxyRequest): Promise<ProxyTunnel | ProxyResponse>
}

// ---- stored

/** `Policy.flags` */
export const POLICY = {
  /** no-cache: never used without asking the origin. */
  noCache: 1,
  /** must-revalidate, proxy-revalidate, or s-maxage: never used stale unless the origin said so explicitly. */
  mustRevalidate: 2,
  /** immutable (RFC 8246). */
  immutable: 4
} as const

/** The instants that decide reuse, fixed when a response is stored. All monotonic; `swrUntil` ≥ `freshUntil`. */
export interface Policy {
  /** now − bornAt is the current age (RFC 9111 §4.2.3). */
  readonly bornAt: Ms
  readonly freshUntil: Ms
  /** Usable stale while a background fetch refreshes it (RFC 5861 §3). */
  readonly swrUntil: Ms
  /** Usable when the origin fails (RFC 5861 §4). */
  readonly sieUntil: Ms
  readonly keepUntil: Ms
  /** When the origin was asked for what this validates. */
  readonly askedAt: Ms
  readonly flags: number
}

/** What the invalidation log needs in order to judge a record. `checkedAt` is its memo, `row` the memory store's. */
export interface Judged {
  /** The URL it answers, without what a route adds to the key: what a purge by URL or prefix is matched with. */
  readonly url: StoreKey
  readonly tags: readonly string[]
  readonly filledAt: Stamp
  checkedAt: Stamp | undefined
  /** Where it lay when it was stored or looked at last. */
  row?: number | undefined
}

/** Where the body of an incomplete response lies in the representation, whose length is not always told (`total`). */
export interface Part { readonly first: number, readonly total: number | undefined }

/** All of an entry but its body. */
export interface EntryMeta extends Judged {
  readonly kind: 'entry'
  /** primary, or primary and the Vary'd values. */
  readonly key: StoreKey
  readonly primary: StoreKey
  readonly status: number
  readonly policy: Policy
  /** Status line and fields, each ended by CRLF, latin1; no framing, Age or hop-by-hop fields. */
  readonly head: Uint8Array
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  /** Start order of the fill that brought it; orders commits of equal `filledAt`, and names this very copy. */
  readonly generation: number
  /** It is incomplete: a 206, which answers no whole GET (RFC 9111 §3.3). */
  readonly part?: Part | undefined
  /** Names this copy in a store that processes share, for a refresh to take the place of this one alone. */
  readonly copy?: string | undefined
}

export interface Entry extends EntryMeta {
  /** When it was given last: the memo of `proxy/again`. */
  givenAt?: Ms | undefined
  readonly body: readonly Uint8Array[]
  readonly length: number
}

/** Which request fields select among the variants of `key` (a primary key). */
export interface VaryRecord extends Judged {
  readonly kind: 'vary', readonly key: StoreKey, readonly names: readonly string[], readonly generation: number
  readonly keepUntil: Ms
  /** Languages of variants, each with the Accept-Language that was given it, as it selects: for routes that normalise. */
  readonly languages?: readonly (readonly [language: string, selecting: string])[]
}

/** Remembered as uncacheable until `keepUntil`: not collapsed. */
export interface PassRecord extends Judged {
  readonly kind: 'pass', readonly key: StoreKey, readonly generation: number, readonly keepUntil: Ms
}

/** Leads from a path to the No-Vary-Search its answers bear, and from a canonical target to the target of such an answer. */
export interface SearchRecord extends Judged {
  readonly kind: 'search', readonly key: StoreKey, readonly generation: number, readonly keepUntil: Ms
  readonly leadsTo: string
}

export type StoredRecord = Entry | VaryRecord | PassRecord | SearchRecord

/** A record as a sweep sees it: of an entry, everything but its bytes. */
export type Swept = SweptEntry | Exclude<StoredRecord, Entry>
export type SweptEntry = Omit<Entry, 'head' | 'body'>

// ---- verdicts and decisions

/** Soft: stale from `since` on. Unsure: purges may have been missed since, so the origin is to be asked whether it holds. */
export type Verdict = { readonly kind: 'clean' } | { readonly kind: 'hard' } | { readonly kind: 'unsure' } | { readonly kind: 'soft', readonly since: Ms }
export const CLEAN: Verdict = { kind: 'clean' }
export const HARD: Verdict = { kind: 'hard' }
export const UNSURE: Verdict = { kind: 'unsure' }

/** May what the log judged clean be used unasked? `soon`: yes, and it is to be asked about behind the answer. */
export type Trust = 'yes' | 'soon' | 'no'

export type Scope = { readonly tag: string } | { readonly url: StoreKey } | { readonly prefix: string } | 'all'
export type PurgeMode = 'soft' | 'hard'

/** What a stored part (`entry`) lacks of what is asked for: from `first` to `last`, or to the end. Both inclusive. */
export interface Lacking {
  readonly entry: Entry
  readonly first: number
  readonly last: number | undefined
  /** The part's strong validator; without one, what comes cannot be combined with it. */
  readonly ifRange: string | undefined
}

/** What is to be done with a request, decided once by `policy/decide`. */
export type Decision =
  /** `renew`: it is fresh, and still to be asked about behind the answer. */
  | { readonly kind: 'hit', readonly entry: Entry, readonly how: HitKind, readonly renew?: boolean }
  /** Answer stale now, refresh in the background. */
  | { readonly kind: 'stale', readonly entry: Entry }
  /** Ask the origin with the entry's validators; where `staleOnError`, the entry answers if the origin fails. */
  | { readonly kind: 'revalidate', readonly entry: Entry, readonly staleOnError: boolean, readonly why: 'stale' | 'request' }
  /** `lacking`: what is stored is a part of it, and the rest can be asked for by itself. */
  | { readonly kind: 'miss', readonly why: 'uri-miss' | 'vary-miss' | 'request' | 'partial', readonly lacking?: Lacking }
  | { readonly kind: 'pass', readonly why: PassReason }
  | { readonly kind: 'refuse', readonly code: 'only_if_cached' }

/**
 * What workers tell one another about a request and its answer: in one header field, the last of its name, which is taken
 * off where it is read. Those of clients and origins stand before it, and travel on like any other.
 */
import type { Entry, EntryMeta, HttpVersion, Ms, Peer, RawHeaders, StoreKey, VaryRecord } from '../core/types.js'

const PREFIX = 'seawall-'

/** An owner that has no answer for so long says that it has the request, in an interim answer (102) with `RECEIPT`. */
export const ACKNOWLEDGED: Ms = 500
export const RECEIPT: RawHeaders = [PREFIX + 'answer', 'received']
/** Who hears nothing of an owner for so long asks the origin. */
export const QUIET: Ms = 2_000

/** Of a request passed on to the owner of its key. */
export interface Passed {
  readonly peer: Peer
  /** Of the client's request; between workers it is always 1.1. */
  readonly version: HttpVersion
  /** What its worker had applied of the log. */
  readonly epoch: number
  readonly seq: number
  /** The key is asked for often: what is stored may be copied. */
  readonly copy: boolean
}

/** Of the answer to it. */
export interface Answered {
  readonly outcome: string
  readonly code?: string | undefined
  /** The owner has not applied what the asking worker has: it cannot answer. */
  readonly behind?: boolean | undefined
  /** Remembered as uncacheable: it need not be passed on for so long. */
  readonly pass?: Ms | undefined
  readonly copy?: CopyOf | undefined
}

/** An entry without its head and body, its instants as durations from now. */
export interface CopyOf {
  readonly meta: Omit<EntryMeta, 'head' | 'kind' | 'checkedAt' | 'generation' | 'policy' | 'copy' | 'part'>
  readonly bornAgo: Ms
  readonly askedAgo: Ms
  readonly fresh: Ms
  readonly keep: Ms
  readonly flags: number
  readonly names: readonly string[]
}

export function put (kind: 'request' | 'answer', what: Passed | Answered): [name: string, value: string] {
  return [PREFIX + kind, Buffer.from(JSON.stringify(what)).toString('base64url')]
}

/** Undefined: the field is not there. */
export function take<T> (kind: 'request' | 'answer', headers: RawHeaders): T | undefined {
  const at = lastOf(kind, headers)
  return at < 0 ? undefined : JSON.parse(Buffer.from(headers[at + 1]!, 'base64url').toString()) as T
}

/** Whether an interim answer is the owner's own, which is no client's business. */
export function isReceipt (headers: RawHeaders): boolean {
  return headers.length === RECEIPT.length && headers.every((part, i) => part === RECEIPT[i])
}

/** Without the field that the other worker added. */
export function bare (kind: 'request' | 'answer', headers: RawHeaders): string[] {
  const at = lastOf(kind, headers)
  return headers.filter((_, i) => (i & ~1) !== at)
}

function lastOf (kind: 'request' | 'answer', headers: RawHeaders): number {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (headers[i]!.toLowerCase() === PREFIX + kind) return i
  return -1
}

export function copyOf (entry: Entry, names: readonly string[], now: Ms): CopyOf {
  const { key, primary, url, status, etag, lastModified, tags, filledAt: { epoch, seq }, policy } = entry
  return {
    meta: { key, primary, url, status, etag, lastModified, tags, filledAt: { epoch, seq } },
    bornAgo: now - policy.bornAt, askedAgo: now - policy.askedAt, fresh: policy.freshUntil - now, keep: policy.keepUntil - now, flags: policy.flags, names
  }
}

/** As it is to be stored for `life` at most; `since` is when it was asked for, from which its instants count. */
export function metaOf ({ meta, bornAgo, askedAgo, fresh, keep, flags }: CopyOf, head: Uint8Array, since: Ms, life: Ms, generation: number): EntryMeta {
  const freshUntil = since + fresh
  return {
    kind: 'entry', ...meta, etag: meta.etag ?? undefined, lastModified: meta.lastModified ?? undefined, head, checkedAt: undefined, generation,
    policy: {
      bornAt: since - bornAgo, askedAt: since - askedAgo, freshUntil, swrUntil: freshUntil, sieUntil: freshUntil,
      // used while it is fresh, and not for long: its owner may have a newer one by then
      keepUntil: since + Math.min(keep, fresh, life), flags
    }
  }
}

export function varyOf ({ meta, names }: CopyOf, keepUntil: Ms, generation: number): VaryRecord | undefined {
  if (names.length === 0) return undefined
  const { primary, url, filledAt } = meta
  return { kind: 'vary', key: primary as StoreKey, url, tags: [], names, filledAt, checkedAt: undefined, generation, keepUntil }
}

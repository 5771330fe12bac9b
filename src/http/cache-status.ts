/** Writing Cache-Status (RFC 9211): what this cache did with a request, in one member of a structured list. */
import type { Fwd } from '../core/reasons.js'

/** `hit` and `fwd` exclude each other (RFC 9211 §2.2). */
export interface CacheStatus {
  hit?: boolean
  fwd?: Fwd
  /** What the origin answered, where it differs from what the client is answered. */
  fwdStatus?: number
  /** Remaining freshness in whole seconds; negative when stale. */
  ttl?: number
  stored?: boolean
  collapsed?: boolean
  detail?: string
}

/** This cache's member: `seawall; hit; ttl=12`. */
export function cacheStatus (s: CacheStatus): string {
  let member = 'seawall'
  if (s.hit === true) member += '; hit'
  if (s.fwd !== undefined) member += `; fwd=${s.fwd}`
  if (s.fwdStatus !== undefined) member += `; fwd-status=${s.fwdStatus}`
  if (s.ttl !== undefined) member += `; ttl=${s.ttl}`
  if (s.stored === true) member += '; stored'
  if (s.collapsed === true) member += '; collapsed'
  if (s.detail !== undefined) member += `; detail=${bareItem(s.detail)}`
  return member
}

/** A token where the text is one, otherwise a string (RFC 9651 §3.3.3, §3.3.4); what neither can hold becomes "?". */
function bareItem (text: string): string {
  if (/^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/.test(text)) return text
  return `"${text.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&')}"`
}

/**
 * Ages and lifetimes as fields state them. What is malformed counts as old: a field that cannot be read never makes a
 * response fresher.
 */
import type { Ms } from '../core/types.js'
import { parseHttpDate } from './date.js'

/** The largest delta-seconds told apart (RFC 9111 §1.2.2). No lifetime is longer, so what has this age is stale. */
const MOST_SECONDS = 2 ** 31

/** Delta-seconds (RFC 9111 §1.2.2): digits only; what exceeds 2^31 is 2^31; undefined when malformed. */
export function wholeSeconds (text: string): number | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text), MOST_SECONDS) : undefined
}

/**
 * Age in ms (RFC 9111 §5.1); undefined when absent. Of a list written as one, `0,7200`, the first member counts. Several
 * lines, or a list joined as intermediaries join lines (`, `), were written by several hops, and which of them is the
 * nearest is unknown: 2^31 seconds, as is whatever is not a non-negative integer.
 */
export function parseAge (lines: readonly string[]): Ms | undefined {
  if (lines.length === 0) return undefined
  const line = lines[0]!
  const seconds = lines.length > 1 || line.includes(', ') ? undefined : wholeSeconds(line.split(',', 1)[0]!)
  return (seconds ?? MOST_SECONDS) * 1000
}

/**
 * The lifetime in ms that Expires gives (RFC 9111 §4.2.1, §5.3): Expires − Date, never negative; undefined when there is
 * no Expires. A malformed one, as `0`, is 0; of several the earliest counts. `receivedAt` (wall ms) stands in for a Date
 * that is absent or malformed.
 */
export function expiresLifetime (expires: readonly string[], date: string | undefined, receivedAt: Ms): Ms | undefined {
  if (expires.length === 0) return undefined
  const earliest = expires.reduce((least, line) => Math.min(least, parseHttpDate(line, receivedAt) ?? -Infinity), Infinity)
  const sent = date === undefined ? undefined : parseHttpDate(date, receivedAt)
  return Math.min(Math.max(0, earliest - (sent ?? receivedAt)), MOST_SECONDS * 1000)
}

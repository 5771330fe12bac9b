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
 * Age in ms (RFC 9111 §5.1); undefined when absent. Anything but one non-negative integer is 2^31 seconds: of a list the
 * first member might be used, but which cache wrote which member is unknown, so the response is taken as stale.
 */
export function parseAge (lines: readonly string[]): Ms | undefined {
  if (lines.length === 0) return undefined
  const seconds = lines.length === 1 ? wholeSeconds(lines[0]!) : undefined
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

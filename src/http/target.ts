/**
 * The request target (RFC 9112 §3.2). What is accepted is byte for byte what is keyed and what the origin receives.
 *
 * Refused though other parsers let it pass: fragments, backslashes, anything but visible ASCII, `%00`, a broken
 * percent-escape in the path, and dot-segments that climb above the root. A `%` that begins no escape may stand in the
 * query: browsers send `?q=100%` as it was typed, no delimiter is hidden in it, and the query is passed on as it came.
 */
import type { ErrorCode } from '../core/errors.js'
import { hexValue } from './bytes.js'

/** Classes of target bytes, to be or-ed over a target. 0 ends one. */
export const PLAIN = 1
export const PERCENT = 2
export const DOT = 4

/** Visible ASCII but `#` and backslash. */
export const TARGET = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x25) return PERCENT
  if (byte === 0x2e) return DOT
  return byte > 0x20 && byte < 0x7f && byte !== 0x23 && byte !== 0x5c ? PLAIN : 0
})

/** A target as it will be used. `authority` is empty unless it came in absolute-form. */
export interface Target { readonly path: string, readonly authority: string }

const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/i

/** Reads a target whose bytes are all of TARGET; `seen` are their classes. Origin-form, absolute-form, or OPTIONS *. */
export function readTarget (target: string, method: string, seen: number): Target | ErrorCode {
  const read = reduce(target, method)
  if (typeof read === 'string' || (seen & ~PLAIN) === 0) return read
  const query = read.path.indexOf('?')
  const path = query === -1 ? read.path : read.path.slice(0, query)
  if ((seen & PERCENT) !== 0 && (!escapesHold(path) || read.path.includes('%00'))) return 'bad_target'
  return climbs(path) ? 'bad_target' : read
}

function reduce (target: string, method: string): Target | ErrorCode {
  if (target.startsWith('/')) return { path: target, authority: '' }
  if (target === '*') return method === 'OPTIONS' ? { path: target, authority: '' } : 'bad_target'
  const parts = ABSOLUTE.exec(target)
  if (parts === null) return 'bad_target'
  const authority = parts[1]!
  const rest = parts[2]!
  if (authority === '' || authority.includes('@')) return 'bad_target'
  if (rest.startsWith('/')) return { path: rest, authority }
  // RFC 9112 §3.2.4: an OPTIONS of the server itself
  return { path: rest === '' && method === 'OPTIONS' ? '*' : `/${rest}`, authority }
}

/** Every `%` begins an escape. */
function escapesHold (path: string): boolean {
  for (let at = path.indexOf('%'); at !== -1; at = path.indexOf('%', at + 3)) {
    if (at + 2 >= path.length) return false
    if (hexValue(path.charCodeAt(at + 1)) === -1 || hexValue(path.charCodeAt(at + 2)) === -1) return false
  }
  return true
}

// An origin may decode before it resolves, so an escaped slash or backslash ends a segment too, but gains no depth.
const SEPARATOR = /(\/|%2f|%5c)/i

/** Whether dot-segments (RFC 3986 §5.2.4), plain or escaped, lead above the root. */
function climbs (path: string): boolean {
  if (!/(?:\.|%2e)(?:\.|%2e)/i.test(path)) return false
  let depth = 0
  const parts = path.split(SEPARATOR)
  // parts alternate: a segment, the separator before the next one, …
  for (let i = 2; i < parts.length; i += 2) {
    const segment = parts[i]!.replaceAll(/%2e/gi, '.')
    if (segment === '..') depth--
    else if (segment !== '' && segment !== '.' && parts[i - 1] === '/') depth++
    if (depth < 0) return true
  }
  return false
}

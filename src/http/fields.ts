/**
 * Reading raw header pairs: lines, lists, tokens, and what may travel past one hop.
 * Nothing here throws, and everything takes time linear in the input.
 */
import type { RawHeaders } from '../core/types.js'
import { FieldNames } from './names.js'

/** One tchar (RFC 9110 §5.6.2), as source of a regular expression. */
export const TCHAR = "[!#$%&'*+.^_`|~0-9A-Za-z-]"
const TOKEN = new RegExp(`^${TCHAR}+$`)

// What each alternative begins with no other may, so there is one way through a text and little to backtrack.
const WORD = String.raw`(?:"(?:[^"\\]|\\[^])*(?:"|\\?$)|[^\t ",])+`
const MEMBERS = new RegExp(String.raw`${WORD}(?:[\t ]+${WORD})*`, 'g')

/** RFC 9110 §7.6.1, with Proxy-Connection, which never was a standard and is still sent. */
const HOP_BY_HOP = new FieldNames(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

/**
 * Connection cannot take these away (RFC 9110 §7.6.1: they are "intended for all recipients"). Losing one would change
 * what a message means, make an answer look more reusable than it is, or make an origin answer somebody else.
 */
const NEVER_OPTIONS: ReadonlySet<string> = new Set([
  'age', 'authorization', 'cache-control', 'content-encoding', 'content-length', 'content-range', 'content-type', 'cookie',
  'date', 'etag', 'expires', 'host', 'last-modified', 'pragma', 'set-cookie', 'vary'
])

/** RFC 9110 §5.6.2. The empty string is none. */
export function isToken (s: string): boolean {
  return TOKEN.test(s)
}

function isNamed (raw: RawHeaders, i: number, name: string): boolean {
  const sent = raw[i]!
  return sent.length === name.length && (sent === name || sent.toLowerCase() === name)
}

/** The value of every line of a field, in order. `name` is lower-case. */
export function fieldLines (raw: RawHeaders, name: string): string[] {
  const lines: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) if (isNamed(raw, i, name)) lines.push(raw[i + 1]!)
  return lines
}

/** The lines of a field joined with ", " (RFC 9110 §5.3); undefined when it is absent. `name` is lower-case. */
export function fieldValue (raw: RawHeaders, name: string): string | undefined {
  const lines = fieldLines(raw, name)
  return lines.length === 0 ? undefined : lines.join(', ')
}

/**
 * The members of a list (RFC 9110 §5.6.1), blanks around them removed, empty ones dropped. Commas inside a
 * quoted-string do not separate; one that is never closed reaches to the end. Not for entity-tags: to them a backslash
 * is an ordinary character.
 */
export function listMembers (value: string): string[] {
  return value.match(MEMBERS) ?? []
}

/**
 * The fields that travel past this hop (RFC 9110 §7.6.1): without the hop-by-hop ones, those that Connection names, and
 * those in `drop`. Order and the case of names are kept.
 */
export function endToEnd (raw: RawHeaders, drop?: FieldNames): string[] {
  const options = connectionOptions(raw)
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!
    if (HOP_BY_HOP.has(name) || drop?.has(name) === true || options?.has(name) === true) continue
    kept.push(name, raw[i + 1]!)
  }
  return kept
}

/** As `endToEnd`, but that the hop-by-hop ones may still be there: for those who seek others. */
export function withoutOptions (raw: RawHeaders): RawHeaders {
  return connectionOptions(raw) === undefined ? raw : endToEnd(raw)
}

function connectionOptions (raw: RawHeaders): FieldNames | undefined {
  const value = fieldValue(raw, 'connection')
  // what nearly every sender says names no field
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined
  return new FieldNames(listMembers(value.toLowerCase()).filter(option => !NEVER_OPTIONS.has(option)))
}

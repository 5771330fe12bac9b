/**
 * What the rules need to know of a request's fields, read once for each field section: this is on the hit path.
 * Invariant: what a client says of itself (X-Forwarded-*) counts only where the peer is trusted.
 */
import type { Peer, RawHeaders, RequestDirectives, RequestFacts, RequestFields } from '../core/types.js'
import { readRequestDirectives } from '../http/cache-control.js'
import { endToEnd, fieldLines, fieldValue } from '../http/fields.js'

const READ = [
  'cache-control', 'pragma', 'authorization', 'range', 'if-range', 'if-none-match', 'if-modified-since', 'if-match',
  'if-unmodified-since'
] as const
type Read = typeof READ[number]

/** Bit n is set where a field of n characters is read; most fields are passed over without lower-casing them. */
const LENGTHS = READ.reduce((bits, name) => bits | 1 << name.length, 0)
const READ_NAMES: ReadonlyMap<string, Read> = new Map(READ.map(name => [name, name]))

const NO_DIRECTIVES: RequestDirectives = readRequestDirectives(undefined, undefined)

/** Reads `fields` as they came over `peer`. The caller keeps the result in `fields.facts`. */
export function readFacts (fields: RequestFields, peer: Peer): RequestFacts {
  const { raw } = fields
  const said = readFields(raw)
  const cacheControl = said?.['cache-control']
  const pragma = said?.pragma
  const directed = cacheControl !== undefined || pragma !== undefined
  const scheme = (peer.trusted ? forwardedScheme(raw) : undefined) ?? (peer.secure ? 'https' : 'http')
  const host = withoutDefaultPort((peer.trusted ? forwardedHost(raw) : undefined) ?? fields.host, scheme)
  const range = said?.range
  const ifRange = said?.['if-range']
  const ifNoneMatch = said?.['if-none-match']
  const ifModifiedSince = said?.['if-modified-since']
  const precondition = said?.['if-match'] !== undefined || said?.['if-unmodified-since'] !== undefined
  const simple = !directed && !precondition && range === undefined && ifRange === undefined
  return {
    site: `${scheme}://${host}`,
    scheme,
    host,
    clientAddress: (peer.trusted ? forwardedAddress(raw) : undefined) ?? peer.address,
    plain: simple && ifNoneMatch === undefined && ifModifiedSince === undefined,
    validates: simple && ifNoneMatch !== undefined,
    directives: directed ? readRequestDirectives(cacheControl, pragma) : NO_DIRECTIVES,
    authorization: said?.authorization !== undefined,
    range,
    ifRange,
    ifNoneMatch,
    ifModifiedSince,
    precondition,
    value: valuesOf(raw)
  }
}

/**
 * What a client's Connection takes off does not reach the origin (RFC 9110 §7.6.1), so it must not select or key either.
 * Cookie is no list: its lines are one string of pairs (RFC 9113 §8.2.3), so that no comma in a value splits it.
 */
function valuesOf (raw: RawHeaders): (name: string) => string | undefined {
  let forwarded: RawHeaders | undefined
  return name => name === 'cookie' ? cookies(raw) : fieldValue(forwarded ??= endToEnd(raw), name)
}

/** The Cookie field, its lines joined as one; undefined when absent. This is also what is forwarded. */
export function cookies (raw: RawHeaders): string | undefined {
  const lines = fieldLines(raw, 'cookie')
  return lines.length === 0 ? undefined : lines.join('; ')
}

function readFields (raw: RawHeaders): { [name in Read]?: string } | undefined {
  let said: { [name in Read]?: string } | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const sent = raw[i]!
    if ((LENGTHS >>> sent.length & 1) === 0) continue
    const name = READ_NAMES.get(sent.toLowerCase())
    if (name === undefined) continue
    said ??= {}
    const earlier = said[name]
    said[name] = earlier === undefined ? raw[i + 1]! : `${earlier}, ${raw[i + 1]!}`
  }
  return said
}

/** The last member: the one the trusted peer itself wrote. */
function lastMember (raw: RawHeaders, name: string): string | undefined {
  const line = fieldLines(raw, name).at(-1)
  return line?.slice(line.lastIndexOf(',') + 1).trim()
}

function forwardedScheme (raw: RawHeaders): 'http' | 'https' | undefined {
  const scheme = lastMember(raw, 'x-forwarded-proto')?.toLowerCase()
  return scheme === 'http' || scheme === 'https' ? scheme : undefined
}

const HOST = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/

function forwardedHost (raw: RawHeaders): string | undefined {
  const host = lastMember(raw, 'x-forwarded-host')?.toLowerCase()
  if (host === undefined) return undefined
  const parts = HOST.exec(host)
  return parts !== null && Number(parts[1] ?? 0) <= 65535 ? host : undefined
}

/** What stands left of the last address is vouched for by nobody we know. */
function forwardedAddress (raw: RawHeaders): string | undefined {
  const address = lastMember(raw, 'x-forwarded-for')
  return address !== undefined && /^[0-9a-f.:[\]]+$/i.test(address) ? address : undefined
}

/** RFC 3986 §6.2.3: a port that is empty or the scheme's default is not part of the name. */
export function withoutDefaultPort (host: string, scheme: 'http' | 'https'): string {
  const port = scheme === 'https' ? ':443' : ':80'
  if (host.endsWith(port)) return host.slice(0, -port.length)
  return host.endsWith(':') ? host.slice(0, -1) : host
}

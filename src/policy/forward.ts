/**
 * What travels on: request fields to the origin, response fields to clients and into the store (RFC 9110 §7.6).
 *
 * Invariants: no framing and no hop-by-hop field passes; nothing an untrusted client says of its own address, scheme or
 * host, nor of another URL or method than it was keyed by, reaches the origin, unless in a field the route keys by; of a
 * fill, which answers others too, no condition or range does.
 */
import type { RouteRules } from '../core/route.js'
import type { HttpVersion, Peer, RawHeaders, RequestFacts, RequestFields } from '../core/types.js'
import { formatHttpDate } from '../http/date.js'
import { endToEnd, fieldLines } from '../http/fields.js'
import { FieldNames } from '../http/names.js'
import { SURROGATE_TOKEN } from '../http/targeted.js'
import { loopField } from './loop.js'
import { cookies } from './request.js'

export interface ForwardInput {
  readonly fields: RequestFields
  readonly facts: RequestFacts
  readonly peer: Peer
  /** The Host to send. */
  readonly originHost: string
  /** Names this proxy and no other. */
  readonly id: string
  /** Of the client's request. */
  readonly version: HttpVersion
  /** Whether origins are told that Surrogate-Control is understood (Edge Architecture 1.0). */
  readonly surrogate?: boolean
  /** Names of the fields the route keys by, lower-case: what is keyed poisons nothing, so it travels on as it came. */
  readonly keyed?: RouteRules['key']['headers']
  /** `ignore`: the client's Cache-Control and Pragma stay here when a fill goes out. */
  readonly clientDirectives?: RouteRules['clientDirectives']
}

export interface Validators { readonly etag: string | undefined, readonly lastModified: string | undefined }

/** Ours, as Via names us (RFC 9110 §7.6.3). */
const PSEUDONYM = 'seawall'
const OWN_VIA = `1.1 ${PSEUDONYM}`

/** Replaced or rebuilt below, framed anew by the origin client, or meant for this hop alone. */
const OWN = [
  'host', 'via', 'cdn-loop', 'cookie', 'content-length', 'expect', 'proxy-authorization', 'http2-settings', 'proxy',
  'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'
]
const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range', 'range']
const DIRECTIVES = ['cache-control', 'pragma']

const PASS = new FieldNames(OWN)
const FILL = new FieldNames([...OWN, ...CONDITIONS])
const FILL_UNDIRECTED = new FieldNames([...OWN, ...CONDITIONS, ...DIRECTIVES])

/** No part of the key, yet read by origins and frameworks as the URL, the method, or who is asking. */
const UNKEYED: ReadonlySet<string> = new Set([
  // another URL or host than was asked for
  'x-original-url', 'x-original-uri', 'x-original-path', 'x-original-host', 'x-rewrite-url', 'x-override-url', 'x-override-host',
  'x-http-destinationurl', 'x-http-path-override', 'x-host', 'x-http-host', 'x-http-host-override', 'x-server-name', 'x-request-uri', 'x-request-url', 'x-base-url', 'base-url', 'x-envoy-original-path', 'x-invoke-path',
  'x-invoke-query', 'x-invoke-status', 'x-middleware-subrequest',
  // another method
  'x-http-method-override', 'x-http-method', 'x-method-override', 'x-original-method',
  // another scheme
  'x-url-scheme', 'x-scheme', 'x-proto', 'x-original-proto', 'x-ssl', 'x-https', 'front-end-https', 'cf-visitor',
  // another client
  'x-real-ip', 'x-client-ip', 'client-ip', 'x-cluster-client-ip', 'true-client-ip', 'cf-connecting-ip', 'cf-connecting-ipv6',
  'fastly-client-ip', 'fly-client-ip', 'x-azure-clientip', 'x-appengine-user-ip', 'x-envoy-external-address', 'x-originating-ip',
  'x-remote-ip', 'x-remote-addr', 'x-remote-user', 'proxy-client-ip', 'wl-proxy-client-ip', 'x-forwarded', 'forwarded-for', 'x-original-forwarded-for',
  'x-proxyuser-ip'
])

/** The fields of the request to the origin, Host first. `validators`: of the entry to be revalidated. */
export function forwardHeaders (input: ForwardInput, mode: 'pass' | 'fill', validators?: Validators): string[] {
  const { fields: { raw }, facts, peer } = input
  const headers = ['Host', input.originHost]
  const received = endToEnd(raw, mode === 'pass' ? PASS : input.clientDirectives === 'ignore' ? FILL_UNDIRECTED : FILL)
  for (let i = 0; i < received.length; i += 2) {
    if (peer.trusted || !spoofs(received[i]!.toLowerCase(), input.keyed)) headers.push(received[i]!, received[i + 1]!)
  }
  const cookie = cookies(raw)
  if (cookie !== undefined) headers.push('Cookie', cookie)
  if (validators?.etag !== undefined) headers.push('If-None-Match', validators.etag)
  if (validators?.lastModified !== undefined) headers.push('If-Modified-Since', validators.lastModified)
  const earlier = (name: string): readonly string[] => peer.trusted ? fieldLines(raw, name) : []
  headers.push(
    'X-Forwarded-For', [...earlier('x-forwarded-for'), peer.address].join(', '),
    // as keyed: what a trusted peer said of them is in the facts
    'X-Forwarded-Proto', facts.scheme,
    ...(facts.host === '' ? [] : ['X-Forwarded-Host', facts.host]),
    'Forwarded', [...earlier('forwarded'), forwarded(peer.address, facts)].join(', '),
    'CDN-Loop', loopField(raw, input.id),
    'Via', [...fieldLines(raw, 'via'), `${input.version} ${PSEUDONYM}`].join(', ')
  )
  if (input.surrogate === true) headers.push('Surrogate-Capability', `${SURROGATE_TOKEN}="Surrogate/1.0"`)
  return headers
}

/** CGI and WSGI read `_` as `-`, some servers whatever is neither a letter nor a digit. */
const READ_ALIKE = /[^a-z0-9-]/
const READ_ALIKES = /[^a-z0-9-]/g

function spoofs (name: string, keyed: readonly string[] = []): boolean {
  if (keyed.includes(name)) return false
  if (UNKEYED.has(name) || name.startsWith('x-forwarded-') || name.startsWith('x-forward-')) return true
  return READ_ALIKE.test(name) && disguised(name.replace(READ_ALIKES, '-'), keyed)
}

/** What arrives there as another field than the one we judged is a second copy of it. */
function disguised (read: string, keyed: readonly string[]): boolean {
  return keyed.includes(read) || spoofs(read) || FILL_UNDIRECTED.has(read) || read.startsWith('accept-') || read === 'transfer-encoding'
}

/** RFC 7239 §4, §6. */
function forwarded (address: string, facts: RequestFacts): string {
  const node = address === '' ? 'unknown' : address.includes(':') ? `"[${address}]"` : address
  const host = facts.host === '' ? '' : `;host="${facts.host}"`
  return `for=${node};proto=${facts.scheme}${host}`
}

const dropSets = new WeakMap<readonly string[], FieldNames>()

/**
 * A response's fields for clients and for the store: end-to-end, without Content-Length, Age and what the route takes
 * off (`strip`, lower-case), Via appended unless it already ends with ours, Date where the origin sent none: `wall`, Unix
 * time in ms, is when the answer came (RFC 9110 §6.6.1).
 */
export function responseHeaders (headers: RawHeaders, strip: readonly string[], wall: number): string[] {
  let drop = dropSets.get(strip)
  if (drop === undefined) dropSets.set(strip, drop = new FieldNames([...strip, 'age', 'content-length']))
  const kept = endToEnd(headers, drop)
  if (fieldLines(kept, 'via').at(-1)?.endsWith(OWN_VIA) !== true) kept.push('Via', OWN_VIA)
  if (fieldLines(kept, 'date').length === 0) kept.push('Date', formatHttpDate(wall))
  return kept
}

import { describe, expect, it } from 'vitest'
import { forwardHeaders, responseHeaders, type ForwardInput, type Validators } from '../../src/policy/forward.js'
import { readFacts } from '../../src/policy/request.js'
import { fieldsOf, PEER, TRUSTED } from '../support/policy.js'

/** The forwarded fields, lower-case names, lines joined. */
function sent (raw: string[], mode: 'pass' | 'fill' = 'fill', changes: Partial<ForwardInput> = {}, validators?: Validators): Record<string, string> {
  const fields = fieldsOf(raw)
  const peer = changes.peer ?? PEER
  const headers = forwardHeaders({ fields, facts: readFacts(fields, peer), peer, id: 'me', originHost: 'origin.internal', version: '1.1', ...changes }, mode, validators)
  const out: Record<string, string> = {}
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    out[name] = name in out ? `${out[name]!} | ${headers[i + 1]!}` : headers[i + 1]!
  }
  return out
}

/** Thu, 01 Jan 2026 00:00:00 GMT */
const WALL = Date.UTC(2026, 0, 1)

const OWN = {
  host: 'origin.internal', via: '1.1 seawall', 'cdn-loop': 'seawall; id=me', 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'http',
  'x-forwarded-host': 'example.com', forwarded: 'for=192.0.2.7;proto=http;host="example.com"'
}

describe('a forwarded request', () => {
  it('has Host first and says where it came from', () => {
    const fields = fieldsOf(['Host', 'example.com', 'Accept', '*/*'])
    const headers = forwardHeaders({ fields, facts: readFacts(fields, PEER), peer: PEER, id: 'me', originHost: 'o', version: '1.0' }, 'pass')
    expect(headers.slice(0, 4)).toEqual(['Host', 'o', 'Accept', '*/*'])
    expect(headers.slice(-2)).toEqual(['Via', '1.0 seawall'])
    expect(sent([])).toEqual(OWN)
  })

  it('carries no hop-by-hop and no framing field (RFC 9110 §7.6.1)', () => {
    expect(sent([
      'Connection', 'close, X-Hop', 'X-Hop', '1', 'Keep-Alive', '5', 'Proxy-Connection', 'x', 'TE', 'trailers', 'Trailer', 'x', 'Upgrade', 'h2c',
      'HTTP2-Settings', 'x', 'Transfer-Encoding', 'chunked', 'Content-Length', '5', 'Expect', '100-continue', 'Proxy-Authorization', 'x', 'Proxy', 'x'
    ], 'pass')).toEqual(OWN)
  })

  it('appends to CDN-Loop, whoever sends it (RFC 8586 §2)', () => {
    expect(sent(['CDN-Loop', 'a', 'cdn-loop', 'b; x="1, 2"'])).toMatchObject({ 'cdn-loop': 'a, b; x="1, 2", seawall; id=me' })
  })

  it('appends to Via and joins Cookie lines', () => {
    expect(sent(['Via', '1.0 a', 'Via', '1.1 b', 'Cookie', 'a=1', 'Cookie', 'b=2'])).toMatchObject({ via: '1.0 a, 1.1 b, 1.1 seawall', cookie: 'a=1; b=2' })
  })

  it('overwrites what an untrusted client says of itself', () => {
    expect(sent([
      'X-Forwarded-For', '1.1.1.1', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'evil', 'Forwarded', 'for=1.1.1.1', 'X-Forwarded-Port', '1',
      'X-Forwarded-Prefix', '/x', 'X-Forwarded-Server', 'x', 'X-Forwarded-Scheme', 'https', 'X-Real-IP', '1.1.1.1', 'X-Original-URL', '/admin',
      'X-Rewrite-URL', '/admin', 'X-HTTP-Method-Override', 'DELETE', 'X-HTTP-Method', 'DELETE', 'X-Method-Override', 'DELETE',
      'X_Forwarded_Host', 'evil', 'x_original_url', '/admin', 'Content_Length', '5', 'If_None_Match', '*', 'accept_encoding', 'br', 'transfer_encoding', 'chunked',
      'X.Forwarded.For', '6.6.6.6', 'X~Forwarded~Host', 'evil', 'x.original.url', '/admin', 'Transfer.Encoding', 'chunked'
    ], 'pass')).toEqual(OWN)
    expect(sent(['api_key', '1', 'X-Custom', '2'])).toMatchObject({ api_key: '1', 'x-custom': '2' })
  })

  it('lets through what the route keys by, in its own name only', () => {
    const raw = ['X-HTTP-Method-Override', 'PUT', 'X-Forwarded-Prefix', '/p', 'X-Original-URL', '/admin', 'x_http_method_override', 'PUT', 'X-Forwarded-For', '1.1.1.1']
    expect(sent(raw, 'fill', { keyed: ['x-http-method-override', 'x-forwarded-prefix', 'x-forwarded-for'] }))
      .toEqual({ ...OWN, 'x-http-method-override': 'PUT', 'x-forwarded-prefix': '/p' })
    expect(sent(['X-Lang', 'a', 'X_Lang', 'evil', 'x.lang', 'evil', 'X-Tone', 'b', 'X_Tone', 'b'], 'fill', { keyed: ['x-lang'] }))
      .toEqual({ ...OWN, 'x-lang': 'a', 'x-tone': 'b', x_tone: 'b' })
  })

  it('appends where the peer is trusted', () => {
    expect(sent([
      'X-Forwarded-For', '1.1.1.1', 'X-Forwarded-For', '2.2.2.2', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'shop.example:443',
      'Forwarded', 'for=1.1.1.1', 'X-Forwarded-Port', '443', 'X-Real-IP', '1.1.1.1'
    ], 'fill', { peer: TRUSTED })).toEqual({
      ...OWN, 'x-forwarded-for': '1.1.1.1, 2.2.2.2, 192.0.2.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example',
      forwarded: 'for=1.1.1.1, for=192.0.2.7;proto=https;host="shop.example"', 'x-forwarded-port': '443', 'x-real-ip': '1.1.1.1'
    })
  })

  it('quotes an IPv6 address and leaves out what is unknown (RFC 7239 §6)', () => {
    expect(sent([], 'fill', { peer: { ...PEER, address: '2001:db8::1' } }).forwarded).toBe('for="[2001:db8::1]";proto=http;host="example.com"')
    const fields = fieldsOf([], '')
    const headers = forwardHeaders({ fields, facts: readFacts(fields, PEER), peer: { ...PEER, address: '' }, id: 'me', originHost: '', version: '1.0' }, 'pass')
    expect(headers).toContain('for=unknown;proto=http')
    expect(headers).not.toContain('X-Forwarded-Host')
  })

  const conditions = ['If-None-Match', '"c"', 'If-Modified-Since', 'c', 'If-Match', '*', 'If-Unmodified-Since', 'c', 'If-Range', '"c"', 'Range', 'bytes=0-1']

  it('keeps the client\'s conditions when it passes', () => {
    expect(sent(conditions, 'pass')).toMatchObject({ 'if-none-match': '"c"', 'if-modified-since': 'c', 'if-match': '*', 'if-range': '"c"', range: 'bytes=0-1' })
  })

  it('of a fill has our conditions instead (RFC 9111 §4.3.1)', () => {
    expect(sent(conditions)).toEqual(OWN)
    expect(sent(conditions, 'fill', {}, { etag: '"s"', lastModified: 'm' })).toEqual({ ...OWN, 'if-none-match': '"s"', 'if-modified-since': 'm' })
    expect(sent(conditions, 'fill', {}, { etag: undefined, lastModified: 'm' })).toEqual({ ...OWN, 'if-modified-since': 'm' })
  })

  it('passes directives on (RFC 9111 §5.2), but from a fill not where the route ignores them', () => {
    const raw = ['Cache-Control', 'no-cache', 'Pragma', 'no-cache']
    const both = { 'cache-control': 'no-cache', pragma: 'no-cache' }
    expect(sent(raw)).toMatchObject(both)
    expect(sent(raw, 'pass', { clientDirectives: 'ignore' })).toMatchObject(both)
    expect(sent(raw, 'fill', { clientDirectives: 'ignore' })).toEqual(OWN)
  })
})

describe('response fields', () => {
  it('are end-to-end, without Age, Content-Length and what the route takes off', () => {
    const strip = ['surrogate-key']
    const headers = ['Connection', 'x-hop', 'X-Hop', '1', 'Age', '5', 'Content-Length', '9', 'Surrogate-Key', 'a', 'Date', 'd', 'Set-Cookie', 'a', 'Set-Cookie', 'b']
    const expected = ['Date', 'd', 'Set-Cookie', 'a', 'Set-Cookie', 'b', 'Via', '1.1 seawall']
    expect(responseHeaders(headers, strip, WALL)).toEqual(expected)
    expect(responseHeaders(headers, strip, WALL)).toEqual(expected)
    expect(responseHeaders(headers, [], WALL)).toContain('Surrogate-Key')
  })

  it('name us in Via once, and are dated where the origin did not (RFC 9110 §6.6.1)', () => {
    const once = responseHeaders(['Via', '1.1 cdn'], [], WALL)
    expect(once).toEqual(['Via', '1.1 cdn', 'Via', '1.1 seawall', 'Date', 'Thu, 01 Jan 2026 00:00:00 GMT'])
    expect(responseHeaders(once, [], WALL)).toEqual(once)
  })
})

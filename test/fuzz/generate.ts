/** Requests built from their parts by fast-check: mostly well-formed, each part now and then a hostile one. */
import * as fc from 'fast-check'

function mostly (good: fc.Arbitrary<string>, ...bad: string[]): fc.Arbitrary<string> {
  return fc.oneof({ arbitrary: good, weight: 9 }, { arbitrary: fc.constantFrom(...bad), weight: 1 })
}

const name = mostly(fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/), '', ' x', 'x ', 'x y', 'h\xf6st', '(x)')
const text = mostly(fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/), '\0', '\r', '\n', '\x7f', '\r\n folded')
const space = mostly(fc.constant(' '), '', '  ', '\t')
const eol = fc.oneof({ arbitrary: fc.constant('\r\n'), weight: 60 }, { arbitrary: fc.constantFrom('\n', '\r', '\r\r\n', ' \r\n'), weight: 1 })
const letterCase = fc.constantFrom((s: string) => s, (s: string) => s.toLowerCase(), (s: string) => s.toUpperCase())

const method = mostly(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PURGE', 'M-SEARCH', 'x'), 'CONNECT', 'trace', 'TRACK', 'G@T', 'M'.repeat(33))
const path = fc.array(mostly(fc.stringMatching(/^[A-Za-z0-9._~!$&'()*+,;=:@[\]|^{}"<>-]{0,6}$/), '..', '%2e.', '.', '%2F', '%5c..', '%zz', '%00', '%41', '#', '\\', '\xe9'), { maxLength: 5 })
  .map(segments => '/' + segments.join('/'))
const query = fc.oneof(fc.constant(''), text.map(t => '?' + t.replaceAll(/[ #\\\t\x80-\xff]/g, '')))
const target = mostly(fc.tuple(path, query).map(([p, q]) => p + q), '*', 'http://a.test', 'HTTPS://A.test/x', 'http://b.test/', 'http://a.test?x', 'a.test:80', 'ftp://a.test/', '')
const version = mostly(fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'), 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', '')

const host = mostly(fc.constantFrom('a.test', 'A.test', 'a.test:80', '[::1]:8080', '10.0.0.1', 'localhost'), '', 'a.test:', 'a b', 'u@a.test', '[::g]', 'a.test:65536')
const option = mostly(fc.constantFrom('close', 'keep-alive', 'upgrade', 'TE', 'x-own', ''), 'host', 'x-forwarded-for', 'a b', '"close"')
const blank = fc.constantFrom('', '', ' ', '\t', ' \t ')
const options = fc.array(fc.tuple(blank, option, blank), { minLength: 1, maxLength: 3 }).map(list => list.map(parts => parts.join('')).join(','))
const steering = fc.oneof(
  fc.tuple(fc.constantFrom('Connection', 'Proxy-Connection'), options),
  fc.tuple(fc.constant('Upgrade'), fc.constantFrom('websocket', 'WebSocket', 'h2c', 'websocket, h2c')),
  fc.tuple(fc.constant('Sec-WebSocket-Key'), mostly(fc.constant('dGhlIHNhbXBsZSBub25jZQ=='), 'short')),
  fc.tuple(fc.constant('Sec-WebSocket-Version'), mostly(fc.constant('13'), 'x')),
  fc.tuple(fc.constant('Expect'), mostly(fc.constantFrom('100-continue', '100-Continue'), 'x')),
  fc.tuple(name, text)
)
const other = fc.oneof({ arbitrary: fc.tuple(name, text), weight: 3 }, { arbitrary: steering, weight: 1 })

const size = (length: number): fc.Arbitrary<string> => mostly(fc.constantFrom('', '0', '000').map(zeros => zeros + length.toString(16)), length.toString(16) + ' ', '+1', '0x1', 'g')
const extension = fc.oneof({ arbitrary: fc.constant(''), weight: 5 }, { arbitrary: mostly(fc.constantFrom(';x', ';x=y', ';x="\\"y"', ';x;y="z"'), ';', '; x', ';x=', ';x="'), weight: 1 })
const chunk = fc.tuple(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 20 }), eol, eol, extension)
  .chain(([data, first, second, ext]) => size(data.length).map(digits => digits + ext + first + data + second))
const trailer = fc.tuple(mostly(name, 'Content-Length', 'Host', 'Transfer-Encoding', 'Connection', 'Upgrade'), text, eol).map(([n, v, end]) => `${n}: ${v}${end}`)
const chunks = fc.tuple(fc.array(chunk, { maxLength: 3 }), extension, eol, fc.array(trailer, { maxLength: 2 }), eol)
  .map(([parts, ext, first, trailers, last]) => `${parts.join('')}0${ext}${first}${trailers.join('')}${last}`)

interface Content { readonly fields: readonly (readonly [string, string])[], readonly body: string }
const counted = fc.string({ unit: 'binary-ascii', maxLength: 30 })
  .chain(body => mostly(fc.constantFrom('', '00').map(zeros => zeros + body.length), '-1', '+1', '1, 1', '', '1 1').map(length => ({ fields: [['Content-Length', length] as const], body })))
const coded = fc.tuple(mostly(fc.constantFrom('chunked', 'Chunked'), 'gzip, chunked', 'identity', ''), chunks).map(([coding, body]) => ({ fields: [['Transfer-Encoding', coding] as const], body }))
const both = fc.tuple(counted, coded).map(([a, b]) => ({ fields: [...a.fields, ...b.fields], body: b.body }))
const content: fc.Arbitrary<Content> = fc.oneof(
  { arbitrary: fc.constant({ fields: [], body: '' }), weight: 4 }, { arbitrary: counted, weight: 4 }, { arbitrary: coded, weight: 4 }, { arbitrary: both, weight: 1 }
)

const line = fc.tuple(letterCase, blank, blank, eol)

/** A request as latin1 bytes. */
export const requests: fc.Arbitrary<Buffer> = fc.tuple(
  mostly(fc.constant(''), '\r\n', '\n', '\r\n\r\n'), method, space, target, space, version, eol,
  fc.array(host, { minLength: 1, maxLength: 1 }), fc.array(other, { maxLength: 5 }), content, fc.array(line, { minLength: 12, maxLength: 12 }), eol, fc.nat(5)
).map(([lead, m, s1, t, s2, v, first, hosts, others, { fields, body }, shapes, last, at]) => {
  const all = [...others.slice(0, at), ...hosts.map(h => ['Host', h] as const), ...fields, ...others.slice(at)]
  const lines = all.map(([n, value], i) => {
    const [cased, before, after, end] = shapes[i]!
    return `${cased(n)}:${before}${value}${after}${end}`
  })
  return Buffer.from(`${lead}${m}${s1}${t}${s2}${v}${first}${lines.join('')}${last}${body}`, 'latin1')
})

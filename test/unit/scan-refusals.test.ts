/** Every refusal of a request head, with its code, whole and byte by byte. */
import { describe, expect, test } from 'vitest'
import { HeadScanner, type Scan, type ScanLimits } from '../../src/http/scan.js'

const LIMITS: ScanLimits = { headerBytes: 1024, headerCount: 8, url: 100 }

function scanWhole (text: string): Scan {
  const bytes = Buffer.from(text, 'latin1')
  return new HeadScanner(LIMITS).scan(bytes, 0, bytes.length)
}

/** The first verdict that is not `incomplete`, one more byte at a time. */
function scanDribbled (text: string): Scan {
  const bytes = Buffer.from(text, 'latin1')
  const scanner = new HeadScanner(LIMITS)
  let scan: Scan = { kind: 'incomplete' }
  for (let end = 0; end <= bytes.length && scan.kind === 'incomplete'; end++) scan = scanner.scan(bytes, 0, end)
  return scan
}

function refused (text: string): string {
  const whole = scanWhole(text)
  expect(scanDribbled(text)).toEqual(whole)
  return whole.kind === 'refused' ? whole.code : whole.kind
}

describe('request lines', () => {
  test.each([
    ['GET', 'bad_request_line'], ['GET /', 'bad_request_line'], ['GET  / HTTP/1.1', 'bad_request_line'],
    ['GET /  HTTP/1.1', 'bad_request_line'], ['GET / HTTP/1.1 ', 'bad_request_line'], ['GET /a b HTTP/1.1', 'bad_request_line'],
    ['GET / http/1.1', 'bad_request_line'], ['GET / HTTP/11', 'bad_request_line'], ['GET / HTTP/1.1x', 'bad_request_line'],
    ['GET / HTTP/2.0', 'bad_version'], ['GET / HTTP/1.2', 'bad_version'], ['GET / HTTP/0.9', 'bad_version'],
    [' GET / HTTP/1.1', 'bad_method'], ['G@T / HTTP/1.1', 'bad_method'], ['GET\t/ HTTP/1.1', 'bad_method'],
    ['\x16\x03\x01\x02', 'bad_method'], [`${'M'.repeat(33)} / HTTP/1.1`, 'bad_method'],
    ['CONNECT a.test:80 HTTP/1.1', 'method_refused'], ['TRACE / HTTP/1.1', 'method_refused'], ['trace / HTTP/1.1', 'method_refused'], ['TRACK / HTTP/1.1', 'method_refused'],
    [`GET /${'u'.repeat(100)} HTTP/1.1`, 'url_too_long']
  ])('%j: %s', (line, code) => {
    expect(refused(`${line}\r\nHost: a.test\r\n\r\n`)).toBe(code)
  })

  test.each([
    '/#f', '/a\\b', '/\x7f', '/\xe9', '/\x00', '/a\tb', '/%', '/%4', '/%zz', '/%00', '/?q=%00', '/..', '/../a', '/a/../..', '/%2e%2E/',
    '/a/.%2e/%2e.', '//../..', '/./..', '/..%2fa', '/a/..%5c..%2F', '/a%2fb/../..', '*', 'a.test:80', 'a/b', '?q',
    'ftp://a.test/', 'http:/a.test', 'http://', 'http:///x', 'http://u@a.test/', 'http://a.test/../', 'http://a.test/#', '**'
  ])('target %j', target => {
    expect(refused(`GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`)).toBe('bad_target')
  })

  test.each(['http://b.test/', 'http://a.test:80/', 'http://a.test.evil/'])('absolute-form %s of another host', target => {
    expect(refused(`GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`)).toBe('host_mismatch')
  })

  test('* on another method than OPTIONS', () => {
    expect(refused('options * HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('bad_target')
  })
})

describe('line endings', () => {
  test.each([
    'GET / HTTP/1.1\nHost: a\r\n\r\n', 'GET / HTTP/1.1\rHost: a\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n\n',
    'GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n\rb', 'GET / HTTP/1.1\r\nHost\n: a\r\n\r\n', '\rGET / HTTP/1.1\r\n'
  ])('%j', text => {
    expect(refused(text)).toBe('bad_line_ending')
  })

  test('more than one empty line ahead', () => {
    expect(refused('\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('bad_request_line')
  })
})

describe('fields', () => {
  const conflict = 'Content-Length: 1\r\nTransfer-Encoding: chunked'
  test.each([
    ['Bad Name: 1', 'bad_field_name'], ['Name : 1', 'bad_field_name'], [': 1', 'bad_field_name'], ['Name', 'bad_field_name'],
    [' folded', 'bad_field_name'], ['\tfolded', 'bad_field_name'], ['N\x00: 1', 'bad_field_name'], ['N\xe9: 1', 'bad_field_name'], ['A(b): 1', 'bad_field_name'],
    ['A: \x00', 'bad_field_value'], ['A: \x7f', 'bad_field_value'], ['A: b\x0bc', 'bad_field_value'], ['A: \x1b[0m', 'bad_field_value'], ['A: b\t', 'bad_field_value'], ['A: b\t ', 'bad_field_value'],
    ['Host: a.test', 'host_repeated'],
    ['Content-Length: 1\r\nContent-Length: 1', 'bad_content_length'], ['Content-Length: 1, 1', 'bad_content_length'], ['Content-Length: +1', 'bad_content_length'],
    ['Content-Length: -1', 'bad_content_length'], ['Content-Length: 1 2', 'bad_content_length'], ['Content-Length: 0x1', 'bad_content_length'],
    ['Content-Length: 1_0', 'bad_content_length'], ['Content-Length:', 'bad_content_length'], ['Content-Length: 9007199254740992', 'bad_content_length'],
    [`Content-Length: ${'9'.repeat(400)}`, 'bad_content_length'], [`Content-Length: ${'0'.repeat(400)}`, 'bad_content_length'], ['Content-Length: 1.0', 'bad_content_length'],
    [conflict, 'length_conflict'], [conflict.split('\r\n').toReversed().join('\r\n'), 'length_conflict'], ['Content-Length: 0\r\nTransfer-Encoding: gzip', 'length_conflict'],
    ['Transfer-Encoding: gzip, chunked', 'bad_transfer_encoding'], ['Transfer-Encoding: chunked, chunked', 'bad_transfer_encoding'],
    ['Transfer-Encoding: identity', 'bad_transfer_encoding'], ['Transfer-Encoding:', 'bad_transfer_encoding'], ['Transfer-Encoding: xchunked', 'bad_transfer_encoding'],
    ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 'bad_transfer_encoding'], ['Transfer-Encoding: "chunked"', 'bad_transfer_encoding'],
    ['Connection: close, Host', 'bad_connection'], ['Connection: Content-Length', 'bad_connection'], ['Connection: X-Forwarded-For', 'bad_connection'], ['Connection: Upgrade, Sec-WebSocket-Key', 'bad_connection'],
    ['Connection: close\r\nConnection: Authorization', 'bad_connection'], ['Connection: a b', 'bad_connection'], ['Connection: "close"', 'bad_connection'], ['Connection: close\t, te', 'bad_connection'],
    ['Expect: 200-ok', 'bad_expect'], ['Expect:', 'bad_expect'], ['Expect: 100-continue\r\nExpect: 100-continue', 'bad_expect'], ['Expect: 100-continue, x', 'bad_expect']
  ])('%j: %s', (lines, code) => {
    expect(refused(`POST / HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n\r\n`)).toBe(code)
  })

  test('Transfer-Encoding on HTTP/1.0', () => {
    expect(refused('POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')).toBe('bad_transfer_encoding')
  })

  test('close and keep-alive at once on HTTP/1.0', () => {
    expect(refused('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n')).toBe('bad_connection')
  })

  test('Host missing on HTTP/1.1', () => {
    expect(refused('GET / HTTP/1.1\r\nHosts: a\r\n\r\n')).toBe('host_missing')
  })

  test.each([
    '', 'a.test:', 'a.test:0', 'a.test:65536', 'a.test:080', 'a.test:8a', 'a.test:1:2', 'u@a.test', 'a.test/', 'a b', 'a,b', 'a.test,b.test', 'http://a', 'a%41',
    '[', '[]', '[::1', '[::1]x', '[::1%25lo]', '[1.2.3.4]', '[v1.a]', '[::g]', '::1', 'a\xe9', 'a;b', "a'b", 'a?b', 'a#b', 'a\\b', 'a'.repeat(262)
  ])('Host %j', host => {
    expect(refused(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toBe('bad_host')
    expect(refused(`GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`)).toBe('bad_host')
  })

  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  const version = 'Sec-WebSocket-Version: 13'
  test.each([
    key, version, `${key}\r\n${key}\r\n${version}`, `${key}\r\n${version}\r\n${version}`, `Sec-WebSocket-Key: short==\r\n${version}`,
    `${key}\r\nSec-WebSocket-Version: x`, `${key}\r\n${version}\r\nContent-Length: 1`, `${key}\r\n${version}\r\nTransfer-Encoding: chunked`
  ])('websocket upgrade with %j', lines => {
    expect(refused(`GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines}\r\n\r\n`)).toBe('bad_upgrade')
  })
})

describe('limits', () => {
  function head (fields: number, bytes: number): string {
    const lines = ['GET / HTTP/1.1', 'Host: a', ...Array.from({ length: fields - 1 }, (_, i) => `N${i}: `)]
    return `${lines.join('\r\n')}${'x'.repeat(bytes - lines.join('\r\n').length - 4)}\r\n\r\n`
  }

  test('are inclusive', () => {
    expect(refused(head(8, 1024))).toBe('request')
    expect(refused(`GET /${'u'.repeat(99)} HTTP/1.1\r\nHost: a\r\n\r\n`)).toBe('request')
  })

  test('one byte more is too many', () => {
    expect(refused(head(8, 1025))).toBe('head_too_large')
  })

  test('one field more is too many', () => {
    expect(refused(head(9, 1024))).toBe('too_many_fields')
  })

  test('are decided as early as the bytes allow', () => {
    expect(scanWhole(`GET /${'u'.repeat(99)}`).kind).toBe('incomplete')
    expect(refused(`GET /${'u'.repeat(100)}`)).toBe('url_too_long')
    expect(scanWhole(`GET / HTTP/1.1\r\nA: ${'x'.repeat(1004)}`).kind).toBe('incomplete')
    expect(refused(`GET / HTTP/1.1\r\nA: ${'x'.repeat(1005)}`)).toBe('head_too_large')
    expect(refused('\x16')).toBe('bad_method')
  })

  test('a repeated section counts too', () => {
    const scanner = new HeadScanner(LIMITS)
    const first = Buffer.from(head(3, 1024))
    expect(scanner.scan(first, 0, first.length).kind).toBe('request')
    const second = Buffer.from(head(3, 1024).replace('GET / ', 'GET /1 '))
    expect(scanner.scan(second, 0, second.length)).toEqual({ kind: 'refused', code: 'head_too_large' })
  })
})

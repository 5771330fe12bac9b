/** The request grammar rule by rule: what is accepted and how it is read. Refusals have a file of their own. */
import { expect, test, describe } from 'vitest'
import { HeadScanner, type RequestHead, type ScanLimits } from '../../src/http/scan.js'

const LIMITS: ScanLimits = { headerBytes: 16_384, headerCount: 100, url: 8192 }

function accept (text: string, limits = LIMITS): RequestHead {
  const bytes = Buffer.from(text, 'latin1')
  const scan = new HeadScanner(limits).scan(bytes, 0, bytes.length)
  if (scan.kind !== 'request') throw new Error(`${JSON.stringify(scan)} for ${JSON.stringify(text)}`)
  expect(scan.end).toBe(bytes.length)
  return scan.head
}

function get (lines: string, requestLine = 'GET /a?b=1 HTTP/1.1'): RequestHead {
  return accept(`${requestLine}\r\nHost: a.test\r\n${lines}\r\n`)
}

describe('request line', () => {
  test('method, target and version are read as sent', () => {
    const head = get('', 'PURGE /x//y;z=[1]|{}"<>^`?q="{}|\'&&= HTTP/1.0')
    expect(head).toMatchObject({ method: 'PURGE', target: '/x//y;z=[1]|{}"<>^`?q="{}|\'&&=', version: '1.0' })
  })

  test('one empty line before it is read past', () => {
    expect(accept('\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n').target).toBe('/')
  })

  test('a method of 32 bytes', () => {
    expect(get('', `${'M'.repeat(32)} / HTTP/1.1`).method).toHaveLength(32)
  })

  test.each([
    ['http://a.test/x?y', '/x?y'], ['HTTP://A.TEST/', '/'], ['https://a.test', '/'], ['http://a.test?q=/', '/?q=/']
  ])('absolute-form %s is reduced to %s', (sent, target) => {
    expect(get('', `GET ${sent} HTTP/1.1`).target).toBe(target)
  })

  test.each(['*', 'http://a.test'])('OPTIONS %s asks the server itself', sent => {
    expect(get('', `OPTIONS ${sent} HTTP/1.1`).target).toBe('*')
  })

  test('OPTIONS of an absolute-form with a path keeps the path', () => {
    expect(get('', 'OPTIONS http://a.test/ HTTP/1.1').target).toBe('/')
  })

  test.each(['/a/../b', '/a/%2E./', '/a/b/../..', '/./', '/a..b/..c/...', '/%41%2f%7e', '/?q=100%', '/?q=%zz&..', '/?/../../', '/a%2fb/..'])('%s is a target', target => {
    expect(get('', `GET ${target} HTTP/1.1`).target).toBe(target)
  })
})

describe('fields', () => {
  test('names and values in order, blanks around values removed, inner ones and obs-text kept', () => {
    const { raw } = get('A:1\r\nb: \t x\t y  \r\nA:\r\nC: \xe9\tz\r\n__proto__: p\r\n').fields
    expect(raw).toEqual(['Host', 'a.test', 'A', '1', 'b', 'x\t y', 'A', '', 'C', '\xe9\tz', '__proto__', 'p'])
  })

  test.each([
    ['EXAMPLE.com', 'example.com'], ['a-b_c.d~:8080', 'a-b_c.d~:8080'], ['10.0.0.1:1', '10.0.0.1:1'],
    ['[::1]', '[::1]'], ['[2001:DB8::1]:65535', '[2001:db8::1]:65535'], ['localhost.', 'localhost.']
  ])('Host %s is %s', (sent, host) => {
    expect(accept(`GET / HTTP/1.1\r\nhOsT: ${sent}\r\n\r\n`).fields.host).toBe(host)
  })

  test('HTTP/1.0 may come without Host', () => {
    expect(accept('GET / HTTP/1.0\r\n\r\n').fields).toMatchObject({ host: '', raw: [] })
  })

  test.each([
    ['', { kind: 'none' }], ['Content-Length: 0\r\n', { kind: 'length', length: 0 }],
    ['content-length: 0012\r\n', { kind: 'length', length: 12 }],
    ['Content-Length: 9007199254740991\r\n', { kind: 'length', length: 2 ** 53 - 1 }],
    ['Transfer-Encoding: Chunked \r\n', { kind: 'chunked' }]
  ])('%j frames as %j, on any method', (lines, framing) => {
    expect(get(lines).fields.framing).toEqual(framing)
    expect(get(lines, 'POST / HTTP/1.1').fields.framing).toEqual(framing)
  })

  test.each([
    ['1.1', '', 'unsaid', true], ['1.1', 'Close', 'close', false], ['1.1', 'keep-alive, ,close', 'close', false],
    ['1.1', 'keep-alive, Upgrade, HTTP2-Settings, TE, x-own', 'keep-alive', true],
    ['1.0', '', 'unsaid', false], ['1.0', 'Keep-Alive', 'keep-alive', true], ['1.0', 'close', 'close', false]
  ])('HTTP/%s with Connection: %j says %s: persistent %s', (version, value, connection, keepAlive) => {
    const head = get(value === '' ? '' : `Connection: ${value}\r\n`, `GET / HTTP/${version}`)
    expect(head.fields.connection).toBe(connection)
    expect(head.keepAlive).toBe(keepAlive)
  })

  test('several Connection lines are one list', () => {
    expect(get('Connection: te\r\nConnection: close\r\n').keepAlive).toBe(false)
  })

  test.each([
    ['POST / HTTP/1.1', 'Content-Length: 1\r\n', true], ['POST / HTTP/1.1', 'Transfer-Encoding: chunked\r\n', true],
    ['GET / HTTP/1.1', '', false], ['POST / HTTP/1.1', 'Content-Length: 0\r\n', false], ['POST / HTTP/1.0', 'Content-Length: 1\r\n', false]
  ])('%s %j with Expect: 100-continue waits: %s', (line, lines, waits) => {
    expect(get(`Expect: 100-Continue\r\n${lines}`, line).fields.expectsContinue).toBe(waits)
  })

  const HANDSHAKE = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
  test.each([
    ['GET / HTTP/1.1', 'Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n', true],
    ['GET / HTTP/1.1', 'Upgrade: websocket\r\n', false],
    ['GET / HTTP/1.0', 'Connection: upgrade\r\nUpgrade: websocket\r\n', false],
    ['POST / HTTP/1.1', 'Connection: upgrade\r\nUpgrade: websocket\r\n', false],
    ['GET / HTTP/1.1', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n', false],
    ['GET / HTTP/1.1', 'Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n', false]
  ])('%s %j is a websocket upgrade: %s', (line, lines, websocket) => {
    expect(get(lines + HANDSHAKE, line).fields.websocket).toBe(websocket)
  })
})

describe('a connection’s heads', () => {
  const SECTION = 'Host: a.test\r\nAccept: */*\r\n\r\n'

  function scanAll (scanner: HeadScanner, text: string): RequestHead[] {
    const bytes = Buffer.from(text, 'latin1')
    const heads: RequestHead[] = []
    for (let at = 0; at < bytes.length;) {
      const scan = scanner.scan(bytes, at, bytes.length)
      if (scan.kind !== 'request') throw new Error(JSON.stringify(scan))
      heads.push(scan.head)
      at = scan.end
    }
    return heads
  }

  test('a repeated field section is the same object, its facts kept', () => {
    const heads = scanAll(new HeadScanner(LIMITS), `GET /1 HTTP/1.1\r\n${SECTION}GET /2 HTTP/1.1\r\n${SECTION}`)
    expect(heads.map(head => head.target)).toEqual(['/1', '/2'])
    expect(heads[1]!.fields).toBe(heads[0]!.fields)
  })

  test('a write between does not make a reader\'s section another object', () => {
    const posted = 'POST /w HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n'
    const heads = scanAll(new HeadScanner(LIMITS), `GET /1 HTTP/1.1\r\n${SECTION}${posted}GET /2 HTTP/1.1\r\n${SECTION}${posted}`)
    expect(heads[2]!.fields).toBe(heads[0]!.fields)
    expect(heads[3]!.fields).toBe(heads[1]!.fields)
  })

  test.each([
    ['another byte', 'GET /2 HTTP/1.1\r\nHost: b.test\r\nAccept: */*\r\n\r\n'],
    ['another version', `GET /2 HTTP/1.0\r\n${SECTION}`],
    ['one line more', `GET /2 HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nA: 1\r\n\r\n`]
  ])('%s is another object', (_, second) => {
    const [first, other] = scanAll(new HeadScanner(LIMITS), `GET /1 HTTP/1.1\r\n${SECTION}${second}`)
    expect(other!.fields).not.toBe(first!.fields)
  })

  test('what was remembered for POST does not let a broken websocket upgrade through', () => {
    const section = 'Host: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'
    const scanner = new HeadScanner(LIMITS)
    scanAll(scanner, `POST / HTTP/1.1\r\n${section}`)
    const bytes = Buffer.from(`GET / HTTP/1.1\r\n${section}`)
    expect(scanner.scan(bytes, 0, bytes.length)).toEqual({ kind: 'refused', code: 'bad_upgrade' })
  })

  test('a repeated section still has to match an absolute-form', () => {
    const scanner = new HeadScanner(LIMITS)
    scanAll(scanner, `GET / HTTP/1.1\r\n${SECTION}`)
    const bytes = Buffer.from(`GET http://b.test/ HTTP/1.1\r\n${SECTION}`)
    expect(scanner.scan(bytes, 0, bytes.length)).toEqual({ kind: 'refused', code: 'host_mismatch' })
  })

  test('byte by byte, from buffers that move, it reads the same', () => {
    const text = `\r\nPOST /x HTTP/1.1\r\n${SECTION}`
    const scanner = new HeadScanner(LIMITS)
    const whole = scanAll(new HeadScanner(LIMITS), text)[0]!
    for (let round = 0; round < 2; round++) {
      for (let length = 0; length < text.length; length++) {
        const moved = Buffer.from(' '.repeat(length % 3) + text.slice(0, length) + 'rest', 'latin1')
        expect(scanner.scan(moved, length % 3, length % 3 + length)).toEqual({ kind: 'incomplete' })
      }
      const bytes = Buffer.from(text)
      expect(scanner.scan(bytes, 0, bytes.length)).toEqual({ kind: 'request', head: whole, end: bytes.length })
    }
  })
})

/**
 * What an origin may say that no proxy should believe (RFC 9112 §2–§9, RFC 9110 §15). Bytes are latin1 strings.
 *
 * `refused`: 502 with this code, before anything reached the client. `broken`: the client's connection is reset in the
 * middle of the answer. `answered`: given, of this status, and what lies behind it is nobody's answer. `spoilt`: the same
 * where that comes later; in one piece, since no length says where the answer ended, it is refused or broken off.
 */
export interface Bad {
  readonly name: string
  readonly said: string
  /** What the origin does once it has said it. */
  readonly after: 'wait' | 'end' | 'reset'
  readonly outcome: { readonly kind: 'refused', readonly code: string } | { readonly kind: 'broken' } | { readonly kind: 'answered' | 'spoilt', readonly status: number }
  /** GET unless told otherwise. */
  readonly method?: string
}

const OK = 'HTTP/1.1 200 OK'
const FRESH = 'Cache-Control: max-age=60'
/** What would be believed if the bytes behind an answer were taken for the next one. */
export const EVIL = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nevil'
const CHUNKED = 'Transfer-Encoding: chunked'
const HELLO = '5\r\nhello\r\n'

function says (lines: readonly string[], body = ''): string {
  return [lines[0], FRESH, ...lines.slice(1), '', ''].join('\r\n') + body
}

function rows (outcome: Bad['outcome'], after: Bad['after'], all: Readonly<Record<string, string>>, method = 'GET'): Bad[] {
  return Object.entries(all).map(([name, said]) => ({ name, said, after, outcome, method }))
}

const refused = (code: string): Bad['outcome'] => ({ kind: 'refused', code })
const broken: Bad['outcome'] = { kind: 'broken' }
const answered = (status: number): Bad['outcome'] => ({ kind: 'answered', status })
const spoilt = (status: number): Bad['outcome'] => ({ kind: 'spoilt', status })
const many = (count: number, line: (i: number) => string): string[] => Array.from({ length: count }, (_, i) => line(i))

const HEADS = [
  ...rows(refused('origin_invalid'), 'wait', {
    'not HTTP': 'SSH-2.0-OpenSSH_9.6\r\n\r\n',
    'HTML without a head': '<html>hello</html>\r\n\r\n',
    'HTTP/2.0': says(['HTTP/2.0 200 OK', 'Content-Length: 5'], 'hello'),
    'HTTP/0.9': says(['HTTP/0.9 200 OK', 'Content-Length: 5'], 'hello'),
    'http in lower case': says(['http/1.1 200 OK', 'Content-Length: 5'], 'hello'),
    'no status': says(['HTTP/1.1 OK', 'Content-Length: 5'], 'hello'),
    'a status of two digits': says(['HTTP/1.1 20 OK', 'Content-Length: 5'], 'hello'),
    'a status of four digits': says(['HTTP/1.1 2000 OK', 'Content-Length: 5'], 'hello'),
    'a negative status': says(['HTTP/1.1 -200 OK', 'Content-Length: 5'], 'hello'),
    'status 600': says(['HTTP/1.1 600 X', 'Content-Length: 5'], 'hello'),
    'status 099': says(['HTTP/1.1 099 X', 'Content-Length: 5'], 'hello'),
    'status 999': says(['HTTP/1.1 999 X', 'Content-Length: 5'], 'hello'),
    'two blanks before the status': says(['HTTP/1.1  200 OK', 'Content-Length: 5'], 'hello'),
    'NUL in the reason': says(['HTTP/1.1 200 O\0K', 'Content-Length: 5'], 'hello'),
    'NUL in a value': says([OK, 'X: a\0b', 'Content-Length: 5'], 'hello'),
    'a bell in a value': says([OK, 'X: \x07', 'Content-Length: 5'], 'hello'),
    'DEL in a value': says([OK, 'X: \x7f', 'Content-Length: 5'], 'hello'),
    'a bare CR in a value': says([OK, 'X: a\rY: b', 'Content-Length: 5'], 'hello'),
    'a blank before a colon': says([OK, 'X : y', 'Content-Length: 5'], 'hello'),
    'a blank in a name': says([OK, 'X Y: z', 'Content-Length: 5'], 'hello'),
    'no colon': says([OK, 'X', 'Content-Length: 5'], 'hello'),
    'no name': says([OK, ': y', 'Content-Length: 5'], 'hello'),
    'thousands of headers': says([OK, ...many(3000, i => `X-${i}: y`), 'Content-Length: 5'], 'hello'),
    'hundreds of headers': says([OK, ...many(300, () => 'X: y'), 'Content-Length: 5'], 'hello'),
    'a header larger than all may be': says([OK, `X: ${'y'.repeat(70_000)}`, 'Content-Length: 5'], 'hello'),
    'a head without an end': `${OK}\r\n${'X: y\r\n'.repeat(20_000)}`
  }),
  ...rows(refused('origin_reset'), 'end', {
    'nothing': '',
    'half a status line': 'HTTP/1.1 20',
    'half a head': `${OK}\r\nContent-Length: 5\r\nX: `,
    'a head without its blank line': `${OK}\r\nContent-Length: 5\r\n`
  }),
  ...rows(refused('origin_reset'), 'reset', {
    'nothing, reset': '',
    'half a head, reset': `${OK}\r\nContent-Le`
  })
]

const FRAMING = rows(refused('origin_invalid'), 'wait', {
  'Content-Length repeated, alike': says([OK, 'Content-Length: 5', 'Content-Length: 5'], 'hello'),
  'Content-Length repeated, unlike': says([OK, 'Content-Length: 5', 'Content-Length: 10'], `hello${EVIL}`),
  'Content-Length as a list': says([OK, 'Content-Length: 5, 5'], 'hello'),
  'Content-Length with a plus': says([OK, 'Content-Length: +5'], 'hello'),
  'Content-Length with a minus': says([OK, 'Content-Length: -5'], 'hello'),
  'Content-Length in hex': says([OK, 'Content-Length: 0x5'], 'hello'),
  'Content-Length that is a word': says([OK, 'Content-Length: five'], 'hello'),
  'Content-Length that is empty': says([OK, 'Content-Length:'], 'hello'),
  'Content-Length past 2^64': says([OK, 'Content-Length: 18446744073709551621'], 'hello'),
  'Content-Length and chunks': says([OK, 'Content-Length: 5', CHUNKED], `${HELLO}0\r\n\r\n`),
  'chunks and Content-Length': says([OK, CHUNKED, 'Content-Length: 5'], `${HELLO}0\r\n\r\n`),
  'gzip, chunked': says([OK, 'Transfer-Encoding: gzip, chunked'], `${HELLO}0\r\n\r\n`),
  'chunked, gzip': says([OK, 'Transfer-Encoding: chunked, gzip'], `${HELLO}0\r\n\r\n`),
  'chunked, chunked': says([OK, 'Transfer-Encoding: chunked, chunked'], `${HELLO}0\r\n\r\n`),
  'identity': says([OK, 'Transfer-Encoding: identity'], 'hello'),
  'xchunked': says([OK, 'Transfer-Encoding: xchunked'], `${HELLO}0\r\n\r\n`),
  'two lines of chunked': says([OK, CHUNKED, CHUNKED], `${HELLO}0\r\n\r\n`)
})

const UNASKED = [
  ...rows(refused('origin_invalid'), 'wait', {
    'an unasked 101': says(['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'], 'hello'),
    'an unasked 101 to h2c': says(['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: h2c']),
    'an unasked 206': says(['HTTP/1.1 206 Partial Content', 'Content-Range: bytes 0-4/10', 'Content-Length: 5'], 'hello'),
    'an unasked 206 without Content-Range': says(['HTTP/1.1 206 Partial Content', 'Content-Length: 5'], 'hello'),
    'a 204 that announces a body': says(['HTTP/1.1 204 No Content', `Content-Length: ${EVIL.length}`], EVIL),
    'a 205 that announces a body': says(['HTTP/1.1 205 Reset Content', `Content-Length: ${EVIL.length}`], EVIL),
    'an unasked 304': says(['HTTP/1.1 304 Not Modified', 'ETag: "x"']),
    'more than a hundred interim answers': 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(101) + says([OK, 'Content-Length: 5'], 'hello'),
    'interim answers without end': 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(5000),
    'an interim answer with a NUL': `HTTP/1.1 103 Early Hints\r\nX: \0\r\n\r\n${says([OK, 'Content-Length: 5'], 'hello')}`
  })
]

const BODIES = [
  ...rows(broken, 'end', {
    'a length cut short': says([OK, 'Content-Length: 10'], 'hello'),
    'a length of which nothing comes': says([OK, 'Content-Length: 10']),
    'chunks without a last': says([OK, CHUNKED], HELLO),
    'chunks without a first': says([OK, CHUNKED]),
    'a chunk cut short': says([OK, CHUNKED], `${HELLO}5\r\nhe`),
    'a last chunk without its blank line': says([OK, CHUNKED], `${HELLO}0\r\n`)
  }),
  ...rows(broken, 'reset', {
    'a length, reset': says([OK, 'Content-Length: 10'], 'hello'),
    'chunks, reset': says([OK, CHUNKED], HELLO)
  }),
  ...rows(broken, 'wait', {
    'a chunk size that is a word': says([OK, CHUNKED], `${HELLO}x\r\nhello\r\n0\r\n\r\n`),
    'a chunk size with a minus': says([OK, CHUNKED], `${HELLO}-5\r\nhello\r\n0\r\n\r\n`),
    'a chunk size past 2^64': says([OK, CHUNKED], `${HELLO}10000000000000005\r\nhello\r\n0\r\n\r\n`),
    'data longer than its chunk': says([OK, CHUNKED], `${HELLO}5\r\nhelloXX\r\n0\r\n\r\n`),
    'a trailer with a NUL': says([OK, CHUNKED], `${HELLO}0\r\nX: \0\r\n\r\n`),
    'a 205 with content in chunks': says(['HTTP/1.1 205 Reset Content', CHUNKED], `${HELLO}0\r\n\r\n`),
    'a chunk extension without end': says([OK, CHUNKED], `${HELLO}5;${'x'.repeat(200_000)}`),
    'a chunk extension of 100 KB': says([OK, CHUNKED], `${HELLO}5;${'x'.repeat(100_000)}\r\nhello\r\n0\r\n\r\n`),
    'many chunk extensions': says([OK, CHUNKED], `1;${'x'.repeat(250)}\r\nh\r\n`.repeat(1000) + '0\r\n\r\n'),
    'trailers by the thousand': says([OK, CHUNKED], `${HELLO}0\r\n${'X: y\r\n'.repeat(30_000)}\r\n`),
    'a trailer without end': says([OK, CHUNKED], `${HELLO}0\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(200)}`)
  })
]

const EXCESS = [
  ...rows(spoilt(200), 'wait', {
    'bytes behind the last chunk': says([OK, CHUNKED], `${HELLO}0\r\n\r\n${EVIL}`)
  }),
  ...rows(answered(200), 'wait', {
    'bytes behind a length': says([OK, 'Content-Length: 5'], `hello${EVIL}`),
    'bytes behind a length of 0': says([OK, 'Content-Length: 0'], EVIL),
    'a byte of nonsense behind a length': says([OK, 'Content-Length: 5'], 'hello!')
  }),
  ...rows(spoilt(200), 'wait', {
    'a body for HEAD': says([OK, 'Content-Length: 70'], EVIL),
    'a body in chunks for HEAD': says([OK, CHUNKED], `${HELLO}0\r\n\r\n${EVIL}`)
  }, 'HEAD'),
  ...rows(spoilt(204), 'wait', {
    'a body with 204': says(['HTTP/1.1 204 No Content'], EVIL)
  })
]

export const BAD: readonly Bad[] = [...HEADS, ...FRAMING, ...UNASKED, ...BODIES, ...EXCESS]

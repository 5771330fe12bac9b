/** Requests whose lines, versions or sizes are not HTTP/1.1 (RFC 9112 §2–§5), and TLS and HTTP/2 on the wrong port. */
import { get, HOST, refused, request, type Hostile } from './hostile.js'

/** What the proxy of the suite is configured with. */
export const LIMITS = { headerBytes: '1kb', headerCount: 24, url: '256b', body: '2kb' }

const LINE = 'GET /hostile HTTP/1.1'

export const LINES: readonly Hostile[] = [
  ...refused(400, 'bad_line_ending', {
    'bare LF behind the request line': `${LINE}\n${HOST}\r\n\r\n`,
    'bare LF behind a field': `${LINE}\r\n${HOST}\nX: y\r\n\r\n`,
    'bare LF for the blank line': `${LINE}\r\n${HOST}\r\n\n`,
    'bare LF everywhere': `${LINE}\n${HOST}\n\n`,
    'bare CR behind the request line': `${LINE}\r${HOST}\r\n\r\n`,
    'bare CR in a value': get('X: a\rContent-Length: 5'),
    'bare CR for the blank line': `${LINE}\r\n${HOST}\r\n\rX`,
    'CR CR LF behind a field': `${LINE}\r\n${HOST}\r\r\n\r\n`,
    'CR ahead of the request line': `\r${get()}`,
    'LF in a name': get('X\nY: z')
  }),
  ...refused(400, 'bad_field_value', {
    'NUL in a value': get('X: a\0b'),
    'NUL in Host': request([LINE, 'Host: a\0.test']),
    'a bell in a value': get('X: \x07'),
    'escape sequences in a value': get('X: \x1b[2J'),
    'DEL in a value': get('X: \x7f'),
    'a vertical tab in a value': get('X: a\x0bb'),
    'a backspace in a value': get('X: a\x08b'),
    'a tab behind a value': get('X: a\t')
  }),
  ...refused(400, 'bad_field_name', {
    'a blank before a colon': get('X : y'),
    'a tab before a colon': get('X\t: y'),
    'a blank in a name': get('X Y: z'),
    'no name': get(': y'),
    'no colon': get('X'),
    'NUL in a name': get('X\0: y'),
    'a latin1 letter in a name': get('X\xe9: y'),
    'a parenthesis in a name': get('X(y): z'),
    'a quote in a name': get('"X": z'),
    'a slash in a name': get('X/Y: z'),
    'a brace in a name': get('{X}: z'),
    'a folded value': get('X: a', ' b'),
    'a value folded by a tab': get('X: a', '\tb'),
    'a blank ahead of the first field': request([LINE, ` ${HOST}`]),
    'a folded empty line': get('X: a', ' '),
    'a second request line': get('GET /smuggled HTTP/1.1')
  }),
  ...refused(400, 'bad_request_line', {
    'nothing but a method': 'GET\r\n\r\n',
    'HTTP/0.9': 'GET /hostile\r\n',
    'two blanks before the target': request(['GET  /hostile HTTP/1.1', HOST]),
    'two blanks behind the target': request(['GET /hostile  HTTP/1.1', HOST]),
    'a blank behind the version': request([`${LINE} `, HOST]),
    'a blank in the target': request(['GET /hos tile HTTP/1.1', HOST]),
    'http in lower case': request(['GET /hostile http/1.1', HOST]),
    'a version without a dot': request(['GET /hostile HTTP/11', HOST]),
    'a version of two digits': request(['GET /hostile HTTP/1.10', HOST]),
    'a version without digits': request(['GET /hostile HTTP/a.b', HOST]),
    'another protocol': request(['GET /hostile ICAP/1.0', HOST]),
    'two empty lines ahead': `\r\n\r\n${get()}`
  }),
  ...refused(505, 'bad_version', {
    'HTTP/2.0': request(['GET /hostile HTTP/2.0', HOST]),
    'HTTP/1.2': request(['GET /hostile HTTP/1.2', HOST]),
    'HTTP/1.9': request(['GET /hostile HTTP/1.9', HOST]),
    'HTTP/0.9 by name': request(['GET /hostile HTTP/0.9', HOST]),
    'HTTP/3.1': request(['GET /hostile HTTP/3.1', HOST])
  }),
  ...refused(400, 'bad_method', {
    'a blank ahead of the request line': ` ${get()}`,
    'a tab behind the method': request(['GET\t/hostile HTTP/1.1', HOST]),
    'a method that is no token': request(['G@T /hostile HTTP/1.1', HOST]),
    'a method in quotes': request(['"GET" /hostile HTTP/1.1', HOST]),
    'a method without an end': request([`${'M'.repeat(40)} /hostile HTTP/1.1`, HOST]),
    'no method': request(['/hostile HTTP/1.1', HOST]),
    'a NUL ahead': `\0${get()}`,
    'a byte order mark ahead': `\xef\xbb\xbf${get()}`,
    'TLS': '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'
  }),
  ...refused(405, 'method_refused', {
    CONNECT: request(['CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443']),
    'CONNECT of a path': request(['CONNECT /hostile HTTP/1.1', HOST]),
    TRACE: request(['TRACE /hostile HTTP/1.1', HOST]),
    TRACK: request(['TRACK /hostile HTTP/1.1', HOST]),
    'trace in lower case': request(['trace /hostile HTTP/1.1', HOST]),
    'connect in odd case': request(['cOnNeCt a.test:443 HTTP/1.1', HOST])
  }),
  ...refused(414, 'url_too_long', {
    'a target one byte too long': request([`GET /${'u'.repeat(256)} HTTP/1.1`, HOST]),
    'a query too long': request([`GET /?${'q'.repeat(300)} HTTP/1.1`, HOST]),
    'an absolute-form too long': request([`GET http://a.test/${'u'.repeat(256)} HTTP/1.1`, HOST])
  }),
  ...refused(431, 'head_too_large', {
    'a value too large': get(`X: ${'x'.repeat(1100)}`),
    'a name too large': get(`${'x'.repeat(1100)}: y`),
    'a cookie too large': get(`Cookie: a=${'x'.repeat(1100)}`),
    'fields too large together': get(...Array.from({ length: 20 }, (_, i) => `X-${i}: ${'x'.repeat(60)}`))
  }),
  ...refused(431, 'too_many_fields', {
    'one field too many': get(...Array.from({ length: 24 }, (_, i) => `X-${i}: y`)),
    'a hundred lines of one name': get(...Array.from({ length: 100 }, () => 'X: y')),
    'a hundred without a name': get(...Array.from({ length: 24 }, () => 'X: y'), ...Array.from({ length: 76 }, () => ': y'))
  })
]

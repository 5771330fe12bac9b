/** Requests with a good head whose body turns malformed (RFC 9112 §7.1) or too large. */
import { post, refused, SMUGGLED, type Hostile } from './hostile.js'

const chunked = (body: string): string => post(['Transfer-Encoding: chunked'], body)
const END = '\r\nhello\r\n0\r\n\r\n'

export const BROKEN: readonly Hostile[] = [
  ...refused(400, 'bad_chunk', {
    'a size that is a word': chunked(`x${END}`),
    'no size': chunked(`${END}`),
    'a size in 0x': chunked(`0x5${END}`),
    'a size with a plus': chunked(`+5${END}`),
    'a size with a minus': chunked(`-5${END}`),
    'a size with an underscore': chunked(`0_5${END}`),
    'a size in quotes': chunked(`"5"${END}`),
    'a blank ahead of a size': chunked(` 5${END}`),
    'a blank behind a size': chunked(`5 ${END}`),
    'a tab behind a size': chunked(`5\t${END}`),
    'a NUL behind a size': chunked(`5\0${END}`),
    'a size of 14 digits': chunked(`00000000000005${END}`),
    'a size past 2^64': chunked(`10000000000000005${END}`),
    'bare LF behind a size': chunked('5\nhello\r\n0\r\n\r\n'),
    'bare CR behind a size': chunked('5\rhello\r\n0\r\n\r\n'),
    'CR CR LF behind a size': chunked('5\r\r\nhello\r\n0\r\n\r\n'),
    'bare LF behind data': chunked('5\r\nhello\n0\r\n\r\n'),
    'bare LF behind the last size': chunked(`5\r\nhello\r\n0\n\r\n${SMUGGLED}`),
    'data longer than its size': chunked('5\r\nhelloXX\r\n0\r\n\r\n'),
    'data shorter than its size': chunked('7\r\nhello\r\n0\r\n\r\n'),
    'no line between chunks': chunked('5\r\nhello0\r\n\r\n'),
    'an extension with a bare LF': chunked('5;a\nhello\r\n0\r\n\r\n'),
    'an extension with a bare CR': chunked(`5;a\rb${END}`),
    'an extension with a NUL': chunked(`5;a=\0${END}`),
    'an extension without a name': chunked(`5;${END}`),
    'an extension with a blank': chunked(`5; a=b${END}`),
    'an extension whose quote has no end': chunked(`5;a="b${END}`),
    'an extension with a line break in quotes': chunked('5;a="\r\nb"\r\nhello\r\n0\r\n\r\n'),
    'an extension too long': chunked(`5;${'a'.repeat(300)}${END}`),
    'extensions too long together': chunked(`1;${'a'.repeat(250)}\r\nx\r\n`.repeat(80) + '0\r\n\r\n'),
    'a trailer that is Content-Length': chunked('0\r\nContent-Length: 5\r\n\r\n'),
    'a trailer that is Transfer-Encoding': chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n'),
    'a trailer that is Host': chunked('0\r\nHost: b.test\r\n\r\n'),
    'a trailer that is Connection': chunked('0\r\nConnection: close\r\n\r\n'),
    'a trailer with a blank before its colon': chunked('0\r\nX : y\r\n\r\n'),
    'a trailer that is folded': chunked('0\r\nX: y\r\n z\r\n\r\n'),
    'a trailer with a NUL': chunked('0\r\nX: \0\r\n\r\n'),
    'a trailer with a bare LF': chunked('0\r\nX: y\n\r\n'),
    'a trailer without a colon': chunked(`0\r\n${SMUGGLED}`),
    'a trailer too long': chunked(`0\r\nX: ${'y'.repeat(9000)}\r\n\r\n`),
    'trailers too many': chunked(`0\r\n${'X: y\r\n'.repeat(65)}\r\n`)
  }),
  ...refused(413, 'body_too_large', {
    'chunks larger together than is allowed': chunked(`400\r\n${'x'.repeat(1024)}\r\n`.repeat(3) + '0\r\n\r\n'),
    'a chunk larger than is allowed': chunked(`900\r\n${'x'.repeat(0x900)}\r\n0\r\n\r\n`),
    'a length larger than is allowed': post(['Content-Length: 2049'], 'x'.repeat(2049))
  })
]

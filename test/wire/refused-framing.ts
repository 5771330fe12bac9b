/** Requests whose body two parsers could end in two places (RFC 9112 §6): refused at their head. */
import { HOST, post, refused, request, SMUGGLED, type Hostile } from './hostile.js'

const CHUNKED = 'Transfer-Encoding: chunked'
const EMPTY = '0\r\n\r\n'

export const FRAMING: readonly Hostile[] = [
  ...refused(400, 'length_conflict', {
    'Content-Length before Transfer-Encoding': post(['Content-Length: 5', CHUNKED], EMPTY + SMUGGLED),
    'Transfer-Encoding before Content-Length': post([CHUNKED, 'Content-Length: 5'], EMPTY + SMUGGLED),
    'Content-Length: 0 with Transfer-Encoding': post(['Content-Length: 0', CHUNKED], EMPTY + SMUGGLED),
    'both, fields between them': post(['Content-Length: 5', 'Accept: */*', 'X: y', CHUNKED], EMPTY),
    'both, in odd case': post(['cONTENT-lENGTH: 5', 'tRANSFER-eNCODING: chunked'], EMPTY),
    'both, on GET': request(['GET /hostile HTTP/1.1', HOST, 'Content-Length: 5', CHUNKED], EMPTY),
    'both, on HEAD': request(['HEAD /hostile HTTP/1.1', HOST, CHUNKED, 'Content-Length: 5'], EMPTY),
    'both, on DELETE': request(['DELETE /hostile HTTP/1.1', HOST, 'Content-Length: 5', CHUNKED], EMPTY),
    'both, on OPTIONS': request(['OPTIONS /hostile HTTP/1.1', HOST, CHUNKED, 'Content-Length: 5'], EMPTY),
    'both, on an unknown method': request(['FROB /hostile HTTP/1.1', HOST, 'Content-Length: 5', CHUNKED], EMPTY),
    'both, on HTTP/1.0': request(['POST /hostile HTTP/1.0', HOST, 'Content-Length: 5', CHUNKED], EMPTY),
    'Content-Length with another coding': post(['Content-Length: 5', 'Transfer-Encoding: identity']),
    'Content-Length with an empty coding': post(['Content-Length: 5', 'Transfer-Encoding:'])
  }),
  ...refused(400, 'bad_content_length', {
    'Content-Length repeated, alike': post(['Content-Length: 5', 'Content-Length: 5']),
    'Content-Length repeated, unlike': post(['Content-Length: 5', 'Content-Length: 0'], `hello${SMUGGLED}`),
    'Content-Length repeated, in odd case': post(['Content-Length: 5', 'content-length: 5']),
    'Content-Length as a list, alike': post(['Content-Length: 5, 5']),
    'Content-Length as a list, unlike': post(['Content-Length: 5,6']),
    'Content-Length as a list with an empty member': post(['Content-Length: 5,']),
    'Content-Length with a plus': post(['Content-Length: +5']),
    'Content-Length with a minus': post(['Content-Length: -5']),
    'Content-Length of minus nothing': post(['Content-Length: -0']),
    'Content-Length in hex': post(['Content-Length: 0x5']),
    'Content-Length in hex digits': post(['Content-Length: a']),
    'Content-Length with an underscore': post(['Content-Length: 1_0']),
    'Content-Length with a blank inside': post(['Content-Length: 1 0']),
    'Content-Length with a fraction': post(['Content-Length: 5.0']),
    'Content-Length with an exponent': post(['Content-Length: 5e0']),
    'Content-Length with a separator': post(["Content-Length: 1'000"]),
    'Content-Length quoted': post(['Content-Length: "5"']),
    'Content-Length with a comment': post(['Content-Length: 5;x']),
    'Content-Length that is empty': post(['Content-Length:']),
    'Content-Length of blanks': post(['Content-Length:   ']),
    'Content-Length that is a word': post(['Content-Length: five']),
    'Content-Length past 2^53': post(['Content-Length: 9007199254740993']),
    'Content-Length past 2^64, which wraps to 5': post(['Content-Length: 18446744073709551621']),
    'Content-Length of a hundred digits': post([`Content-Length: ${'9'.repeat(100)}`]),
    'Content-Length of a hundred zeros': post([`Content-Length: ${'0'.repeat(99)}5`]),
    'Content-Length in wide digits': post(['Content-Length: \xef\xbc\x95']),
    'Content-Length behind a latin1 blank': post(['Content-Length: \xa05'])
  }),
  ...refused(501, 'bad_transfer_encoding', {
    'gzip, chunked': post(['Transfer-Encoding: gzip, chunked'], EMPTY),
    'chunked, gzip': post(['Transfer-Encoding: chunked, gzip'], EMPTY),
    'chunked, chunked': post(['Transfer-Encoding: chunked, chunked'], EMPTY),
    'chunked, identity': post(['Transfer-Encoding: chunked, identity'], EMPTY),
    'chunked and an empty member': post(['Transfer-Encoding: chunked,'], EMPTY),
    'an empty member and chunked': post(['Transfer-Encoding: ,chunked'], EMPTY),
    identity: post(['Transfer-Encoding: identity']),
    gzip: post(['Transfer-Encoding: gzip']),
    xchunked: post(['Transfer-Encoding: xchunked'], EMPTY),
    chunkedx: post(['Transfer-Encoding: chunkedx'], EMPTY),
    '"chunked" in quotes': post(['Transfer-Encoding: "chunked"'], EMPTY),
    "'chunked' in single quotes": post(["Transfer-Encoding: 'chunked'"], EMPTY),
    'chunked with a parameter': post(['Transfer-Encoding: chunked;q=1'], EMPTY),
    'chunked behind a latin1 blank': post(['Transfer-Encoding: \xa0chunked'], EMPTY),
    'chunked with a long s': post(['Transfer-Encoding: chun\xe2\x84\xaaed'], EMPTY),
    'an empty coding': post(['Transfer-Encoding:']),
    'two lines of chunked': post([CHUNKED, CHUNKED], EMPTY),
    'chunked and a line of identity': post([CHUNKED, 'Transfer-Encoding: identity'], EMPTY),
    'a line of gzip and one of chunked': post(['Transfer-Encoding: gzip', 'transfer-encoding: chunked'], EMPTY),
    'chunked on HTTP/1.0': request(['POST /hostile HTTP/1.0', HOST, CHUNKED], EMPTY),
    'chunked on HTTP/1.0 that would be kept alive': request(['POST /hostile HTTP/1.0', HOST, 'Connection: keep-alive', CHUNKED], EMPTY + SMUGGLED)
  }),
  ...refused(400, 'bad_field_value', {
    'chunked behind a vertical tab': post(['Transfer-Encoding: \x0bchunked'], EMPTY),
    'chunked before a form feed': post(['Transfer-Encoding: chunked\x0c'], EMPTY),
    'chunked before a NUL': post(['Transfer-Encoding: chunked\0'], EMPTY),
    'chunked before a tab': post(['Transfer-Encoding: chunked\t'], EMPTY),
    'Content-Length before a NUL': post(['Content-Length: 5\0'])
  }),
  ...refused(400, 'bad_field_name', {
    'a blank before the colon of Transfer-Encoding': post(['Transfer-Encoding : chunked'], EMPTY),
    'a tab before the colon of Transfer-Encoding': post(['Transfer-Encoding\t: chunked'], EMPTY),
    'a blank before the colon of Content-Length': post(['Content-Length : 5']),
    'Transfer-Encoding folded behind its colon': post(['Transfer-Encoding:', ' chunked'], EMPTY),
    'Transfer-Encoding folded after its value': post([CHUNKED, ' , gzip'], EMPTY),
    'a NUL in Transfer-Encoding': post(['Transfer\0-Encoding: chunked'], EMPTY),
    'a leading blank before Content-Length': post([' Content-Length: 5'])
  })
]

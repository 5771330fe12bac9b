/** Requests that are served, but not as their client may hope: what the origin must not, and must, be told of them. */
import { get, HOST, post, request } from './hostile.js'

/** `seen` and `unseen`: of the one request the origin is sent. */
export interface Tamed { readonly name: string, readonly bytes: string, readonly seen?: RegExp, readonly unseen?: RegExp }

const CHUNKED = 'Transfer-Encoding: chunked'
const KEY = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']
const UPGRADE = /^(?:upgrade|http2-settings|connection): (?!keep-alive)/im

export const TAMED: readonly Tamed[] = [
  { name: 'h2c', bytes: get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQ'), unseen: UPGRADE },
  { name: 'h2c with a body', bytes: post(['Content-Length: 5', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA']), unseen: UPGRADE },
  { name: 'HTTP2-Settings that Connection does not name', bytes: get('HTTP2-Settings: AAMAAABkAAQ'), unseen: UPGRADE },
  { name: 'an upgrade to websocket or h2c', bytes: get('Connection: Upgrade', 'Upgrade: websocket, h2c', ...KEY), unseen: UPGRADE },
  { name: 'an upgrade to TLS', bytes: get('Connection: Upgrade', 'Upgrade: TLS/1.2'), unseen: UPGRADE },
  { name: 'a websocket by POST', bytes: post(['Content-Length: 5', 'Connection: Upgrade', 'Upgrade: websocket', ...KEY]), unseen: UPGRADE },
  { name: 'a websocket that Connection does not name', bytes: get('Upgrade: websocket', ...KEY), unseen: UPGRADE },
  { name: 'a websocket on HTTP/1.0', bytes: request(['GET /hostile HTTP/1.0', HOST, 'Connection: Upgrade', 'Upgrade: websocket', ...KEY]), unseen: UPGRADE },
  { name: 'fields that Connection names', bytes: get('Connection: X-Gone', 'X-Gone: 1'), unseen: /x-gone/i },
  { name: 'fields for this hop', bytes: get('TE: gzip', 'Keep-Alive: timeout=9', 'Proxy-Connection: keep-alive', 'Proxy-Authorization: Basic eDp5', 'Trailer: X'), unseen: /^(?:te|keep-alive|proxy-|trailer)/im },
  { name: 'Proxy, which CGI reads as a proxy to use', bytes: get('Proxy: http://b.test'), unseen: /b\.test/ },
  { name: 'trailers', bytes: post([CHUNKED, 'Trailer: X-Sum'], '5\r\nhello\r\n0\r\nX-Sum: 1\r\nCookie: admin=1\r\n\r\n'), seen: /hello/, unseen: /x-sum|admin/i },
  { name: 'trailers in the odd case of fields we add', bytes: post([CHUNKED], '0\r\nX-FORWARDED-FOR: 6.6.6.6\r\n\r\n'), unseen: /6\.6\.6\.6/ },
  { name: 'chunk extensions', bytes: post([CHUNKED], '5;a=b;c="d\\"e"\r\nhello\r\n0;x\r\n\r\n'), seen: /hello/, unseen: /;a=b|;x/ },
  { name: 'chunks of one byte, sizes with zeros ahead', bytes: post([CHUNKED], 'hello'.replaceAll(/./g, '0001\r\n$&\r\n') + '000\r\n\r\n'), unseen: /^0001/m },
  { name: 'a body on GET', bytes: request(['GET /hostile HTTP/1.1', HOST, 'Content-Length: 5'], 'hello'), seen: /^content-length: 5\r\n\r\nhello$/im },
  { name: 'Content-Length with zeros ahead', bytes: post(['Content-Length: 0005']), seen: /^content-length: 5\r$/im },
  { name: 'absolute-form of the same host', bytes: request(['GET http://A.test/hostile HTTP/1.1', HOST]), seen: /^GET \/hostile HTTP\/1\.1\r\nHost: a\.test\r\n/i },
  { name: 'one empty line ahead', bytes: `\r\n${get()}`, seen: /^GET \/hostile / },
  { name: 'blanks around a value', bytes: get('X:  \t y  '), seen: /^X: y\r$/m },
  { name: 'a broken escape in the query, as browsers send it', bytes: request(['GET /hostile?q=100%&r=%zz HTTP/1.1', HOST]), seen: /^GET \/hostile\?q=100%&r=%zz / },
  { name: 'dot-segments that do not climb above the root', bytes: request(['GET /a/../hostile HTTP/1.1', HOST]), seen: /^GET \/a\/\.\.\/hostile / },
  { name: 'another address than the client\'s', bytes: get('X-Forwarded-For: 6.6.6.6', 'Forwarded: for=6.6.6.6', 'X-Real-IP: 6.6.6.6', 'True-Client-IP: 6.6.6.6', 'CF-Connecting-IP: 6.6.6.6'), unseen: /6\.6\.6\.6/ },
  { name: 'another URL', bytes: get('X-Original-URL: /admin', 'X-Rewrite-URL: /admin', 'X-Forwarded-Prefix: /admin'), unseen: /admin/ },
  { name: 'names with underscores that CGI would read as ours', bytes: get('X_Forwarded_For: 6.6.6.6', 'Content_Length: 6', 'Transfer_Encoding: chunked'), unseen: /_/ }
]

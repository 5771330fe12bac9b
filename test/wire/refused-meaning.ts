/** Requests that are well-formed and mean nothing good: targets, Host, Connection, Expect, Upgrade. Refused at their head. */
import { get, HOST, post, refused, request, type Hostile } from './hostile.js'

const target = (target: string, host = HOST): string => request([`GET ${target} HTTP/1.1`, host])
const hosted = (value: string): string => target('/hostile', `Host: ${value}`)
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const KEYED = 'Sec-WebSocket-Version: 13'
const upgrade = (...fields: string[]): string => get('Connection: Upgrade', 'Upgrade: websocket', ...fields)

const TARGETS = refused(400, 'bad_target', {
  'a fragment': target('/hostile#f'),
  'an empty fragment': target('/hostile#'),
  'a fragment in the query': target('/hostile?a#b'),
  'a backslash': target('/a\\b'),
  'a backslash in the query': target('/?a\\b'),
  'backslashes for slashes': target('\\\\b.test\\x'),
  '%00 in the path': target('/a%00.css'),
  '%00 in the query': target('/?a=%00'),
  'NUL in the path': target('/a\0'),
  'a tab in the path': target('/a\tb'),
  'DEL in the path': target('/a\x7f'),
  'a latin1 letter in the path': target('/caf\xe9'),
  'UTF-8 in the query': target('/?q=\xc3\xa9'),
  'an escape of nothing': target('/a%'),
  'an escape of one digit': target('/a%4'),
  'an escape of no hex': target('/a%zz'),
  'an escape of %u': target('/a%u002e'),
  'an escape cut by the query': target('/a%2?1'),
  'climbing above the root': target('/../etc/passwd'),
  'climbing in the middle': target('/a/../../etc'),
  'climbing at the end': target('/a/b/../../..'),
  'climbing in escapes': target('/%2e%2e/etc'),
  'climbing in half escapes': target('/.%2E/etc'),
  'climbing by an escaped slash': target('/..%2fetc'),
  'climbing by an escaped backslash': target('/..%5cetc'),
  'climbing through empty segments': target('///../../../..'),
  'climbing past escaped slashes': target('/a%2fb/../../etc'),
  'climbing in absolute-form': target('http://a.test/../etc'),
  '* of GET': target('*'),
  '* of POST': request(['POST * HTTP/1.1', HOST, 'Content-Length: 0']),
  '** of OPTIONS': request(['OPTIONS ** HTTP/1.1', HOST]),
  'authority-form': target('a.test:80'),
  'a path without its slash': target('hostile'),
  'a query without a path': target('?a=b'),
  'userinfo': target('http://u:p@a.test/'),
  'empty userinfo': target('http://@a.test/'),
  'no authority': target('http:///hostile'),
  'half a scheme': target('http:/a.test/'),
  'ftp': target('ftp://a.test/'),
  'file': target('file:///etc/passwd'),
  'javascript': target('javascript:alert(1)'),
  'a websocket scheme': target('ws://a.test/')
})

const HOSTS = [
  ...refused(400, 'host_missing', {
    'no Host': request(['GET /hostile HTTP/1.1']),
    'no Host, in absolute-form': request(['GET http://a.test/ HTTP/1.1']),
    'X-Forwarded-Host for Host': request(['GET /hostile HTTP/1.1', 'X-Forwarded-Host: a.test'])
  }),
  ...refused(400, 'host_repeated', {
    'Host twice, alike': get(HOST),
    'Host twice, unlike': get('Host: b.test'),
    'Host twice, in odd case': get('hOST: a.test'),
    'an empty Host behind the first': get('Host:')
  }),
  ...refused(400, 'bad_host', {
    'an empty Host': hosted(''),
    'Host of blanks': hosted('   '),
    'Host with userinfo': hosted('u@a.test'),
    'Host with a path': hosted('a.test/x'),
    'Host with a query': hosted('a.test?x'),
    'Host that is a URL': hosted('http://a.test'),
    'Host that is a list': hosted('a.test, b.test'),
    'Host with a blank inside': hosted('a.test b.test'),
    'Host with an empty port': hosted('a.test:'),
    'Host with port 0': hosted('a.test:0'),
    'Host with port 65536': hosted('a.test:65536'),
    'Host with a port of leading zeros': hosted('a.test:080'),
    'Host with a port that is a word': hosted('a.test:http'),
    'Host with two ports': hosted('a.test:80:81'),
    'Host in half brackets': hosted('[::1'),
    'Host of a bare IPv6 address': hosted('::1'),
    'Host with a zone': hosted('[fe80::1%25eth0]'),
    'Host with an escape': hosted('a%2etest'),
    'Host beyond ASCII': hosted('\xe4.test'),
    'Host with a quote': hosted('a".test'),
    'Host with a backslash': hosted('a.test\\b'),
    'Host longer than names are': hosted('a'.repeat(262))
  }),
  ...refused(400, 'host_mismatch', {
    'absolute-form of another host': target('http://b.test/'),
    'absolute-form of another port': target('http://a.test:81/'),
    'absolute-form that names the default port': target('http://a.test:80/'),
    'absolute-form of a longer host': target('http://a.test.b.test/'),
    'absolute-form of another host, https': target('https://b.test/hostile'),
    'absolute-form without Host on HTTP/1.0': request(['GET http://a.test/ HTTP/1.0'])
  })
]

const STEERING = [
  ...refused(400, 'bad_connection', Object.fromEntries([
    'Host', 'Content-Length', 'Transfer-Encoding', 'Authorization', 'Cookie', 'Cache-Control', 'X-Forwarded-For', 'X-Forwarded-Host',
    'X-Forwarded-Proto', 'Forwarded', 'Via', 'X-Real-IP', 'Range', 'If-None-Match', 'Surrogate-Capability', 'Content-Type', 'Origin'
  ].map(name => [`Connection: ${name}`, get(`Connection: close, ${name}`)]))),
  ...refused(400, 'bad_connection', {
    'Connection that names Host on a line of its own': get('Connection: keep-alive', 'Connection: host'),
    'a connection option in quotes': get('Connection: "close"'),
    'a connection option with a blank': get('Connection: keep alive'),
    'a connection option beside a tab': get('Connection: close\t, x'),
    'close and keep-alive on HTTP/1.0': request(['GET /hostile HTTP/1.0', HOST, 'Connection: close, keep-alive'])
  }),
  ...refused(417, 'bad_expect', {
    'Expect of something else': post(['Content-Length: 5', 'Expect: 200-ok']),
    'Expect that is empty': post(['Content-Length: 5', 'Expect:']),
    'Expect of two': post(['Content-Length: 5', 'Expect: 100-continue, x']),
    'Expect repeated': post(['Content-Length: 5', 'Expect: 100-continue', 'Expect: 100-continue']),
    'Expect with a parameter': post(['Content-Length: 5', 'Expect: 100-continue;x']),
    'Expect in quotes': post(['Content-Length: 5', 'Expect: "100-continue"'])
  }),
  ...refused(400, 'bad_upgrade', {
    'a websocket without a key': upgrade(KEYED),
    'a websocket without a version': upgrade(KEY),
    'a websocket with a short key': upgrade('Sec-WebSocket-Key: c2hvcnQ=', KEYED),
    'a websocket with two keys': upgrade(KEY, KEY, KEYED),
    'a websocket with two versions': upgrade(KEY, KEYED, 'Sec-WebSocket-Version: 8'),
    'a websocket with a version that is a word': upgrade(KEY, 'Sec-WebSocket-Version: x'),
    'a websocket with content': `${upgrade(KEY, KEYED, 'Content-Length: 5')}hello`,
    'a websocket with chunks': `${upgrade(KEY, KEYED, 'Transfer-Encoding: chunked')}0\r\n\r\n`
  })
]

export const MEANING: readonly Hostile[] = [...TARGETS, ...HOSTS, ...STEERING]

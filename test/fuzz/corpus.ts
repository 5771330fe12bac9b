/** Requests as real clients send them, all of which must be accepted, and hostile ones for the mutator to start from. */

/** Lines to bytes: each ends with CRLF, a blank line ends the head, `body` follows as it is. */
function message (lines: string, body = ''): Buffer {
  return Buffer.from(`${lines.trim().split('\n').map(line => line.trim()).join('\r\n')}\r\n\r\n${body}`, 'latin1')
}

const JSON_BODY = '{"name":"seawall","price":12.5}'
const MULTIPART = [
  '------WebKitFormBoundary7MA4YWxkTrZu0gW', 'Content-Disposition: form-data; name="file"; filename="a.png"', 'Content-Type: image/png', '', '\x89PNG\r\n\x1a\n\0\0\xff',
  '------WebKitFormBoundary7MA4YWxkTrZu0gW--', ''
].join('\r\n')
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
const SAFARI = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15'
const SHOP = 'shop.example.com'

export const CLIENTS: Readonly<Record<string, Buffer>> = {
  'Chrome, a page': message(`
    GET /products?page=2&q=caf%C3%A9 HTTP/1.1
    Host: ${SHOP}
    Connection: keep-alive
    Cache-Control: max-age=0
    sec-ch-ua: "Chromium";v="128", "Not;A=Brand";v="24", "Google Chrome";v="128"
    sec-ch-ua-mobile: ?0
    sec-ch-ua-platform: "Windows"
    Upgrade-Insecure-Requests: 1
    User-Agent: ${CHROME}
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7
    Sec-Fetch-Site: none
    Sec-Fetch-Mode: navigate
    Sec-Fetch-User: ?1
    Sec-Fetch-Dest: document
    Accept-Encoding: gzip, deflate, br, zstd
    Accept-Language: en-US,en;q=0.9,de;q=0.8
    Cookie: _ga=GA1.1.1234567890.1700000000; session=eyJhbGciOi.J9; theme="dark"`),
  'Chrome, a range of a video': message(`
    GET /media/intro.mp4 HTTP/1.1
    Host: ${SHOP}:8443
    Connection: keep-alive
    Accept-Encoding: identity;q=1, *;q=0
    User-Agent: ${CHROME}
    Accept: */*
    Sec-Fetch-Dest: video
    Referer: https://${SHOP}/
    If-Range: "5f3e-abc"
    Range: bytes=0-`),
  'Chrome, a CORS preflight': message(`
    OPTIONS /api/cart HTTP/1.1
    Host: api.example.com
    Connection: keep-alive
    Accept: */*
    Access-Control-Request-Method: PUT
    Access-Control-Request-Headers: content-type,x-csrf-token
    Origin: https://${SHOP}
    User-Agent: ${CHROME}
    Sec-Fetch-Mode: cors`),
  'Chrome, JSON by fetch': message(`
    POST /api/cart HTTP/1.1
    Host: localhost:8080
    Connection: keep-alive
    Content-Length: ${JSON_BODY.length}
    sec-ch-ua-platform: "macOS"
    User-Agent: ${CHROME}
    Content-Type: application/json
    Accept: */*
    Origin: http://localhost:8080
    Accept-Encoding: gzip, deflate, br, zstd`, JSON_BODY),
  'Chrome, an upload': message(`
    POST /upload HTTP/1.1
    Host: ${SHOP}
    Connection: keep-alive
    Content-Length: ${MULTIPART.length}
    Content-Type: multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW
    User-Agent: ${CHROME}`, MULTIPART),
  'Chrome, a websocket': message(`
    GET /live?room=1 HTTP/1.1
    Host: ${SHOP}
    Connection: Upgrade
    Pragma: no-cache
    Cache-Control: no-cache
    User-Agent: ${CHROME}
    Upgrade: websocket
    Origin: https://${SHOP}
    Sec-WebSocket-Version: 13
    Accept-Encoding: gzip, deflate, br
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits`),
  'Chrome through a forward proxy': message(`
    GET http://${SHOP}/a?b HTTP/1.1
    Host: ${SHOP}
    Proxy-Connection: keep-alive
    User-Agent: ${CHROME}`),
  'Firefox, a page': message(`
    GET /search?q=100%&a=[1]|{2} HTTP/1.1
    Host: ${SHOP}
    User-Agent: ${FIREFOX}
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8
    Accept-Language: en-US,en;q=0.5
    Accept-Encoding: gzip, deflate, br, zstd
    DNT: 1
    Sec-GPC: 1
    Connection: keep-alive
    If-Modified-Since: Wed, 21 Oct 2015 07:28:00 GMT
    If-None-Match: W/"67ab43", "54ed21"
    Priority: u=0, i
    TE: trailers`),
  'Firefox, a websocket': message(`
    GET /socket HTTP/1.1
    Host: ${SHOP}
    User-Agent: ${FIREFOX}
    Sec-WebSocket-Version: 13
    Origin: https://${SHOP}
    Sec-WebSocket-Protocol: graphql-transport-ws
    Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==
    Connection: keep-alive, Upgrade
    Upgrade: websocket`),
  'Safari, a form': message(`
    POST /login HTTP/1.1
    Host: ${SHOP}
    Content-Type: application/x-www-form-urlencoded
    Origin: https://${SHOP}
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
    User-Agent: ${SAFARI}
    Content-Length: 24
    Accept-Language: de-DE,de;q=0.9
    Accept-Encoding: gzip, deflate
    Connection: keep-alive`, 'user=a%40b.test&pass=%21'),
  'curl': message('GET / HTTP/1.1\nHost: localhost:8080\nUser-Agent: curl/8.5.0\nAccept: */*'),
  'curl --http2': message(`
    GET / HTTP/1.1
    Host: localhost
    User-Agent: curl/7.88.1
    Accept: */*
    Connection: Upgrade, HTTP2-Settings
    Upgrade: h2c
    HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA`),
  'curl -d': message('POST /x HTTP/1.1\nHost: [::1]:8080\nUser-Agent: curl/8.5.0\nAccept: */*\nContent-Length: 3\nContent-Type: application/x-www-form-urlencoded', 'a=1'),
  'curl -T -': message('PUT /x HTTP/1.1\nHost: 127.0.0.1:8080\nUser-Agent: curl/8.5.0\nAccept: */*\nTransfer-Encoding: chunked\nExpect: 100-continue', '5\r\nhello\r\n0\r\n\r\n'),
  'curl -0': message('GET / HTTP/1.0\nHost: localhost\nUser-Agent: curl/8.5.0\nAccept: */*'),
  'curl -x': message('GET http://localhost:8080/a HTTP/1.1\nHost: localhost:8080\nUser-Agent: curl/8.5.0\nAccept: */*\nProxy-Connection: Keep-Alive'),
  'wget': message('GET /a%20b HTTP/1.1\nHost: example.com\nUser-Agent: Wget/1.21.3\nAccept: */*\nAccept-Encoding: identity\nConnection: Keep-Alive'),
  'wrk': message('GET /products/17 HTTP/1.1\nHost: localhost:8080'),
  'ab': message('GET / HTTP/1.0\nHost: localhost\nUser-Agent: ApacheBench/2.3\nAccept: */*'),
  'ab -k': message('GET / HTTP/1.0\nConnection: Keep-Alive\nHost: localhost\nUser-Agent: ApacheBench/2.3\nAccept: */*'),
  'requests': message('GET /get HTTP/1.1\nHost: example.com\nUser-Agent: python-requests/2.32.3\nAccept-Encoding: gzip, deflate\nAccept: */*\nConnection: keep-alive'),
  'requests, a generator': message('POST /post HTTP/1.1\nHost: example.com\nUser-Agent: python-requests/2.32.3\nAccept-Encoding: gzip, deflate\nAccept: */*\nConnection: keep-alive\nTransfer-Encoding: chunked', '2\r\nab\r\n1\r\nc\r\n0\r\n\r\n'),
  'httpx': message(`POST /post HTTP/1.1\nHost: example.com\nAccept: */*\nAccept-Encoding: gzip, deflate\nConnection: keep-alive\nUser-Agent: python-httpx/0.27.0\nContent-Length: ${JSON_BODY.length}\nContent-Type: application/json`, JSON_BODY),
  'aiohttp': message('DELETE /items/1 HTTP/1.1\nHost: example.com\nAuthorization: Basic dXNlcjpwYXNz\nAccept: */*\nAccept-Encoding: gzip, deflate\nUser-Agent: Python/3.12 aiohttp/3.10.5'),
  'Go net/http': message('GET /v1/status HTTP/1.1\nHost: example.com\nUser-Agent: Go-http-client/1.1\nAccept-Encoding: gzip'),
  'Go net/http, chunked with a trailer': message('POST /v1 HTTP/1.1\nHost: example.com\nUser-Agent: Go-http-client/1.1\nTransfer-Encoding: chunked\nTrailer: Md5\nAccept-Encoding: gzip', '3\r\nabc\r\n0\r\nMd5: kAFQmDzST7DWlj99KOF/cg==\r\n\r\n'),
  'Java HttpClient': message('GET / HTTP/1.1\nConnection: Upgrade, HTTP2-Settings\nContent-Length: 0\nHost: example.com\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\nUpgrade: h2c\nUser-Agent: Java-http-client/17.0.9'),
  'Java HttpURLConnection': message('GET / HTTP/1.1\nUser-Agent: Java/1.8.0_392\nHost: example.com\nAccept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\nConnection: keep-alive'),
  'okhttp': message('PATCH /me HTTP/1.1\nAuthorization: Bearer abc.def-ghi_~+/==\nContent-Type: application/json; charset=utf-8\nContent-Length: 2\nHost: api.example.com\nConnection: Keep-Alive\nAccept-Encoding: gzip\nUser-Agent: okhttp/4.12.0', '{}'),
  'undici': message('GET /x HTTP/1.1\nhost: localhost:3000\nconnection: keep-alive\naccept: */*\naccept-language: *\nsec-fetch-mode: cors\nuser-agent: node\naccept-encoding: gzip, deflate'),
  'axios': message('PUT /x HTTP/1.1\nAccept: application/json, text/plain, */*\nContent-Type: application/json\nUser-Agent: axios/1.7.4\nContent-Length: 2\nAccept-Encoding: gzip, compress, deflate, br\nHost: localhost:3000\nConnection: close', '[]'),
  'node:http without an agent': message('GET / HTTP/1.1\nHost: localhost:3000\nConnection: close'),
  'Ruby Net::HTTP': message('GET / HTTP/1.1\nAccept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\nAccept: */*\nUser-Agent: Ruby\nHost: example.com'),
  'libwww-perl': message('GET / HTTP/1.1\nTE: deflate,gzip;q=0.3\nConnection: TE, close\nHost: example.com\nUser-Agent: libwww-perl/6.72'),
  'PHP streams': message('GET /feed HTTP/1.1\nHost: example.com\nConnection: close'),
  '.NET HttpClient': message('GET / HTTP/1.1\nHost: example.com\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\nRequest-Context: appId='),
  'Cloudflare': message(`
    GET /products HTTP/1.1
    Host: ${SHOP}
    Accept-Encoding: gzip, br
    X-Forwarded-For: 203.0.113.7
    CF-RAY: 8b0a1c2d3e4f5678-FRA
    X-Forwarded-Proto: https
    CF-Visitor: {"scheme":"https"}
    CF-Connecting-IP: 2001:db8::7
    CDN-Loop: cloudflare; loops=1
    CF-IPCountry: DE
    Connection: Keep-Alive
    User-Agent: ${CHROME}`),
  'Fastly': message(`
    GET /products?sort=price HTTP/1.1
    Host: ${SHOP}
    Fastly-Client-IP: 203.0.113.7
    Fastly-FF: VT0zq!FRA!cache-fra-eddf8230061-FRA
    X-Varnish: 1234567 7654321
    X-Timer: S1700000000.123456,VS0
    X-Forwarded-For: 203.0.113.7, 199.232.1.1
    Surrogate-Capability: fastly="Surrogate/1.0 ESI/1.0"
    CDN-Loop: Fastly, Fastly
    Cache-Control: max-stale=0
    Accept-Encoding: gzip`),
  'CloudFront': message(`
    GET /a+b/~user/x@2x.png HTTP/1.1
    Host: ${SHOP}
    X-Amz-Cf-Id: -mAqtvTn2kVvmqZKqMXcBxEw8j5aCaiDmKJDpcY6R2xGF0TfJW3w==
    Via: 2.0 3a1f9c8d7b6e5f4a.cloudfront.net (CloudFront)
    User-Agent: Amazon CloudFront
    X-Forwarded-For: 203.0.113.7
    Connection: Keep-Alive
    Accept-Encoding: br,gzip`),
  'an AWS load balancer’s health check': message('GET /health HTTP/1.1\nHost: 10.0.1.17:8080\nConnection: close\nUser-Agent: ELB-HealthChecker/2.0\nAccept-Encoding: gzip, compressed'),
  'a Kubernetes probe': message('GET /livez HTTP/1.1\nHost: 10.42.0.9:8080\nUser-Agent: kube-probe/1.30\nAccept: */*\nConnection: close'),
  'nginx as a proxy, its defaults': message('GET /x HTTP/1.0\nHost: backend_1\nConnection: close\nUser-Agent: curl/8.5.0'),
  'HAProxy’s check': message('OPTIONS / HTTP/1.0'),
  'a server asked about itself': message('OPTIONS * HTTP/1.1\nHost: example.com'),
  'Prometheus': message('GET /metrics HTTP/1.1\nHost: localhost:9090\nUser-Agent: Prometheus/2.53.0\nAccept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\nAccept-Encoding: gzip\nX-Prometheus-Scrape-Timeout-Seconds: 10'),
  'Googlebot': message('GET /robots.txt HTTP/1.1\nHost: example.com\nConnection: keep-alive\nAccept: text/plain,text/html,*/*\nFrom: googlebot(at)googlebot.com\nUser-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)\nAccept-Encoding: gzip, deflate, br'),
  'a latin1 value': message('GET / HTTP/1.1\nHost: example.com\nX-Name: Ren\xe9'),
  'a client that sends an empty line behind a body': Buffer.from('\r\nGET / HTTP/1.1\r\nHost: example.com\r\n\r\n', 'latin1'),
  'WebDAV': message('PROPFIND /dav/ HTTP/1.1\nHost: example.com\nDepth: 1\nContent-Type: application/xml\nContent-Length: 11', '<propfind/>'),
  'a purger': message('PURGE /products/17 HTTP/1.1\nHost: example.com\nSurrogate-Key: a b c')
}

const HOST = 'Host: a.test\r\n'
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'

export const HOSTILE: readonly Buffer[] = [
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5c\r\n${SMUGGLED}0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 5,5\r\n\r\nhello`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\nhello`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 18446744073709551621\r\n\r\nhello`,
  `GET / HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5;a=b;c="d\\"e"\r\nhello\r\n00\r\nX-T: 1\r\n\r\n${SMUGGLED}`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n100000000000000005\r\nhello\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\nhello`,
  `POST / HTTP/1.0\r\n${HOST}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `GET / HTTP/1.1\nHost: a.test\n\n`,
  `GET / HTTP/1.1\r${HOST}\r\n`,
  `GET / HTTP/1.1\r\n${HOST}X: a\rContent-Length: 5\r\n\r\nhello`,
  `GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST} folded\r\n\r\n`,
  `GET / HTTP/1.1\r\n X: first\r\n${HOST}\r\n`,
  `GET / HTTP/1.1\r\n${HOST}Host: b.test\r\n\r\n`,
  'GET / HTTP/1.1\r\nHost: a.test@b.test\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a.test:80:81\r\n\r\n',
  'GET http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n',
  'GET http://u:p@a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n',
  'GET a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n',
  'CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n',
  `GET * HTTP/1.1\r\n${HOST}\r\n`,
  `GET /../../etc/passwd HTTP/1.1\r\n${HOST}\r\n`,
  `GET /a/%2e%2e/%2E./..%2f HTTP/1.1\r\n${HOST}\r\n`,
  `GET /a%00b?c#d HTTP/1.1\r\n${HOST}\r\n`,
  `GET  /  HTTP/1.1\r\n${HOST}\r\n`,
  `GET / HTTP/2.0\r\n${HOST}\r\n`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  `GET / HTTP/1.1\r\n${HOST}Connection: close, content-length, host\r\n\r\n`,
  `GET / HTTP/1.0\r\n${HOST}Connection: keep-alive, close\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}Connection: close\t, x\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}Connection: \xa0\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello`,
  `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue, 200-ok\r\nContent-Length: 5\r\n\r\nhello`,
  `GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(16_400)}\r\n\r\n`,
  `GET /${'u'.repeat(8200)} HTTP/1.1\r\n${HOST}\r\n`,
  `GET / HTTP/1.1\r\n${HOST}${'X: 1\r\n'.repeat(101)}\r\n`,
  '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'
].map(text => Buffer.from(text, 'latin1'))

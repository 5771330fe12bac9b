/** A byte mutator that knows what matters to HTTP, and the shrinking of what it found. Driven by one seed. */

import { chance, type Chance as Random } from '../support/chance.js'

export { chance as randomFrom, type Random }

export function pick<T> (random: Random, from: readonly T[]): T {
  return from[random(from.length)]!
}

const TOKENS = [
  '\r\n', '\n', '\r', '\r\n\r\n', ' ', '  ', '\t', '\0', '\x7f', '\xff', ':', ': ', ' :', ',', ';', '"', '\\', '%', '%00', '%2e', '%2F', '..', '/../', '//', '?', '#', '*', '@',
  'GET ', 'POST ', 'OPTIONS * ', 'HEAD ', 'CONNECT ', 'TRACE ', ' HTTP/1.0', ' HTTP/1.1', ' HTTP/1.2', ' HTTP/2.0', 'http://a.test', 'https://', 'ws://',
  'Host: a.test\r\n', 'Host: b.test\r\n', 'host:\r\n', 'Content-Length: 5\r\n', 'content-length: 0\r\n', 'Content-Length: 05, 5\r\n', 'Content-Length: +5\r\n',
  'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: gzip, chunked\r\n', 'transfer-encoding:chunked\r\n', 'Transfer-Encoding : chunked\r\n', ' chunked', 'chunked',
  'Connection: close\r\n', 'Connection: keep-alive\r\n', 'Connection: keep-alive, close\r\n', 'Connection: upgrade\r\n', 'Proxy-Connection: close\r\n', 'close', 'keep-alive', ', ',
  'Upgrade: websocket\r\n', 'Upgrade: h2c\r\n', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n', 'Sec-WebSocket-Version: 13\r\n', 'Expect: 100-continue\r\n', ' folded\r\n',
  '0\r\n\r\n', '0\r\n', '5\r\nhello\r\n', '1;a=b\r\nx\r\n', '1;a="b;\\""\r\nx\r\n', 'a\r\n', 'X-T: 1\r\n', '0', 'f', 'ffffffff', '9007199254740993', '-1', '0x5', '_'
].map(token => Buffer.from(token, 'latin1'))

/** A copy of `bytes` with one to four changes; `other` is spliced from. */
export function mutate (bytes: Buffer, other: Buffer, random: Random): Buffer {
  let result = bytes
  for (let changes = 1 + random(4); changes > 0; changes--) result = change(result, other, random)
  return result
}

function change (bytes: Buffer, other: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1)
  const to = Math.min(bytes.length, at + 1 + (random(3) === 0 ? random(64) : random(3)))
  switch (random(8)) {
    case 0: return splice(bytes, at, to, Buffer.alloc(0))
    case 1: return splice(bytes, at, at, Buffer.from([random(256)]))
    case 2: return splice(bytes, at, at + 1, Buffer.from([random(256)]))
    case 3: return splice(bytes, at, at, bytes.subarray(at, to))
    case 4: return splice(bytes, at, at, pick(random, TOKENS))
    case 5: return splice(bytes, at, to, pick(random, TOKENS))
    case 6: return splice(bytes, lineAt(bytes, at), lineAt(bytes, at), lineOf(other, random))
    default: return splice(bytes, at, bytes.length, other.subarray(random(other.length + 1)))
  }
}

function splice (bytes: Buffer, from: number, to: number, middle: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)])
}

/** The beginning of the line that `at` lies in. */
function lineAt (bytes: Buffer, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf('\n', at - 1, 'latin1') + 1
}

function lineOf (bytes: Buffer, random: Random): Buffer {
  const from = lineAt(bytes, random(bytes.length + 1))
  const end = bytes.indexOf('\n', from, 'latin1')
  return bytes.subarray(from, end === -1 ? bytes.length : end + 1)
}

const SHRINK_MS = 10_000

/** The shortest input found in ten seconds, by leaving out ever smaller spans, that still `fails`. */
export function shrink (bytes: Buffer, fails: (bytes: Buffer) => boolean): Buffer {
  const until = performance.now() + SHRINK_MS
  let least = bytes
  for (let span = least.length >> 1; span > 0;) {
    let shorter: Buffer | undefined
    for (let at = 0; at < least.length && shorter === undefined; at += span) {
      if (performance.now() > until) return least
      const without = splice(least, at, Math.min(least.length, at + span), Buffer.alloc(0))
      if (fails(without)) shorter = without
    }
    if (shorter === undefined) span >>= 1
    else least = shorter
  }
  return least
}

/** Request bodies: what is content, where the body ends, and what is refused, however the bytes are cut. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBodyDecoder } from '../../src/http/framing.js'
import type { Framing } from '../../src/core/types.js'

interface Decoded { kind: string, content: string, consumed: number, total: number }

const CHUNKED: Framing = { kind: 'chunked' }

/** Feeds `text` cut at `cuts`; stops, as a connection does, at the first verdict. */
function decode (framing: Framing, text: string, cuts: readonly number[] = []): Decoded {
  const bytes = Buffer.from(text, 'latin1')
  const decoder = createBodyDecoder(framing)
  let content = ''
  let consumed = 0
  for (const end of [...cuts, bytes.length]) {
    const fed = decoder.feed(bytes, consumed, end)
    if (fed.kind === 'refused') return { kind: fed.code, content: '', consumed: 0, total: 0 }
    content += Buffer.concat(fed.slices).toString('latin1')
    consumed += fed.consumed
    if (fed.kind === 'done') return { kind: 'done', content, consumed, total: decoder.total }
    expect(consumed).toBe(end)
  }
  return { kind: 'more', content, consumed, total: decoder.total }
}

/** The same whole, byte by byte, and in two pieces cut anywhere. */
function decodeAnyhow (framing: Framing, text: string): Decoded {
  const whole = decode(framing, text)
  expect(decode(framing, text, Array.from({ length: text.length }, (_, i) => i))).toEqual(whole)
  for (let cut = 0; cut <= text.length; cut++) expect(decode(framing, text, [cut])).toEqual(whole)
  return whole
}

describe('Content-Length', () => {
  test('takes exactly that many bytes', () => {
    expect(decodeAnyhow({ kind: 'length', length: 5 }, 'hello, next')).toEqual({ kind: 'done', content: 'hello', consumed: 5, total: 5 })
    expect(decodeAnyhow({ kind: 'length', length: 12 }, 'hello, next')).toMatchObject({ kind: 'more', total: 11 })
  })

  test('of nothing, or none, is done before anything came', () => {
    expect(decode({ kind: 'length', length: 0 }, '')).toEqual({ kind: 'done', content: '', consumed: 0, total: 0 })
    expect(decode({ kind: 'none' }, 'GET')).toEqual({ kind: 'done', content: '', consumed: 0, total: 0 })
  })

  test('hands out slices of the input, not copies', () => {
    const bytes = Buffer.from('xhello')
    const fed = createBodyDecoder({ kind: 'length', length: 5 }).feed(bytes, 1, 6)
    expect(fed.kind === 'done' && fed.slices[0]!.buffer).toBe(bytes.buffer)
  })
})

describe('chunked', () => {
  test.each([
    ['0\r\n\r\n', ''], ['5\r\nhello\r\n0\r\n\r\n', 'hello'], ['1\r\na\r\n00a\r\n0123456789\r\n000\r\n\r\n', 'a0123456789'],
    ['A;x\r\n0123456789\r\n0;y=1;z="a\\"\\;\xe9 \t"\r\n\r\n', '0123456789'], ['2\r\n\r\n\r\n0\r\n\r\n', '\r\n'],
    ['1\r\na\r\n0\r\nX-Trailer: v\r\nY:\r\nz: \xe9\t\r\n\r\n', 'a'], ['0000000000001\r\na\r\n0\r\n\r\n', 'a']
  ])('%j', (text, content) => {
    expect(decodeAnyhow(CHUNKED, `${text}GET`)).toEqual({ kind: 'done', content, consumed: text.length, total: content.length })
  })

  test.each([
    '\r\n', 'g\r\n', '-1\r\n', '+1\r\na\r\n', '0x1\r\na\r\n', '1_0\r\n', ' 1\r\na', '1 \r\na', '1 ;x\r\na', '1; x\r\na', '1;\r\na', '1;x =1\r\na', '1;x=\r\na', '1;=1\r\na',
    '1;x="\r\na', '1;x="a"b\r\na', '1;x=a\x00\r\na', '1;x\ra\r\n', '1;x\n', '1\na\n0\n\n', '1\ra\r\n', '1\r\nab\r\n', '1\r\na0\r\n\r\n', '1\r\na\n0\r\n\r\n', '1\r\na\rb', '1\r\naX\n0\r\n\r\n',
    '00000000000001\r\na', 'ffffffffffffff\r\n', ';x\r\n', '0\r\nX-Trailer\r\n\r\n', '0\r\nX : 1\r\n\r\n', '0\r\n x: 1\r\n\r\n', '0\r\nx: \x00\r\n\r\n', '0\r\nx: 1\n\r\n', '0\r\n\n', '0\r\n\rx\n',
    '0\r\nContent-Length: 1\r\n\r\n', '0\r\ntransfer-encoding: chunked\r\n\r\n', '0\r\nHost: a\r\n\r\n', '0\r\nConnection: close\r\n\r\n', '0\r\nUpgrade: h2c\r\n\r\n', '0\r\nx: a\rb: c\r\n\r\n', '0\r\n: v\r\n\r\n'
  ])('%j is refused', text => {
    expect(decodeAnyhow(CHUNKED, text).kind).toBe('bad_chunk')
  })

  test('is not done before its blank line', () => {
    expect(decode(CHUNKED, '5\r\nhello\r\n0\r\nX: y\r\n\r').kind).toBe('more')
  })

  test('extensions are bounded, of a chunk and of a body', () => {
    const chunk = (length: number): string => `1;${'x'.repeat(length - 3)}\r\na\r\n`
    expect(decode(CHUNKED, `${chunk(256)}0\r\n\r\n`).kind).toBe('done')
    expect(decode(CHUNKED, `${chunk(257)}0\r\n\r\n`).kind).toBe('bad_chunk')
    expect(decode(CHUNKED, `1;${'x'.repeat(255)}`).kind).toBe('bad_chunk')
    expect(decode(CHUNKED, `${chunk(256).repeat(64)}0\r\n\r\n`).kind).toBe('done')
    expect(decode(CHUNKED, `${chunk(256).repeat(65)}0\r\n\r\n`).kind).toBe('bad_chunk')
  })

  test('trailers are bounded, in bytes and in number', () => {
    const trailer = (length: number): string => `0\r\nT: ${'x'.repeat(length - 7)}\r\n\r\n`
    expect(decode(CHUNKED, trailer(8192)).kind).toBe('done')
    expect(decode(CHUNKED, trailer(8193)).kind).toBe('bad_chunk')
    expect(decode(CHUNKED, `0\r\n${'T:\r\n'.repeat(64)}\r\n`).kind).toBe('done')
    expect(decode(CHUNKED, `0\r\n${'T:\r\n'.repeat(65)}\r\n`).kind).toBe('bad_chunk')
  })

  test('content comes back whole, however it was chunked and cut', () => {
    const part = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })
    fc.assert(fc.property(fc.array(part), fc.array(fc.nat(600)), (parts, cuts) => {
      const text = `${parts.map(p => `${p.length.toString(16)}\r\n${p}\r\n`).join('')}0\r\n\r\n`
      const sorted = cuts.filter(cut => cut < text.length).toSorted((a, b) => a - b)
      expect(decode(CHUNKED, text, sorted)).toMatchObject({ kind: 'done', content: parts.join(''), consumed: text.length })
    }))
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeHead, encodeHead, headText, reasonPhrase } from '../../src/http/head.js'

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/)
const value = fc.string({ unit: fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9)).map(c => String.fromCharCode(c)) })

describe('headText', () => {
  it('writes a status line and one line a field, without the blank line', () => {
    expect(headText(404, ['A', '1', 'b', ''])).toBe('HTTP/1.1 404 Not Found\r\nA: 1\r\nb: \r\n')
  })

  it('keeps the space after a status without a phrase', () => {
    expect(reasonPhrase(299)).toBe('')
    expect(headText(299, [])).toBe('HTTP/1.1 299 \r\n')
  })

  it('cannot be split, not even by a character whose low byte is a line feed', () => {
    expect(headText(200, ['A', 'x\r\nSet-Cookie: y', 'B', 'a\0b\x7f', 'C', '\u010d\u010a'])).toBe(
      'HTTP/1.1 200 OK\r\nA: x  Set-Cookie: y\r\nB: a b \r\nC:   \r\n')
    expect(latin1(encodeHead(200, ['C', 'x\u010d\u010ay'])).split('\r\n')).toEqual(['HTTP/1.1 200 OK', 'C: x  y', ''])
  })
})

describe('encodeHead and decodeHead', () => {
  it('keep every byte of obs-text', () => {
    const all = Array.from({ length: 128 }, (_, i) => String.fromCharCode(0x80 + i)).join('')
    const head = encodeHead(200, ['X', all])
    expect([...head.subarray(-130, -2)]).toEqual(Array.from({ length: 128 }, (_, i) => 0x80 + i))
    expect(decodeHead(head).headers).toEqual(['X', all])
  })

  it('are inverse', () => {
    fc.assert(fc.property(fc.integer({ min: 100, max: 999 }), fc.array(fc.tuple(name, value)), (status, fields) => {
      const headers = fields.flat()
      const head = encodeHead(status, headers)
      expect(decodeHead(head)).toEqual({ status, headers })
      expect(latin1(head)).toBe(headText(status, headers))
    }))
  })

  it('read a head out of the middle of a larger buffer', () => {
    const head = encodeHead(204, ['A', 'b'])
    const slab = new Uint8Array(head.length + 20)
    slab.set(head, 7)
    expect(decodeHead(slab.subarray(7, 7 + head.length))).toEqual({ status: 204, headers: ['A', 'b'] })
  })

  it('make what they can of anything else', () => {
    expect(decodeHead(new Uint8Array(0))).toEqual({ status: 0, headers: [] })
    expect(decodeHead(Buffer.from('HTTP/1.1 20x OK\r\nno colon\r\n: x\r\nA: b'))).toEqual({ status: 0, headers: ['A', 'b'] })
    fc.assert(fc.property(fc.uint8Array(), bytes => { decodeHead(bytes) }))
  })
})

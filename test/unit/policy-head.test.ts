import { describe, expect, it } from 'vitest'
import { headSays } from '../../src/policy/head.js'

const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT'
const stored = { headers: ['ETag', 'W/"a"', 'Last-Modified', MODIFIED], length: 4 }
const says = (headers: string[], length?: number) => headSays({ headers, length }, stored)

describe('a 200 to a HEAD (RFC 9111 §4.3.5)', () => {
  it('describes what is stored where all it has of validators and length agrees', () => {
    for (const etag of ['W/"a"', '"a"']) expect(says(['etag', etag]), etag).toBe('same')
    expect(says(['Last-Modified', MODIFIED])).toBe('same')
    expect(says([], 4)).toBe('same')
    expect(says(['ETag', '"a"', 'Last-Modified', MODIFIED], 4)).toBe('same')
  })

  it('contradicts it where one does not, or is new', () => {
    expect(says(['ETag', '"b"'])).toBe('changed')
    expect(says(['ETag', '"b"', 'Last-Modified', MODIFIED], 4)).toBe('changed')
    expect(says(['ETag', '"a"', 'ETag', '"b"'])).toBe('changed')
    expect(says(['Last-Modified', 'Sun, 06 Nov 1994 08:49:38 GMT'])).toBe('changed')
    expect(says(['ETag', '"a"'], 5)).toBe('changed')
    expect(headSays({ headers: ['ETag', '"a"'], length: undefined }, { headers: [], length: 4 })).toBe('changed')
  })

  it('says nothing where it has none of them', () => {
    expect(says(['Cache-Control', 'max-age=60'])).toBe('unknown')
  })

  it('compares what is malformed to the letter', () => {
    expect(headSays({ headers: ['ETag', 'a'], length: undefined }, { headers: ['ETag', 'a'], length: 1 })).toBe('same')
    expect(headSays({ headers: ['ETag', 'a'], length: undefined }, { headers: ['ETag', 'b'], length: 1 })).toBe('changed')
  })
})

import { describe, expect, it } from 'vitest'
import { freshen } from '../../src/policy/freshen.js'
import { freshFor, httpDate } from '../support/policy.js'

describe('a 304 (RFC 9111 §3.2, §4.3.4)', () => {
  it('replaces fields of the same name, all their lines, and adds new ones', () => {
    expect(freshen(['A', '1', 'B', '2', 'b', '3'], ['b', '4', 'C', '5', 'C', '6'])).toEqual(['A', '1', 'b', '4', 'C', '5', 'C', '6'])
  })

  it('leaves what tells how the stored bytes are to be read', () => {
    for (const name of ['Content-Length', 'Content-Encoding', 'Content-Range', 'Content-MD5', 'Content-Digest', 'Transfer-Encoding', 'ETag', 'Via']) {
      expect(freshen([name, 'stored'], [name.toUpperCase(), 'new']), name).toEqual([name, 'stored'])
    }
    expect(freshen([], ['Content-Encoding', 'gzip', 'Content-Length', '0'])).toEqual([])
    expect(freshen([], ['ETag', '"a"'])).toEqual(['ETag', '"a"'])
  })

  it('updates every other, Content-Type and unknown Content-* among them', () => {
    for (const name of ['Content-Type', 'Content-Foo', 'Content-Location', 'Cache-Control', 'Expires', 'Set-Cookie', 'X-Frame-Options', '__proto__']) {
      expect(freshen([name, 'stored'], [name, 'new']), name).toEqual([name, 'new'])
    }
  })

  it('ends the time of the stored message: Date and Age go, with or without successors', () => {
    expect(freshen(['Date', httpDate(-90), 'Age', '5', 'A', '1'], [])).toEqual(['A', '1'])
    const stored = ['Date', httpDate(-90), 'Cache-Control', 'max-age=60']
    expect(freshFor(freshen(stored, ['Date', httpDate(0)]))).toBe(60)
    expect(freshFor(freshen(stored, []))).toBe(60)
    expect(freshFor(freshen(stored, ['Age', '20']))).toBe(40)
  })
})

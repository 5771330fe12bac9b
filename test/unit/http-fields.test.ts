import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { endToEnd, fieldLines, fieldValue, isToken, listMembers } from '../../src/http/fields.js'
import { FieldNames } from '../../src/http/names.js'

const TOKEN_CHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
const token = fc.string({ unit: fc.constantFrom(...TOKEN_CHARS), minLength: 1, maxLength: 8 })
const quoted = fc.string({ unit: fc.constantFrom('a', ',', ' ', '=', '\\"', '\\\\', '\\,', 'ü'), maxLength: 8 }).map(s => `"${s}"`)
const gap = fc.string({ unit: fc.constantFrom(' ', '\t', ','), maxLength: 4 })

describe('fieldLines and fieldValue', () => {
  const raw = ['Vary', 'a', 'X', '1', 'vary', '', 'VARY', 'b']

  it('finds every line in order, whatever the case of its name', () => {
    expect(fieldLines(raw, 'vary')).toEqual(['a', '', 'b'])
    expect(fieldValue(raw, 'vary')).toBe('a, , b')
    expect(fieldValue(raw, 'x')).toBe('1')
  })

  it('tells an absent field from an empty one', () => {
    expect(fieldValue(raw, 'y')).toBeUndefined()
    expect(fieldLines(raw, 'y')).toEqual([])
    expect(fieldValue(['y', ''], 'y')).toBe('')
  })

  it('takes names of object properties for names', () => {
    expect(fieldValue(['__proto__', 'x'], '__proto__')).toBe('x')
    expect(fieldValue(['a', 'x'], 'constructor')).toBeUndefined()
  })

  it('leaves out a name without a value', () => {
    expect(fieldLines(['a', '1', 'a'], 'a')).toEqual(['1'])
  })
})

describe('isToken', () => {
  it('holds for exactly the token characters', () => {
    for (let code = 0; code < 0x180; code++) {
      const c = String.fromCharCode(code)
      expect([c, isToken(c)]).toEqual([c, TOKEN_CHARS.includes(c)])
    }
  })

  it('does not hold for nothing, or for a part', () => {
    expect(isToken('')).toBe(false)
    expect(isToken('ab c')).toBe(false)
    expect(isToken('abc')).toBe(true)
  })
})

describe('listMembers', () => {
  test.each([
    ['', []],
    [' ,\t, ', []],
    ['a', ['a']],
    ['a,b , c', ['a', 'b', 'c']],
    [', a b ,,', ['a b']],
    ['a="x, y", b', ['a="x, y"', 'b']],
    ['a="x\\", y", b', ['a="x\\", y"', 'b']],
    ['a="\\\\", b', ['a="\\\\"', 'b']],
    ['a\\, b', ['a\\', 'b']],
    ['a="x, b ', ['a="x, b ']],
    ['a="x\\', ['a="x\\']],
    ['"', ['"']]
  ])('%j', (value, members) => {
    expect(listMembers(value)).toEqual(members)
  })

  it('finds the members a list was made of', () => {
    const member = fc.array(fc.oneof(token, quoted), { minLength: 1, maxLength: 3 }).map(parts => parts.join('='))
    fc.assert(fc.property(fc.array(fc.tuple(gap, member, gap)), list => {
      expect(listMembers(list.map(([before, m, after]) => before + m + after).join(','))).toEqual(list.map(([, m]) => m))
    }))
  })

  it('finds members in anything, none of them empty, and loses no character but blanks and commas', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ' ', '\t', 'ÿ') }), value => {
      const members = listMembers(value)
      expect(members.every(m => m !== '' && !/^[ \t,]/.test(m))).toBe(true)
      expect(members.join('').replace(/[ \t,]/g, '')).toBe(value.replace(/[ \t,]/g, ''))
    }))
  })
})

describe('endToEnd', () => {
  it('removes what belongs to one hop and keeps order, case and duplicates of the rest', () => {
    expect(endToEnd([
      'Set-Cookie', 'a', 'Connection', 'close', 'KEEP-ALIVE', 'timeout=5', 'Proxy-Connection', 'x', 'TE', 'trailers',
      'Trailer', 'y', 'Transfer-Encoding', 'chunked', 'Upgrade', 'z', 'Proxy-Authenticate', 'Basic', 'Set-Cookie', 'b'
    ])).toEqual(['Set-Cookie', 'a', 'Proxy-Authenticate', 'Basic', 'Set-Cookie', 'b'])
  })

  it('removes what Connection names, over several lines', () => {
    expect(endToEnd(['X-A', '1', 'connection', 'close, x-a', 'X-B', '2', 'Connection', ' X-B ,', 'X-C', '3'])).toEqual(['X-C', '3'])
  })

  it('removes what the caller names', () => {
    expect(endToEnd(['Age', '1', 'ETag', '"x"'], new FieldNames(['age']))).toEqual(['ETag', '"x"'])
  })

  it.each(['Cache-Control', 'Vary', 'Set-Cookie', 'Age', 'Date', 'Expires', 'Content-Encoding', 'Authorization', 'Cookie', 'Host'])(
    'does not let Connection take %s away', name => {
      expect(endToEnd([name, 'x', 'Connection', name])).toEqual([name, 'x'])
    })
})

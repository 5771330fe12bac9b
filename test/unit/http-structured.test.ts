import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDictionary, readStrings } from '../../src/http/structured.js'

describe('a List of Strings (RFC 9651 §3.1, §3.3.3)', () => {
  it.each<[string, string[]]>([
    ['"a", "b"', ['a', 'b']], ['"a";x=1;y,"b"', ['a', 'b']], ['"a", "a"', ['a', 'a']], ['""', ['']],
    [String.raw`"a\"b\\c, d"`, ['a"b\\c, d']], [' "a" ', ['a']], ['', []]
  ])('%j', (value, strings) => {
    expect(readStrings(value)).toEqual(strings)
  })

  it.each(['"a', '"a",', 'a', '"a", b', '1', '("a")', '"a" "b"', '"é"', String.raw`"\n"`, "'a'", ':YQ==:', '?1', '%"a"'])('%j is none', value => {
    expect(readStrings(value)).toBeUndefined()
  })

  it('holds what RFC 9875 §2 asks for, and has an end', () => {
    const groups = Array.from({ length: 32 }, (_, i) => String(i).padStart(32, 'g'))
    expect(readStrings(groups.map(group => `"${group}"`).join(', '))).toEqual(groups)
    expect(readStrings(`"${'a'.repeat(8190)}"`)).toHaveLength(1)
    expect(readStrings(`"${'a'.repeat(8191)}"`)).toBeUndefined()
  })
})

describe('a Dictionary (RFC 9651 §3.2)', () => {
  it('is read without parameters, the last of one name counting', () => {
    expect(readDictionary('a, b=?0, c=("x";p "y");q, d=1;e=2, a="z"')).toEqual(new Map<string, unknown>([['a', 'z'], ['b', false], ['c', ['x', 'y']], ['d', 1]]))
  })

  it('is none where it is malformed', () => {
    for (const value of ['A', 'a=', 'a,', 'a=(', '"a"', '=1']) expect(readDictionary(value), value).toBeUndefined()
  })
})

it('nothing throws', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), value => {
    readStrings(value)
    readDictionary(value)
  }))
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonError, parseJson } from '../../src/config/json.js'

function where (text: string): string {
  try {
    parseJson(text)
  } catch (thrown) {
    if (thrown instanceof JsonError) return `${thrown.line}:${thrown.column} ${thrown.message}`
    throw thrown
  }
  return 'accepted'
}

describe('reading JSON', () => {
  test('reads what JSON.parse reads, to the same value', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)))
    }))
  })

  test('accepts nothing that JSON.parse refuses, and refuses only repeated keys besides', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', 'a', '\\', '0', '-', '.', 'e', 'tru', 'null', ' ', '\n', '\u0000', '\u007f', '"a"', 'u0041')
    fc.assert(fc.property(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(3), piece, (text, position, drop, insert) => {
      const at = position % (text.length + 1)
      const mutant = text.slice(0, at) + insert + text.slice(at + drop)
      let expected: string
      try {
        expected = JSON.stringify(JSON.parse(mutant))
      } catch {
        expect(() => parseJson(mutant)).toThrow(JsonError)
        return
      }
      const verdict = where(mutant)
      if (!verdict.includes('there twice')) expect(JSON.stringify(parseJson(mutant))).toBe(expected)
    }), { numRuns: 1000 })
  })

  test.each([
    ['{"a": 1,\n  "b": tru}', '2:8 found "t" where a value should be'],
    ['{"a": 1,}', '1:9 found "}" where a key in double quotes should be'],
    ['{"a" 1}', '1:6 found "1" where ":" should be'],
    ['[1 2]', '1:4 found "2" where "," or "]" should be'],
    ['{"a":1', '1:7 found the end of the file where "," or "}" should be'],
    ['{} x', '1:4 found "x" where the end of the file should be'],
    ['{"a":1, "a":2}', '1:9 the key "a" is there twice'],
    ['"\\x"', '1:1 found a string with a character or escape that JSON does not have'],
    ['// no', '1:1 found "/" where a value should be'],
    ['01', '1:1 found "0" where a value should be'],
    ['', '1:1 found the end of the file where a value should be']
  ])('%j: %s', (text, expected) => {
    expect(where(text)).toBe(expected)
  })

  test('depth is bounded', () => {
    expect(where('['.repeat(100_000))).toContain('nested too deeply')
  })

  test('__proto__ and constructor are data', () => {
    const value = parseJson('{"__proto__":{"polluted":1},"constructor":2}') as object
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalTarget, readSearchRule } from '../../src/policy/no-vary-search.js'

function canonical (field: string, target: string): string {
  const rule = readSearchRule(field)
  if (rule === undefined) throw new Error(`no rule: ${field}`)
  return canonicalTarget(rule, target)
}

describe('the field (draft-ietf-httpbis-no-vary-search, "Parsing")', () => {
  it.each([
    'unknown-key', 'key-order="not a boolean"', 'params="not a boolean or inner list"', 'params=(not-a-string)', 'params=("a"), except=("x")',
    'params=(), except=()', 'params=?0, except=("x")', 'params, except=(not-a-string)', 'params, except="not an inner list"', 'params, except=?1',
    'except=("x")', 'except=()', 'params=?0', 'params=()', 'key-order=?0', '', 'params=("a"', 'params=("%ff")', 'params=1', 'key-order=1'
  ])('%j leaves all of the query count', value => {
    expect(readSearchRule(value)).toBeUndefined()
  })

  it.each([['params', 'params=?1'], ['key-order', 'key-order=?1'], ['params, key-order, except=("x")', 'key-order, params, except=("x");a'], ['params=("a b")', 'params=("a+b"), new=1']])('%j is %j', (one, other) => {
    expect(readSearchRule(one)).toBeDefined()
    expect(readSearchRule(one)).toEqual(readSearchRule(other))
  })
})

describe('a canonical target ("Comparing")', () => {
  it.each([
    ['params', '/p?a=1&b', '/p?'], ['params', '/p', '/p?'], ['params', '/p?', '/p?'],
    ['params=("a")', '/p?a=1&b=2&a=3&A=1', '/p?b=2&A=1'], ['params=("a")', '/p?b=2&&', '/p?b=2'],
    ['params, except=("id")', '/p?x=1&id=2&y&id=1', '/p?id=2&id=1'],
    ['key-order', '/p?b=1&a=2&b=0', '/p?a=2&b=1&b=0'],
    ['key-order, params=("utm")', '/p?z=1&utm=x&a=1', '/p?a=1&z=1'],
    // names are compared decoded
    ['params=("%C3%A9+%E6%B0%97")', '/p?%c3%a9%20%E6%b0%97=1&\xc3\xa9+%E6%B0%97=2&b', '/p?b'],
    ['params=("?a")', '/p??a=1', '/p?'],
    // values, and names that count, byte for byte: origins differ in what they make of them
    ['key-order', '/p?a=%78&a', '/p?a=%78&a'], ['key-order', '/p?a=&%61', '/p?a=&%61'],
    // what cannot be decoded counts
    ['params', '/p?%ff=1&%=2&a=3', '/p?%ff=1']
  ])('by %j of %j is %j', (field, target, expected) => {
    expect(canonical(field, target)).toBe(expected)
  })

  it('is shared only by targets that are equivalent', () => {
    const name = fc.constantFrom('a', 'b', '%61', 'c+d', 'c%20d', '', '%ff', '\xe9', '%')
    const param = fc.tuple(name, fc.constantFrom('', '=', '=1', '=%31', '=1=')).map(parts => parts.join(''))
    const query = fc.array(param, { maxLength: 4 }).map(params => params.join('&'))
    const field = fc.constantFrom('params', 'params=("a")', 'params=("c+d" "b")', 'params, except=("a" "c d")', 'key-order', 'key-order, params=("a")')
    fc.assert(fc.property(field, query, query, (value, one, other) => {
      if (canonical(value, `/?${one}`) === canonical(value, `/?${other}`)) expect(relevant(value, one)).toEqual(relevant(value, other))
    }), { numRuns: 3000 })
  })

  it('stands for itself', () => {
    const field = fc.constantFrom('params', 'params=("a")', 'params, except=("a")', 'key-order')
    fc.assert(fc.property(field, fc.stringMatching(/^[ab=&%61+?]*$/), (value, query) => {
      const once = canonical(value, `/?${query}`)
      expect(canonical(value, once)).toBe(once)
    }))
  })
})

/** The draft's own algorithm, on the platform's application/x-www-form-urlencoded parser. */
function relevant (field: string, query: string): string[][] {
  const rule = readSearchRule(field)!
  const bytes = query.replace(/[\x80-\xff]/g, byte => `%${byte.charCodeAt(0).toString(16)}`)
  const pairs = [...new URLSearchParams(`?${bytes}`)].filter(([name]) => rule.named.has(name) !== rule.others)
  return rule.ordered ? pairs : pairs.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
}

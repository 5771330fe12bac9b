/** Tags as origins write them. */
import { describe, expect, it } from 'vitest'
import { MAX_TAG_BYTES, MAX_TAGS, groupTags, mergeTags, readTags, responseTags, splitTags, tagsFit } from '../../src/http/tags.js'

describe('readTags', () => {
  it.each<[string, string[], string[]]>([
    ['none', ['content-type', 'text/plain'], []],
    ['spaces', ['Surrogate-Key', 'a b\tc  d '], ['a', 'b', 'c', 'd']],
    ['a comma is part of a Surrogate-Key', ['surrogate-key', 'a,b'], ['a,b']],
    ['commas', ['CACHE-TAG', 'a, b ,c,,d e'], ['a', 'b', 'c', 'd e']],
    ['xkey takes either', ['xkey', 'a b,c'], ['a', 'b', 'c']],
    ['several lines and headers, in order, once', ['xkey', 'b', 'surrogate-key', 'a b', 'cache-tag', 'c,a', 'xkey', 'd'], ['b', 'a', 'c', 'd']],
    ['empty', ['surrogate-key', '', 'cache-tag', ' , ,'], []],
    ['blanks at the ends, a long one inside', ['cache-tag', ` \ta  \t b\t , c `], ['a  \t b', 'c']],
    ['bytes that Unicode calls spaces', ['xkey', '\xc3\xa0', 'cache-tag', '\xa0b\xa0, \xa0', 'surrogate-key', 'c\xa0'], ['\xc3\xa0', '\xa0b\xa0', '\xa0', 'c\xa0']],
    ['case is kept', ['xkey', 'A a'], ['A', 'a']],
    ['names of properties', ['xkey', '__proto__ constructor'], ['__proto__', 'constructor']],
    ['a name without a value', ['xkey'], []],
    ['a header named like a property', ['constructor', 'a', '__proto__', 'b'], []]
  ])('%s', (_, headers, tags) => { expect(readTags(headers)).toEqual(tags) })
})

describe('splitTags', () => {
  it('follows the convention of the header', () => {
    expect(splitTags('xkey', ' a b,c')).toEqual(['a', 'b', 'c'])
    expect(splitTags('cache-tag', 'a b, c')).toEqual(['a b', 'c'])
    expect(splitTags('surrogate-key', 'a b, c')).toEqual(['a', 'b,', 'c'])
  })
})

describe('mergeTags', () => {
  it('joins without repeats', () => {
    expect(mergeTags([], ['a'])).toEqual(['a'])
    expect(mergeTags(['a'], [])).toEqual(['a'])
    expect(mergeTags(['a', 'b'], ['b', 'c'])).toEqual(['a', 'b', 'c'])
  })
})

describe('tagsFit', () => {
  const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`)

  it.each<[boolean, string[]]>([
    [true, []], [true, many(MAX_TAGS)], [false, many(MAX_TAGS + 1)], [true, ['x'.repeat(MAX_TAG_BYTES)]], [false, ['a', 'x'.repeat(MAX_TAG_BYTES + 1)]]
  ])('%s', (fits, tags) => { expect(tagsFit(tags)).toBe(fits) })
})

describe('cache groups (RFC 9875)', () => {
  const SITE = 'http://example.com'
  const groups = (value: string, site = SITE) => groupTags(['Cache-Groups', value], 'cache-groups', site)

  it('are a List of Strings, parameters aside (§2)', () => {
    expect(groups('"a";x=1, "b c"')).toEqual([`group:${SITE}\na`, `group:${SITE}\nb c`])
    for (const malformed of ['a', '"a', '"a", b', '("a")', '']) expect(groups(malformed), malformed).toEqual([])
  })

  it('of one name at two origins are two, and so are names that differ in case (§2.1)', () => {
    expect(new Set([groups('"a"'), groups('"a"', 'https://example.com'), groups('"a"', `${SITE}:8080`), groups('"A"')].flat()).size).toBe(4)
  })

  it('are tags no header of tags can spell', () => {
    const [group] = groups('"a"')
    for (const header of ['surrogate-key', 'cache-tag', 'xkey'] as const) expect(splitTags(header, group!.replace('\n', ' '))).not.toContain(group)
  })

  it('are read from the field that is asked for, all of its lines', () => {
    const headers = ['Cache-Groups', '"a"', 'Cache-Group-Invalidation', '"b"', 'cache-groups', '"c"']
    expect(groupTags(headers, 'cache-group-invalidation', 's')).toEqual(['group:s\nb'])
    expect(responseTags(['Surrogate-Key', 'x', ...headers], 's')).toEqual(['x', 'group:s\na', 'group:s\nc'])
  })
})

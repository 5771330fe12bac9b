/** Tags as origins write them. */
import { describe, expect, it } from 'vitest'
import { MAX_TAG_BYTES, MAX_TAGS, mergeTags, readTags, splitTags } from '../../src/invalidation/tags.js'

describe('readTags', () => {
  it.each<[string, string[], string[]]>([
    ['none', ['content-type', 'text/plain'], []],
    ['spaces', ['Surrogate-Key', 'a b\tc  d '], ['a', 'b', 'c', 'd']],
    ['a comma is part of a Surrogate-Key', ['surrogate-key', 'a,b'], ['a,b']],
    ['commas', ['CACHE-TAG', 'a, b ,c,,d e'], ['a', 'b', 'c', 'd e']],
    ['xkey takes either', ['xkey', 'a b,c'], ['a', 'b', 'c']],
    ['several lines and headers, in order, once', ['xkey', 'b', 'surrogate-key', 'a b', 'cache-tag', 'c,a', 'xkey', 'd'], ['b', 'a', 'c', 'd']],
    ['empty', ['surrogate-key', '', 'cache-tag', ' , ,'], []],
    ['case is kept', ['xkey', 'A a'], ['A', 'a']],
    ['names of properties', ['xkey', '__proto__ constructor'], ['__proto__', 'constructor']],
    ['a name without a value', ['xkey'], []],
    ['a header named like a property', ['constructor', 'a', '__proto__', 'b'], []]
  ])('%s', (_, headers, tags) => { expect(readTags(headers)).toEqual(tags) })

  it('hears no more than MAX_TAGS, none longer than MAX_TAG_BYTES', () => {
    const long = 'x'.repeat(MAX_TAG_BYTES + 1)
    expect(readTags(['xkey', `${long} ${long.slice(1)}`])).toEqual([long.slice(1)])
    const many = Array.from({ length: MAX_TAGS + 5 }, (_, i) => `t${i}`)
    expect(readTags(['xkey', many.join(' ')])).toEqual(many.slice(0, MAX_TAGS))
  })
})

describe('splitTags', () => {
  it('follows the convention of the header', () => {
    expect(splitTags('xkey', ' a b,c')).toEqual(['a', 'b', 'c'])
    expect(splitTags('cache-tag', 'a b, c')).toEqual(['a b', 'c'])
    expect(splitTags('surrogate-key', 'a b, c')).toEqual(['a', 'b,', 'c'])
  })
})

describe('mergeTags', () => {
  it('joins without repeats, the first list before the cap', () => {
    expect(mergeTags([], ['a'])).toEqual(['a'])
    expect(mergeTags(['a'], [])).toEqual(['a'])
    expect(mergeTags(['a', 'b'], ['b', 'c'])).toEqual(['a', 'b', 'c'])
    expect(mergeTags(['a'], Array.from({ length: MAX_TAGS }, (_, i) => `t${i}`))).toHaveLength(MAX_TAGS)
  })
})

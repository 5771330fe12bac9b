import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StoreKey } from '../../src/core/types.js'
import { variantKey } from '../../src/policy/key.js'
import { contentLanguage, normalLanguages, normalMedia, preferredLanguage } from '../../src/policy/negotiation.js'
import { selectingValue } from '../../src/policy/selecting.js'
import { factsOf } from '../support/policy.js'

describe('Accept-Language, normalised (RFC 9110 §12.5.4)', () => {
  it.each([
    ['en, de', 'de,en'], ['de, en', 'de,en'], ['eN,\tDe', 'de,en'], ['en ,, de', 'de,en'], ['en;q=1.000, de ; q=0.50', 'de;q=0.5,en'],
    ['de-CH-1996, *;q=0', '*;q=0,de-ch-1996'], ['', '']
  ])('%j is %j', (value, normal) => {
    expect(normalLanguages(value)).toBe(normal)
  })

  it.each(['en;q=2, de', 'de, en;x=1', 'de, e_n', 'de, "en"', 'de, toolongalanguage'])('%j is malformed and keeps its order and case', value => {
    expect(normalLanguages(`Z, ${value}`)).toBe(`Z,${value.replaceAll(', ', ',')}`)
  })

  it('tells apart what differs in more than order, case and blanks', () => {
    const member = fc.tuple(fc.constantFrom('en', 'de', 'de-CH', '*'), fc.constantFrom('', ';q=0.5', ';q=0'))
    const list = fc.array(member, { maxLength: 4 })
    const sorted = (members: string[][]): string => JSON.stringify(members.map(([range, weight]) => range!.toLowerCase() + weight!).sort())
    fc.assert(fc.property(list, list, (one, other) => {
      const [a, b] = [one, other].map(members => normalLanguages(members.map(parts => parts.join('')).join(' , ')))
      expect(a === b).toBe(sorted(one) === sorted(other))
    }))
  })
})

describe('Accept, normalised (RFC 9110 §12.5.1)', () => {
  it.each([
    ['text/html, */*;q=0.8', '*/*;q=0.8,text/html'], ['*/* ; q=0.8,Text/HTML', '*/*;q=0.8,text/html'],
    ['a/b;Version=One', 'a/b;Version=One'],
    // a parameter that may hold anything: only blanks between members go
    ['text/html, A/b;x="1; 2, 3"', 'text/html,A/b;x="1; 2, 3"']
  ])('%j is %j', (value, normal) => {
    expect(normalMedia(value)).toBe(normal)
  })
})

describe('a selecting value (RFC 9111 §4.1)', () => {
  const value = (name: string, sent: string, vary: 'exact' | 'normalize' = 'normalize'): string | undefined => selectingValue(name, sent, vary)

  it('is as sent where the route compares exactly', () => {
    expect(value('accept-language', 'en, DE', 'exact')).toBe('en, DE')
    expect(value('foo', '1, 2', 'exact')).toBe('1, 2')
  })

  it('of a list of unknown meaning differs only in blanks and empty members', () => {
    expect(value('foo', '1, 2')).toBe('1,2')
    expect(value('foo', '2,,1')).toBe('2,1')
    expect(value('foo', '"1, 2" ,A b')).toBe('"1, 2",A b')
  })

  it('of what is no list is as sent', () => {
    expect(value('cookie', 'a=1, 2')).toBe('a=1, 2')
    expect(value('authorization', 'Digest a="1", b=2')).toBe('Digest a="1", b=2')
  })

  it('is given itself', () => {
    fc.assert(fc.property(fc.constantFrom('foo', 'accept', 'accept-language', 'accept-encoding'), fc.stringMatching(/^[a-e",;=q.01/* -]*$/), (name, sent) => {
      const once = selectingValue(name, sent, 'normalize')
      if (!once!.startsWith('?')) expect(selectingValue(name, once, 'normalize')).toBe(once)
    }))
  })

  it('is part of the key', () => {
    const key = (sent: string) => variantKey('http://h/' as StoreKey, ['accept-language'], factsOf(['Accept-Language', sent]), 'normalize')
    expect(key('de, en')).toBe(key('EN,de'))
    expect(key('de, en')).not.toBe(key('en;q=0.5,de'))
  })
})

describe('the preferred language', () => {
  it.each([
    ['fr;q=0.5, de;q=1.0', 'de'], ['DE-ch', 'de-ch'], ['en;q=0.5', 'en'],
    ['en, de', undefined], ['*', undefined], ['*, de;q=0.9', undefined], ['de;q=0', undefined], ['', undefined], ['de, ?', undefined]
  ])('of %j is %j', (value, language) => {
    expect(preferredLanguage(value)).toBe(language)
  })

  it('of a response is known where it is exactly one (RFC 9110 §8.5)', () => {
    expect(contentLanguage(['Content-Language', 'De'])).toBe('de')
    for (const value of ['de, en', '', '*', 'd_e']) expect(contentLanguage(['Content-Language', value])).toBeUndefined()
    expect(contentLanguage(['Content-Language', 'de', 'content-language', 'en'])).toBeUndefined()
    expect(contentLanguage([])).toBeUndefined()
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StoreKey } from '../../src/core/types.js'
import { forwardTarget, primaryKey, urlKey, variantKey } from '../../src/policy/key.js'
import { acceptedCodings } from '../../src/policy/selecting.js'
import { varyNames } from '../../src/policy/vary.js'
import { factsOf, routeOf } from '../support/policy.js'

const none = { ignore: [], only: undefined, sort: false }
const URL_KEY = 'http://h/' as StoreKey

describe('the forwarded target', () => {
  it('is the identical string where no rule applies', () => {
    for (const target of ['/', '/?', '/a?b&&c=%2f', '/a?b=?#']) {
      expect(forwardTarget(target, none)).toBe(target)
      expect(forwardTarget(target, { ignore: ['utm_*'], only: undefined, sort: false })).toBe(target)
    }
  })

  it('loses ignored parameters, by name or prefix, byte for byte', () => {
    const rules = { ignore: ['utm_*', 'fbclid'], only: undefined, sort: false }
    expect(forwardTarget('/p?utm_source=x&a=1&fbclid=2&b', rules)).toBe('/p?a=1&b')
    expect(forwardTarget('/p?utm_source=x', rules)).toBe('/p')
    expect(forwardTarget('/p?utm_=1&utm%5Fx=1&Fbclid=1&fbclids=1', rules)).toBe('/p?utm%5Fx=1&Fbclid=1&fbclids=1')
  })

  it('keeps only the parameters that count', () => {
    expect(forwardTarget('/p?a=1&b=2&page=3', { ignore: ['b'], only: ['page', 'b'], sort: false })).toBe('/p?page=3')
    expect(forwardTarget('/p?a=1', { ignore: [], only: [], sort: false })).toBe('/p')
  })

  it('sorts by name and keeps the order within a name', () => {
    expect(forwardTarget('/p?b=2&a=9&b=1&a=8', { ...none, sort: true })).toBe('/p?a=9&a=8&b=2&b=1')
  })

  it('takes __proto__ and constructor for names like others', () => {
    expect(forwardTarget('/p?__proto__=1&constructor=2', { ...none, ignore: ['constructor'] })).toBe('/p?__proto__=1')
    expect(forwardTarget('/p?constructor=2', { ...none, ignore: ['x'] })).toBe('/p?constructor=2')
  })

  it('is what is keyed: applying the rules again changes nothing', () => {
    const query = fc.string({ unit: fc.constantFrom('a', 'b', '=', '&', '?', '%'), maxLength: 12 })
    const rules = fc.record({ ignore: fc.subarray(['a', 'b*', '']), only: fc.option(fc.subarray(['a', 'ab', 'b']), { nil: undefined }), sort: fc.boolean() })
    fc.assert(fc.property(query, rules, (q, r) => {
      const once = forwardTarget(`/p?${q}`, r)
      expect(forwardTarget(once, r)).toBe(once)
    }), { numRuns: 1000 })
  })
})

describe('keys', () => {
  const keyed = (raw: readonly string[], headers: string[], cookies: string[] = []): StoreKey =>
    primaryKey(URL_KEY, routeOf({ key: { headers, cookies } }).key, factsOf(raw))

  it('are the URL itself where the route adds nothing', () => {
    const { key } = routeOf()
    expect(primaryKey(urlKey('http://h', '/p?q'), key, factsOf(['Cookie', 'a=1']))).toBe('http://h/p?q')
    expect(variantKey(URL_KEY, [], factsOf(), 'exact')).toBe(URL_KEY)
  })

  it('tell absent from empty', () => {
    expect(keyed([], ['x'])).not.toBe(keyed(['X', ''], ['x']))
    expect(variantKey(URL_KEY, ['x'], factsOf(), 'exact')).not.toBe(variantKey(URL_KEY, ['x'], factsOf(['X', '']), 'exact'))
    expect(keyed([], [], ['c'])).not.toBe(keyed(['Cookie', 'c='], [], ['c']))
  })

  it('pick cookies by name', () => {
    const a = keyed(['Cookie', 'lang=de; session=1'], [], ['lang'])
    expect(keyed(['Cookie', 'session=2;lang=de'], [], ['lang'])).toBe(a)
    expect(keyed(['Cookie', 'session=1', 'Cookie', 'lang=de'], [], ['lang'])).toBe(a)
    expect(keyed(['Cookie', 'lang=en'], [], ['lang'])).not.toBe(a)
    expect(keyed(['Cookie', 'lang=de; lang=en'], [], ['lang'])).not.toBe(a)
    expect(keyed(['Cookie', 'a="1; lang=de; b="'], [], ['lang'])).not.toBe(keyed(['Cookie', 'a=1; lang=de; b='], [], ['lang']))
    // some origins take a comma or a blank for the end of a pair, or what Unicode calls a blank for nothing
    const told = ['a=1, lang=de', 'a=1,lang=de', 'a=1 lang=de', '\xa0lang=de', 'lang\x85=de', 'lang =de', 'lang=de', ''].map(cookie => keyed(['Cookie', cookie], [], ['lang']))
    expect(new Set(told).size).toBe(told.length)
    expect(keyed(['Cookie', 'constructor=1'], [], ['constructor'])).not.toBe(keyed([], [], ['constructor']))
  })

  it('are never shared by two different requests', () => {
    const value = fc.option(fc.string({ unit: fc.constantFrom('a', '\n', 'h', '1', ':', '=', '-', ','), maxLength: 8 }), { nil: undefined })
    const request = fc.record({ x: value, y: value })
    const names = fc.subarray(['x', 'y'], { minLength: 1 })
    const raw = (r: { x: string | undefined, y: string | undefined }): string[] =>
      Object.entries(r).flatMap(([name, v]) => v === undefined ? [] : [name, v])
    fc.assert(fc.property(request, request, names, (one, other, picked) => {
      const same = picked.every(name => one[name as 'x'] === other[name as 'x'])
      expect(keyed(raw(one), picked) === keyed(raw(other), picked)).toBe(same)
      expect(variantKey(URL_KEY, picked, factsOf(raw(one)), 'exact') === variantKey(URL_KEY, picked, factsOf(raw(other)), 'exact')).toBe(same)
    }), { numRuns: 2000 })
  })

  it('of a route, of Vary and of a URL never meet', () => {
    expect(variantKey(URL_KEY, ['x'], factsOf(['X', '1']), 'exact')).not.toBe(keyed(['X', '1'], ['x']))
    expect(keyed(['Cookie', 'x=1'], [], ['x'])).not.toBe(keyed(['X', 'x=1'], ['x']))
  })
})

describe('Vary', () => {
  it('gives its names in lower case, sorted, each once', () => {
    expect(varyNames(undefined)).toEqual([])
    expect(varyNames(' Foo ,, accept-encoding,FOO')).toEqual(['accept-encoding', 'foo'])
    expect(varyNames('__proto__, constructor')).toEqual(['__proto__', 'constructor'])
  })

  it('with a star anywhere matches nothing (RFC 9111 §4.1)', () => {
    for (const value of ['*', '*, *', ', *', 'Foo, *', '*, Foo', 'a b, *']) expect(varyNames(value), value).toBe('*')
  })

  it('with what is no name is bad', () => {
    for (const value of ['a b', 'a;b', '"a"', 'a, b:']) expect(varyNames(value), value).toBe('bad')
  })
})

describe('Accept-Encoding (RFC 9110 §12.5.3)', () => {
  it.each([
    ['gzip, br', 'br,gzip'], ['br,gzip;q=0.8', 'br,gzip'], ['BR , x-gzip;Q=1', 'br,gzip'], ['gzip;q=0, br', 'br'], ['', ''],
    ['identity', ''], ['gzip;q=0', ''], ['identity;q=0, gzip', '!identity,gzip'], ['*;q=0, gzip', '!identity,gzip'],
    ['*;q=0, identity, gzip', 'gzip'], ['*', '*'], ['*, gzip', '*'], ['*, br;q=0', '!br,*'], ['*, identity;q=0.0', '!identity,*'],
    ['gzip, gzip;q=0.3', 'gzip'], ['gzip, gzip;q=0', '?gzip, gzip;q=0'], ['gzip;q=2', '?gzip;q=2'], ['gzip;level=9', '?gzip;level=9'],
    ['gzip;q=0.0001', '?gzip;q=0.0001'], ['__proto__, constructor', '__proto__,constructor']
  ])('%j accepts %j', (value, set) => {
    expect(acceptedCodings(value)).toBe(set)
    const same = variantKey(URL_KEY, ['accept-encoding'], factsOf(['Accept-Encoding', value]), 'exact')
    expect(same).toBe(`${URL_KEY}\nv15:accept-encoding=${set.length}:${set}`)
  })

  it('tells absent from empty', () => {
    expect(variantKey(URL_KEY, ['accept-encoding'], factsOf(), 'exact')).toBe(`${URL_KEY}\nv15:accept-encoding-`)
  })

  it('gives one variant to two clients only if each accepts what the other does', () => {
    const coding = fc.constantFrom('gzip', 'x-gzip', 'br', 'identity', '*', 'zstd')
    const member = fc.tuple(coding, fc.constantFrom('', ';q=0', ';q=0.5', ' ; q=1.0')).map(m => m.join(''))
    const field = fc.array(member, { maxLength: 4 }).map(m => m.join(', '))
    fc.assert(fc.property(field, field, (a, b) => {
      if (acceptedCodings(a) !== acceptedCodings(b)) return
      for (const c of ['gzip', 'br', 'zstd', 'identity', 'other']) expect(accepts(a, c), `${a} | ${b} | ${c}`).toBe(accepts(b, c))
    }), { numRuns: 5000 })
  })

  it('stays right when more values come than are remembered', () => {
    const key = (value: string): string => variantKey(URL_KEY, ['accept-encoding'], factsOf(['Accept-Encoding', value]), 'exact')
    for (let i = 0; i < 600; i++) key(`c${i}`)
    expect(key('c1, c0')).toBe(key('c0,c1'))
    const long = `${'c,'.repeat(100)}d`
    expect(key(long)).toBe(key('d,c'))
  })
})

/** An independent reading of RFC 9110 §12.5.3; fields that contradict themselves are not asked. */
function accepts (field: string, coding: string): boolean {
  const weights = new Map(field.split(',').map(m => m.trim()).filter(m => m !== '').map(m => {
    const [name, q] = m.split(';').map(p => p.trim())
    return [name === 'x-gzip' ? 'gzip' : name!, q === undefined ? 1 : Number(q.slice(2))]
  }))
  return (weights.get(coding) ?? weights.get('*') ?? (coding === 'identity' ? 1 : 0)) > 0
}

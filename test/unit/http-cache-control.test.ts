import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { deltaSeconds, parseCacheControl, readRequestDirectives, readResponseDirectives, type ResponseDirectives } from '../../src/http/cache-control.js'

const HOUR = 3_600_000
const parsed = (value: string): object => Object.fromEntries(parseCacheControl(value))

describe('parseCacheControl', () => {
  test.each<[string, object]>([
    ['', {}],
    [' ,\t,', {}],
    ['no-store', { 'no-store': true }],
    ['No-Store , MAX-age=5', { 'no-store': true, 'max-age': '5' }],
    ['a="x, y", b="\\", c"', { a: '"x, y"', b: '"\\", c"' }],
    ['a=, b', { a: '', b: true }],
    // malformed: every token counts, without an argument
    ['private; max-age=60, b=1', { private: '', 'max-age': '', 60: '', b: '1' }],
    ['Private; x, b="', { private: '', x: '', b: '' }],
    ['no-cache no-store, b', { 'no-cache': '', 'no-store': '', b: true }],
    ['max-age= 60', { 'max-age': '', 60: '' }],
    ['max-age =60', { 'max-age': '', 60: '' }],
    ['=5, b', { 5: '', b: true }],
    // in doubt about a quote, about everything
    ['a="x, no-store, b=1', { a: '', x: '', 'no-store': '', b: '', 1: '' }],
    ['a"x, b", max-age=60', { a: '', x: '', b: '', 'max-age': '', 60: '' }],
    ['c=1, a="x"y, b=1', { c: '', a: '', x: '', y: '', b: '', 1: '' }],
    // twice
    ['a=1, a=1', { a: '1' }],
    ['a=2, a=1, a=3', { a: '1' }],
    ['a=1, a="2"', { a: '1' }],
    ['a, a=1', { a: '' }],
    ['a=x, a=1', { a: '' }],
    ['min-fresh=1, min-fresh=3, min-fresh=2', { 'min-fresh': '3' }]
  ])('%j', (value, directives) => {
    expect(parsed(value)).toEqual(directives)
  })

  it('is empty for an absent field', () => {
    expect(parseCacheControl(undefined).size).toBe(0)
  })

  it('takes names of object properties for names', () => {
    const directives = parseCacheControl('__proto__=1, constructor')
    expect([...directives]).toEqual([['__proto__', '1'], ['constructor', true]])
  })

  it('reads what a well-formed field was made of', () => {
    const gap = fc.constantFrom('', ' ', '\t ', ' , ')
    const argument = fc.oneof(fc.constant(''), fc.stringMatching(/^=[a-z0-9'.-]{1,5}$/), fc.stringMatching(/^="([ ,=a;]|\\["\\])*"$/))
    const member = fc.tuple(gap, fc.stringMatching(/^[a-zA-Z-]{1,6}$/), argument, gap)
    fc.assert(fc.property(fc.uniqueArray(member, { selector: ([, name]) => name.toLowerCase() }), members => {
      const directives = parseCacheControl(members.map(m => m.join('')).join(','))
      expect([...directives]).toEqual(members.map(([, name, arg]) => [name.toLowerCase(), arg === '' ? true : arg.slice(1)]))
    }))
  })
})

describe('deltaSeconds', () => {
  test.each<[string | true | undefined, number | undefined]>([
    ['60', 60], ['"60"', 60], ['0060', 60], ['99999999999', 2 ** 31], [undefined, undefined], [true, undefined], ['', undefined],
    ['""', undefined], ['"', undefined], ['"60', undefined], ["'60'", undefined], ['""60""', undefined], ['"6\\0"', undefined],
    ['60.0', undefined], ['-60', undefined], ['60a', undefined], [' 60', undefined]
  ])('%j', (argument, seconds) => {
    expect(deltaSeconds(argument)).toBe(seconds)
  })
})

describe('readResponseDirectives', () => {
  it('says nothing of an absent field', () => {
    expect(Object.values(readResponseDirectives(undefined)).every(v => v === false)).toBe(true)
  })

  it('reads every directive', () => {
    expect(readResponseDirectives(
      'no-store, no-cache, private, public, must-revalidate, proxy-revalidate, must-understand, immutable, max-age=1, s-maxage=2, stale-while-revalidate=3, stale-if-error=4'
    )).toEqual({
      noStore: true, noCache: true, private: true, public: true, mustRevalidate: true, proxyRevalidate: true, mustUnderstand: true,
      immutable: true, maxAge: 1000, sMaxage: 2000, staleWhileRevalidate: 3000, staleIfError: 4000
    })
  })

  // the names are the public suite's
  test.each([
    ['quoted', 'max-age="3600"', HOUR],
    ['leading zero', 'max-age=003600', HOUR],
    ['overflow', 'max-age=99999999999', 2 ** 31 * 1000],
    ['extension', 'foobar, max-age=3600', HOUR],
    ['case-insensitive', 'MaX-aGe=3600', HOUR],
    ['single-quoted', "max-age='3600'", 0],
    ['ignore-quoted', 'extension="max-age=3600", max-age=1', 1000],
    ['ignore-quoted-rev', 'max-age=1, extension="max-age=3600"', 1000],
    ['ignore-quoted-all', 'extension="max-age=3600", max-age="1"', 1000],
    ['only quoted', 'extension="max-age=3600"', undefined],
    ['negative', 'max-age=-3600', 0],
    ['decimal', 'max-age=3600.0', 0],
    ['space before equals', 'max-age =3600', 0],
    ['space after equals', 'max-age= 3600', 0],
    ['leading alpha', 'max-age=a3600', 0],
    ['trailing alpha', 'max-age=3600a', 0],
    ['no argument', 'max-age', 0],
    ['multiple', 'max-age=3600, max-age=1800', HOUR / 2],
    ['multiple, one malformed', 'max-age=3600, max-age=x', 0],
    ['a longer name', 'x-max-age=3600', undefined]
  ])('max-age, %s', (_, field, ms) => {
    expect(readResponseDirectives(field).maxAge).toBe(ms)
  })

  it('takes the stricter of two stale windows, and none where one is malformed', () => {
    expect(readResponseDirectives('stale-while-revalidate=9, stale-while-revalidate=3').staleWhileRevalidate).toBe(3000)
    expect(readResponseDirectives('stale-if-error=x').staleIfError).toBe(0)
    expect(readResponseDirectives('s-maxage=').sMaxage).toBe(0)
  })

  it.each(['no-store', 'no-cache', 'private', 'must-revalidate', 'proxy-revalidate'])('holds %s in any form', name => {
    const key = { 'no-store': 'noStore', 'no-cache': 'noCache', private: 'private', 'must-revalidate': 'mustRevalidate', 'proxy-revalidate': 'proxyRevalidate' }[name] as keyof ResponseDirectives
    for (const field of [name, `${name}="set-cookie, x"`, `${name}=x`, `${name}=`, `x ${name}`, `${name};x`, `x="y, ${name}`, `${name}, ${name}=1`]) {
      expect([field, readResponseDirectives(field)[key]]).toEqual([field, true])
    }
  })

  it.each(['public', 'immutable', 'must-understand'])('grants %s only where it is well-formed', name => {
    const key = { public: 'public', immutable: 'immutable', 'must-understand': 'mustUnderstand' }[name] as keyof ResponseDirectives
    for (const field of [`${name}=x`, `${name};x`, `x ${name}`, `x="y, ${name}`, `x="${name}"`]) expect([field, readResponseDirectives(field)[key]]).toEqual([field, false])
  })

  it('stores nothing under a malformed must-understand', () => {
    expect(readResponseDirectives('must-understand').noStore).toBe(false)
    expect(readResponseDirectives('must-understand=1').noStore).toBe(true)
  })

  it('grants nothing more when a field is damaged', () => {
    const member = fc.constantFrom('public', 'immutable', 'must-understand', 'max-age=60', 's-maxage="70"', 'stale-while-revalidate=5',
      'stale-if-error=6', 'ext', 'ext="public, max-age=99, s-maxage=99, immutable"', 'x-max-age=99', 'e="\\", public, max-age=99"')
    fc.assert(fc.property(fc.uniqueArray(member), fc.nat(), fc.constantFrom('"', ' ', ';', '=', '\\', '\0', 'ü', '""'), (members, at, damage) => {
      const field = members.join(', ')
      const cut = at % (field.length + 1)
      const [before, after] = [field, field.slice(0, cut) + damage + field.slice(cut)].map(readResponseDirectives)
      for (const key of ['public', 'immutable', 'mustUnderstand'] as const) expect(Number(after![key])).toBeLessThanOrEqual(Number(before![key]))
      for (const key of ['maxAge', 'sMaxage', 'staleWhileRevalidate', 'staleIfError'] as const) {
        expect(after![key] ?? 0).toBeLessThanOrEqual(before![key] ?? 0)
      }
    }), { numRuns: 2000 })
  })

  it('forbids whatever is forbidden outside a quoted-string, however the field looks otherwise', () => {
    const junk = fc.string({ unit: fc.constantFrom('a', '"', ',', ' ', '=', ';', '\\', 'ü', '\0') })
    fc.assert(fc.property(junk, fc.constantFrom('', ',', ' ', ';', '=1'), junk, (before, gap, after) => {
      fc.pre(!hasWellFormedQuotes(before + gap + after))
      expect(readResponseDirectives(`${before},no-store${gap},${after}`).noStore).toBe(true)
    }), { numRuns: 1000 })
  })
})

/** Two quotes may enclose what lies between them; fewer never do. */
function hasWellFormedQuotes (text: string): boolean {
  return text.split('"').length > 2
}

describe('readRequestDirectives', () => {
  const none = { noCache: false, noStore: false, onlyIfCached: false }

  it('reads every directive', () => {
    expect(readRequestDirectives('no-cache, no-store, only-if-cached, max-age=1, min-fresh=2, max-stale=3, stale-if-error=4', undefined)).toEqual({
      noCache: true, noStore: true, onlyIfCached: true, maxAge: 1000, minFresh: 2000, maxStale: 3000, staleIfError: 4000
    })
    expect(readRequestDirectives('max-stale', undefined)).toEqual({ ...none, maxStale: Infinity })
    expect(readRequestDirectives(undefined, undefined)).toEqual(none)
  })

  it('listens to Pragma only where there is no Cache-Control', () => {
    expect(readRequestDirectives(undefined, 'No-Cache')).toEqual({ ...none, noCache: true })
    expect(readRequestDirectives(undefined, 'x, no-cache')).toEqual({ ...none, noCache: true })
    expect(readRequestDirectives(undefined, 'x="no-cache"')).toEqual(none)
    expect(readRequestDirectives(undefined, 'no-store')).toEqual(none)
    expect(readRequestDirectives('max-age=5', 'no-cache')).toEqual({ ...none, maxAge: 5000 })
    expect(readRequestDirectives('', 'no-cache')).toEqual(none)
  })

  it('reads what is malformed so that less is answered from the store', () => {
    expect(readRequestDirectives('max-age=x, min-fresh=x, max-stale=x, stale-if-error=x', undefined)).toEqual({
      ...none, maxAge: 0, minFresh: Infinity, maxStale: 0, staleIfError: 0
    })
    expect(readRequestDirectives('max-stale, max-stale=5', undefined).maxStale).toBe(0)
    expect(readRequestDirectives('min-fresh=5, min-fresh=10', undefined).minFresh).toBe(10_000)
    expect(readRequestDirectives('no-store no-cache; only-if-cached', undefined)).toEqual({ noCache: true, noStore: true, onlyIfCached: false })
  })
})

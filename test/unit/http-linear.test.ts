/** Every reader of a field takes linear time: 64 KiB of what makes parsers slow is read in under a millisecond. */
import { expect, test } from 'vitest'
import { parseAge, expiresLifetime } from '../../src/http/age.js'
import { deltaSeconds, readRequestDirectives, readResponseDirectives } from '../../src/http/cache-control.js'
import { ifRangeHolds, notModified, weakMatch } from '../../src/http/conditional.js'
import { parseHttpDate } from '../../src/http/date.js'
import { endToEnd, isToken, listMembers } from '../../src/http/fields.js'
import { selectRange } from '../../src/http/range.js'
import { readDictionary, readStrings } from '../../src/http/structured.js'
import { groupTags, readTags } from '../../src/http/tags.js'
import { normalLanguages, normalMedia, preferredLanguage } from '../../src/policy/negotiation.js'
import { canonicalTarget, readSearchRule } from '../../src/policy/no-vary-search.js'
import { acceptedCodings } from '../../src/policy/selecting.js'

const SIZE = 65_536
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
const stored = { etag: '"a"', lastModified: DATE, date: DATE }

const READERS: Record<string, (field: string) => unknown> = {
  listMembers,
  isToken,
  endToEnd: field => endToEnd(['Connection', field]),
  readResponseDirectives,
  readRequestDirectives: field => readRequestDirectives(field, undefined),
  pragma: field => readRequestDirectives(undefined, field),
  deltaSeconds,
  parseAge: field => parseAge([field]),
  expires: field => expiresLifetime([field], field, 0),
  parseHttpDate: field => parseHttpDate(field),
  ifNoneMatch: field => notModified({ ifNoneMatch: field, ifModifiedSince: undefined }, stored),
  ifModifiedSince: field => notModified({ ifNoneMatch: undefined, ifModifiedSince: field }, stored),
  weakMatch: field => weakMatch(field, field),
  ifRangeHolds: field => ifRangeHolds(field, { ...stored, etag: field }),
  selectRange: field => selectRange(field, 10),
  normalLanguages,
  normalMedia,
  preferredLanguage,
  surrogateKey: field => readTags(['surrogate-key', field]),
  cacheTag: field => readTags(['cache-tag', field]),
  xkey: field => readTags(['xkey', field]),
  cacheGroups: field => groupTags(['Cache-Groups', field], 'cache-groups', 'a'),
  acceptedCodings,
  readStrings,
  readDictionary,
  readSearchRule,
  canonicalTarget: field => canonicalTarget({ others: true, named: new Set(['a']), ordered: false }, `/p?${field}`)
}

const fill = (unit: string): string => unit.repeat(SIZE / unit.length)
// flat, as the strings off a socket are, not the trees that repeat and + build
const flat = (field: string): string => Buffer.from(field, 'latin1').toString('latin1')

/** Nothing to find, much to look through. */
const RUNS = [' ', ',', '"', '\\', '\t ', '"\\', '0', ';', '=']
  .map(fill)
  .concat('a="' + fill(' '), '"' + fill('a'), 'a' + fill(' ') + 'b', 'a=b' + fill(' ') + '"', 'bytes=' + fill('0') + 'x', '"a"' + fill(' ') + 'x')
  .map(flat)

/** As many things to find as fit, for some readers at least. */
const CROWDS = [', ', '" ', 'W/"', 'a,', 'a ', 'a/', '"a",', 'a=1,', 'a=" ",', 'max-age=1,', 'a="b"c,']
  .map(fill)
  .concat(Array.from({ length: 10_000 }, (_, i) => `a${i}`).join(','), Array.from({ length: 10_000 }, (_, i) => `a${i}`).join(' '))
  .map(flat)

/** The best of several runs, so that a busy machine does not decide. */
function best (run: () => unknown, enough: number): number {
  let least = Infinity
  for (let i = 0; i < 30 && least >= enough; i++) {
    const start = performance.now()
    run()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

/** What takes more than linear time takes seconds. */
const CROWDED = 20

test.each(Object.entries(READERS))('%s', (_, read) => {
  for (const field of [...RUNS, ...CROWDS]) {
    const limit = CROWDS.includes(field) ? CROWDED : 1
    const ms = best(() => read(field), limit / 2)
    expect(ms, `${field.length} × ${JSON.stringify(field.slice(0, 12))} took ${ms} ms`).toBeLessThan(limit)
  }
})

test('a field longer than any that is accepted is no more than slow', () => {
  for (const unit of [' ', ',', '"', 'a', '"\\', 'a,', 'a ', '0']) {
    const field = flat(unit.repeat(1_000_000 / unit.length))
    for (const read of Object.values(READERS)) expect(() => read(field)).not.toThrow()
    expect(() => listMembers(`"${field}`)).not.toThrow()
  }
})

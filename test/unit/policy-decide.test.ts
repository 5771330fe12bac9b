import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLEAN, HARD, POLICY, UNSURE, type Decision, type Policy, type StoredRecord, type StoreKey } from '../../src/core/types.js'
import { decide, type Question } from '../../src/policy/decide.js'
import { entryOf, factsOf, NOW, routeOf } from '../support/policy.js'

const ask = (found: StoredRecord | undefined, raw: string[] = [], changes: Partial<Question> = {}, miss: 'uri-miss' | 'vary-miss' = 'uri-miss'): Decision =>
  decide({ method: 'GET', facts: factsOf(raw), route: routeOf(), now: NOW, verdict: CLEAN, trusted: 'yes', ...changes }, found, miss)

/** One word for a decision; `+` where the entry stands in for an error. */
function word (d: Decision): string {
  switch (d.kind) {
    case 'hit': return d.how
    case 'stale': return 'stale'
    case 'revalidate': return `revalidate ${d.why}${d.staleOnError ? '+' : ''}`
    case 'miss': case 'pass': return `${d.kind} ${d.why}`
    case 'refuse': return d.code
  }
}
const says = (...args: Parameters<typeof ask>): string => word(ask(...args))

const CC = (value: string): string[] => ['Cache-Control', value]
const ETAG = { etag: '"a"' }
const ignore = { route: routeOf({ clientDirectives: 'ignore' }) }
const record = { url: 'u' as StoreKey, key: 'k' as StoreKey, tags: [], filledAt: { epoch: 1, seq: 1 }, checkedAt: undefined, generation: 1 }
const passRecord: StoredRecord = { ...record, kind: 'pass', keepUntil: NOW + 1 }
const varyRecord: StoredRecord = { ...record, kind: 'vary', names: ['a'], keepUntil: NOW + 1 }
/** Stale for 10 s. */
const stale = (policy: Partial<Policy> = {}, validators = {}) => entryOf({ bornAt: NOW - 20_000, freshUntil: NOW - 10_000, ...policy }, validators)

describe('what passes', () => {
  it('is what the cache does not judge', () => {
    for (const method of ['POST', 'PUT', 'OPTIONS', 'QUERY', 'get']) expect(says(entryOf(), [], { method })).toBe('pass method')
    expect(says(entryOf(), [], { route: routeOf({ cache: false }) })).toBe('pass route')
    expect(says(entryOf(), [], { hasBody: true })).toBe('pass request-body')
    expect(says(entryOf(), [], { hasBody: false })).toBe('fresh')
  })

  it('is what the origin must judge (RFC 9110 §13.1.1, §13.1.4)', () => {
    expect(says(entryOf(), ['If-Match', '"a"'])).toBe('pass precondition')
    expect(says(entryOf(), ['If-Unmodified-Since', 'x'])).toBe('pass precondition')
  })

  it('asks not to be stored (RFC 9111 §5.2.1.5)', () => {
    expect(says(entryOf(), CC('no-store'))).toBe('pass no-store')
    expect(says(entryOf(), CC('no-store'), ignore)).toBe('fresh')
  })

  it('is remembered as uncacheable, until it expires or is purged', () => {
    expect(says(passRecord)).toBe('pass uncacheable')
    expect(says(passRecord, [], { now: NOW + 1 })).toBe('miss uri-miss')
    expect(says(passRecord, [], { verdict: HARD })).toBe('miss uri-miss')
    expect(says(passRecord, [], { verdict: { kind: 'soft', since: NOW } })).toBe('pass uncacheable')
  })

  it('is a HEAD that nothing stored can serve', () => {
    expect(says(undefined, [], { method: 'HEAD' })).toBe('pass head')
    expect(says(entryOf(), [], { method: 'HEAD' })).toBe('fresh')
    expect(says(entryOf(), ['Range', 'bytes=0-1'])).toBe('fresh')
    expect(says(stale({}, ETAG), ['Range', 'bytes=0-1'])).toBe('revalidate stale')
    expect(says(stale({}, ETAG), [], { method: 'HEAD' })).toBe('revalidate stale')
    expect(says(stale({}, { lastModified: 'x' }), [], { method: 'HEAD' })).toBe('revalidate stale')
    expect(says(stale({ sieUntil: NOW + 1 }), [], { method: 'HEAD' })).toBe('revalidate stale+')
    expect(says(stale(), [], { method: 'HEAD' })).toBe('pass head')
  })
})

describe('a miss', () => {
  it('is a range of what is not stored, too', () => {
    expect(says(undefined, ['Range', 'bytes=0-1'])).toBe('miss uri-miss')
  })

  it('says which key was missing', () => {
    expect(says(undefined)).toBe('miss uri-miss')
    expect(says(undefined, [], {}, 'vary-miss')).toBe('miss vary-miss')
    expect(says(varyRecord)).toBe('miss vary-miss')
  })

  it('is what was purged or has gone', () => {
    expect(says(entryOf(), [], { verdict: HARD })).toBe('miss uri-miss')
    expect(says(entryOf({ keepUntil: NOW }))).toBe('miss uri-miss')
  })
})

describe('an entry (RFC 9111 §4)', () => {
  it('answers while it is fresh, also conditional requests and credentials', () => {
    expect(says(entryOf({ freshUntil: NOW + 1 }))).toBe('fresh')
    expect(says(entryOf({ freshUntil: NOW }))).toBe('revalidate stale')
    expect(says(entryOf(), ['If-None-Match', '"a"', 'Authorization', 'x'])).toBe('fresh')
  })

  it('answers stale while it is revalidated, and for errors, within its windows (RFC 5861 §3, §4)', () => {
    expect(says(stale({ swrUntil: NOW + 1 }))).toBe('stale')
    expect(says(stale({ swrUntil: NOW }))).toBe('revalidate stale')
    expect(says(stale({ sieUntil: NOW + 1 }))).toBe('revalidate stale+')
    expect(says(stale({ sieUntil: NOW }))).toBe('revalidate stale')
  })

  it('marked no-cache is never used unvalidated (§5.2.2.4)', () => {
    expect(says(entryOf({ flags: POLICY.noCache }))).toBe('revalidate stale')
    expect(says(entryOf({ flags: POLICY.noCache }), CC('max-stale'))).toBe('revalidate stale')
    expect(says(entryOf({ flags: POLICY.noCache }), CC('stale-if-error=99'))).toBe('revalidate stale')
  })

  it('is not used where the log cannot be relied on', () => {
    expect(says(entryOf(), [], { trusted: 'no' })).toBe('revalidate stale')
    expect(says(stale({ swrUntil: NOW + 9 }), CC('max-stale'), { trusted: 'no' })).toBe('revalidate stale')
    expect(says(entryOf({ sieUntil: NOW + 90_000 }), [], { trusted: 'no' })).toBe('revalidate stale+')
    expect(says(entryOf({ sieUntil: NOW + 90_000 }), [], { trusted: 'no', strict: true })).toBe('revalidate stale')
    expect(ask(entryOf(), [], { trusted: 'soon' })).toMatchObject({ kind: 'hit', how: 'fresh', renew: true })
    expect(ask(entryOf(), [])).not.toHaveProperty('renew')
  })

  it('asks about what the log cannot judge', () => {
    expect(says(entryOf(), [], { verdict: UNSURE })).toBe('revalidate stale')
    expect(says(entryOf({ sieUntil: NOW + 90_000 }), [], { verdict: UNSURE })).toBe('revalidate stale+')
    expect(says(entryOf({ sieUntil: NOW + 90_000 }), [], { verdict: UNSURE, strict: true })).toBe('revalidate stale')
    expect(says(entryOf(), CC('only-if-cached'), { verdict: UNSURE })).toBe('only_if_cached')
  })
})

describe('a soft purge', () => {
  const soft = (ago: number) => ({ verdict: { kind: 'soft' as const, since: NOW - ago } })

  it('makes stale from its moment; windows count from there', () => {
    const entry = entryOf({ freshUntil: NOW + 60_000, swrUntil: NOW + 65_000, sieUntil: NOW + 70_000 })
    expect(says(entry, [], soft(0))).toBe('stale')
    expect(says(entry, [], soft(4999))).toBe('stale')
    expect(says(entry, [], soft(5000))).toBe('revalidate stale+')
    expect(says(entry, [], soft(10_000))).toBe('revalidate stale')
  })

  it('never lengthens what was left', () => {
    expect(says(stale({ swrUntil: NOW }), [], soft(0))).toBe('revalidate stale')
    expect(says(stale({ swrUntil: NOW + 1 }), [], soft(0))).toBe('stale')
  })

  it('is not passed over by max-stale', () => {
    expect(says(entryOf(), CC('max-stale'), soft(0))).toBe('revalidate stale')
  })
})

describe('request directives (RFC 9111 §5.2.1)', () => {
  it('no-cache: validated first', () => {
    expect(says(entryOf(), CC('no-cache'))).toBe('revalidate request')
    expect(says(entryOf({ flags: POLICY.immutable }), CC('no-cache'))).toBe('revalidate request')
    expect(says(entryOf(), ['Pragma', 'no-cache'])).toBe('revalidate request')
    expect(says(undefined, CC('no-cache'))).toBe('miss uri-miss')
  })

  it('max-age: no older', () => {
    const aged = entryOf({ bornAt: NOW - 10_000 })
    expect(says(aged, CC('max-age=10'))).toBe('fresh')
    expect(says(aged, CC('max-age=9'))).toBe('revalidate request')
    expect(says(stale({ swrUntil: NOW + 9 }), CC('max-age=99'))).toBe('revalidate stale')
    expect(says(stale({ swrUntil: NOW + 9 }), CC('max-age=99, max-stale'))).toBe('stale')
  })

  it('min-fresh: fresh for so long', () => {
    expect(says(entryOf({ freshUntil: NOW + 10_000 }), CC('min-fresh=10'))).toBe('fresh')
    expect(says(entryOf({ freshUntil: NOW + 10_000 }), CC('min-fresh=11'))).toBe('revalidate request')
    expect(says(stale({ swrUntil: NOW + 9 }), CC('min-fresh=1'))).toBe('revalidate stale')
  })

  it('max-stale: stale by no more, and never past what forbids it', () => {
    expect(says(stale(), CC('max-stale=10'))).toBe('max-stale')
    expect(says(stale(), CC('max-stale=9'))).toBe('revalidate stale')
    expect(says(stale(), CC('max-stale'))).toBe('max-stale')
    expect(says(stale({ flags: POLICY.mustRevalidate }), CC('max-stale'))).toBe('revalidate stale')
    expect(says(stale(), CC('max-stale, no-cache'))).toBe('revalidate request')
  })

  it('stale-if-error (RFC 5861 §4): where nothing forbids it', () => {
    expect(says(stale(), CC('stale-if-error=11'))).toBe('revalidate stale+')
    expect(says(stale(), CC('stale-if-error=10'))).toBe('revalidate stale')
    expect(says(stale({ flags: POLICY.mustRevalidate }), CC('stale-if-error=99'))).toBe('revalidate stale')
  })

  it('only-if-cached: from the store or not at all', () => {
    const only = CC('only-if-cached')
    expect(says(entryOf(), only)).toBe('fresh')
    expect(says(stale({ swrUntil: NOW + 1 }), only)).toBe('stale')
    expect(says(stale(), CC('only-if-cached, max-stale'))).toBe('max-stale')
    for (const found of [undefined, stale(), passRecord]) expect(says(found, only)).toBe('only_if_cached')
    expect(says(undefined, only, { method: 'HEAD' })).toBe('only_if_cached')
    expect(says(entryOf(), [...only, 'If-Match', '"a"'])).toBe('only_if_cached')
    expect(says(undefined, only, { method: 'POST' })).toBe('pass method')
  })

  it('are not heard where the route ignores them', () => {
    for (const value of ['no-cache', 'no-store', 'max-age=0', 'min-fresh=999', 'only-if-cached']) expect(says(entryOf(), CC(value), ignore)).toBe('fresh')
    expect(says(stale(), CC('max-stale'), ignore)).toBe('revalidate stale')
    expect(says(undefined, CC('only-if-cached'), ignore)).toBe('miss uri-miss')
  })
})

it('every question has an answer, and no unusable entry answers', () => {
  const instant = fc.integer({ min: -5, max: 5 }).map(n => NOW + n * 1000)
  const verdict = fc.oneof(fc.constantFrom(CLEAN, HARD, UNSURE), instant.map(since => ({ kind: 'soft' as const, since })))
  const words = fc.subarray(['no-cache', 'no-store', 'max-age=2', 'min-fresh=2', 'max-stale=2', 'only-if-cached', 'stale-if-error=2'])
  const policy = fc.record({ bornAt: instant, freshUntil: instant, keepUntil: instant, flags: fc.integer({ min: 0, max: 7 }) })
  const found = fc.oneof(fc.constantFrom(undefined, passRecord, varyRecord), fc.tuple(policy, fc.nat(9), fc.nat(9), fc.boolean())
    .map(([p, swr, sie, tagged]) => entryOf({ ...p, swrUntil: p.freshUntil + swr * 1000, sieUntil: p.freshUntil + sie * 1000 }, tagged ? ETAG : {})))
  const extra = fc.subarray(['Range', 'If-None-Match', 'If-Match', 'Authorization'])
  const question = fc.record({ method: fc.constantFrom('GET', 'HEAD', 'POST'), trusted: fc.constantFrom('yes', 'soon', 'no'), verdict, hasBody: fc.boolean() })
  fc.assert(fc.property(found, question, words, extra, fc.boolean(), (f, q, w, x, ignored) => {
    const raw = [...(w.length > 0 ? CC(w.join(', ')) : []), ...x.flatMap(name => [name, 'x'])]
    const decision = ask(f, raw, { ...q, route: routeOf({ clientDirectives: ignored ? 'ignore' : 'honor' }) })
    expect(['hit', 'stale', 'revalidate', 'miss', 'pass', 'refuse']).toContain(decision.kind)
    if (decision.kind !== 'hit' && decision.kind !== 'stale') return
    const { entry } = decision
    expect(q.trusted !== 'no' && q.verdict.kind !== 'hard' && q.verdict.kind !== 'unsure' && q.method !== 'POST').toBe(true)
    expect(entry.policy.flags & POLICY.noCache).toBe(0)
    const until = q.verdict.kind === 'soft' ? Math.min(entry.policy.freshUntil, q.verdict.since) : entry.policy.freshUntil
    if (decision.kind === 'stale') expect(NOW).toBeLessThan(entry.policy.swrUntil)
    else if (decision.how === 'fresh') expect(NOW).toBeLessThan(until)
    else expect([entry.policy.flags & POLICY.mustRevalidate, q.verdict.kind, ignored]).toEqual([0, 'clean', false])
    if (!ignored) expect(w.includes('no-cache') || w.includes('no-store')).toBe(false)
  }), { numRuns: 5000 })
})

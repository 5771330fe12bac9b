/** What a process makes of a shared log: its own order, the shared one, and what lies between. */
import { describe, expect, it } from 'vitest'
import type { Judged, Scope } from '../../src/core/types.js'
import type { LogEvent } from '../../src/invalidation/backend.js'
import { Ledger } from '../../src/invalidation/ledger.js'
import { judgedOf, keyOf } from '../support/records.js'

const EPOCH = 100

function joined (maxScopes = 1_000): Ledger {
  const ledger = new Ledger('me', 1, maxScopes)
  ledger.gap(EPOCH, 0)
  return ledger
}

const eventOf = (seq: number, scopes: readonly Scope[], changes: Partial<LogEvent> = {}): LogEvent =>
  ({ seq, scopes, mode: 'hard', writer: 'other', batch: `b${seq}`, ...changes })
/** A record that another process stamped. */
const foreign = (seq: number, tags: string[] = ['t'], epoch = EPOCH): Judged => judgedOf('x', tags, { epoch, seq })
const here = (ledger: Ledger, tags: string[] = ['t']): Judged => judgedOf('x', tags, ledger.head)
const tag = (name = 't'): Scope[] => [{ tag: name }]

describe('an event of its own', () => {
  it('counts at once, for what is stored here and for what others stored, and once only', () => {
    const ledger = joined()
    const [own, others] = [here(ledger), foreign(0)]
    ledger.own('mine', tag(), 'hard', 1)
    expect([own, others].map(record => ledger.verdict(record).kind)).toEqual(['hard', 'hard'])
    const since = here(ledger)
    expect(ledger.awaits('mine')).toBe(true)
    ledger.apply(eventOf(1, tag(), { writer: 'me', batch: 'mine' }), 2)
    expect(ledger.awaits('mine')).toBe(false)
    expect([own, others, foreign(0)].map(record => ledger.verdict(record).kind)).toEqual(['hard', 'hard', 'hard'])
    expect(ledger.verdict(since).kind).toBe('clean')
    expect(ledger.verdict(foreign(1)).kind).toBe('clean')
  })

  it('softens what others stored from when it was applied here', () => {
    const ledger = joined()
    ledger.own('mine', tag(), 'soft', 7)
    expect(ledger.verdict(foreign(0))).toEqual({ kind: 'soft', since: 7 })
    expect(ledger.verdict(foreign(0, ['u'])).kind).toBe('clean')
  })

  it('decides where it is hard, whatever soft came from others', () => {
    const ledger = joined()
    ledger.apply(eventOf(1, tag(), { mode: 'soft' }), 1)
    ledger.own('mine', tag(), 'hard', 2)
    expect(ledger.verdict(foreign(0)).kind).toBe('hard')
  })

  it('that failed concerns nothing others stored; if it comes all the same, it counts like theirs', () => {
    const ledger = joined()
    const record = foreign(0)
    ledger.own('mine', tag(), 'hard', 1)
    ledger.settle('mine')
    expect(ledger.verdict(record).kind).toBe('clean')
    ledger.apply(eventOf(1, tag(), { writer: 'me', batch: 'mine' }), 2)
    expect(ledger.verdict(record).kind).toBe('hard')
  })

  it('keeps others of its own from being forgotten with it', () => {
    const ledger = joined()
    ledger.own('first', tag('t'), 'hard', 1)
    ledger.own('second', tag('u'), 'hard', 1)
    ledger.settle('second')
    expect(ledger.verdict(foreign(0, ['t'])).kind).toBe('hard')
    ledger.settle('first')
    expect(ledger.verdict(foreign(0, ['t', 'u'])).kind).toBe('clean')
  })

  it('is not waited for where a gap has passed over its position', () => {
    const ledger = joined()
    ledger.own('mine', tag(), 'hard', 1)
    ledger.appended('mine', EPOCH, 5)
    expect(ledger.awaits('mine')).toBe(true)
    ledger.own('unsent', tag('u'), 'hard', 1)
    ledger.gap(EPOCH + 1, 0)
    expect(ledger.awaits('mine')).toBe(false)
    expect(ledger.verdict(foreign(0, ['t'], EPOCH + 1)).kind).toBe('clean')
    expect(ledger.verdict(foreign(0, ['u'], EPOCH + 1)).kind).toBe('hard')
    ledger.own('late', tag(), 'hard', 1)
    ledger.appended('late', EPOCH, 6)
    expect(ledger.awaits('late')).toBe(false)
  })
})

describe('what another process stored', () => {
  it('is not remembered as clean while its process was ahead of this one', () => {
    const ledger = joined()
    const record = foreign(2)
    expect(ledger.verdict(record).kind).toBe('clean')
    expect(record.checkedAt).toBeUndefined()
    ledger.apply(eventOf(1, tag()), 1)
    ledger.apply(eventOf(2, tag()), 1)
    expect(ledger.verdict(record).kind).toBe('clean')
    expect(record.checkedAt).toBe(ledger.head)
    ledger.apply(eventOf(3, tag()), 1)
    expect(ledger.verdict(record).kind).toBe('hard')
  })

  it('is judged by what came here after it was found clean', () => {
    const ledger = joined()
    const record = foreign(0)
    expect(ledger.verdict(record).kind).toBe('clean')
    ledger.own('mine', tag(), 'hard', 1)
    ledger.settle('mine')
    expect(ledger.verdict(record).kind).toBe('hard')
  })

  it('is unsure in another epoch, whatever its position', () => {
    const ledger = joined()
    for (const epoch of [EPOCH - 1, EPOCH + 1]) expect(ledger.verdict(foreign(5, [], epoch)).kind).toBe('unsure')
  })
})

describe('forgetting', () => {
  it('keeps the newer half of too many scopes, here and of the shared order; what is older is unsure', () => {
    const ledger = joined(10)
    const [own, others] = [here(ledger), foreign(0)]
    for (let seq = 1; seq <= 10; seq++) ledger.apply(eventOf(seq, tag(`t${seq}`)), 1)
    expect([own, others].map(record => ledger.verdict({ ...record }).kind)).toEqual(['clean', 'clean'])
    ledger.apply(eventOf(11, tag('t11')), 1)
    expect(ledger.size).toBeLessThanOrEqual(6)
    expect(ledger.sharedSize).toBeLessThanOrEqual(6)
    expect([own, others].map(record => ledger.verdict(record).kind)).toEqual(['unsure', 'unsure'])
    expect(ledger.verdict(foreign(10, ['t11'])).kind).toBe('hard')
    expect(ledger.verdict(foreign(10, ['t9'])).kind).toBe('clean')
  })

  it('forgets all where one event is too much', () => {
    const ledger = joined(10)
    ledger.apply(eventOf(1, Array.from({ length: 20 }, (_, i) => ({ url: keyOf(`u${i}`) }))), 1)
    expect([ledger.size, ledger.sharedSize]).toEqual([0, 0])
    expect(ledger.verdict(foreign(0)).kind).toBe('unsure')
    expect(ledger.verdict(foreign(1)).kind).toBe('clean')
  })

  it('by a sweep concerns this process alone', () => {
    const ledger = joined()
    const [own, others] = [here(ledger), foreign(0)]
    ledger.apply(eventOf(1, tag()), 1)
    ledger.forget(ledger.head.pos)
    expect(ledger.size).toBe(0)
    expect(ledger.verdict(own).kind).toBe('unsure')
    expect(ledger.verdict(others).kind).toBe('hard')
  })
})

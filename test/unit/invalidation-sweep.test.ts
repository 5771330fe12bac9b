/** The sweep: what it settles, when it runs, and that forgetting never resurrects anything. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { POLICY, type Entry, type Judged, type PurgeMode, type Scope, type StoreKey, type Swept, type Verdict } from '../../src/core/types.js'
import { createLocalLog, type LocalLog } from '../../src/invalidation/log.js'
import { createSweeper, type SweepOptions } from '../../src/invalidation/sweep.js'
import { softened } from '../../src/policy/windows.js'
import { decide } from '../../src/policy/decide.js'
import { createMemoryStore } from '../../src/store/memory.js'
import { manualClock, type ManualClock } from '../support/clock.js'
import { factsOf, routeOf } from '../support/policy.js'
import { fill, judgedOf, keyOf, metaOf, passOf, policyOf, present, varyOf } from '../support/records.js'

/** A store, a log and a sweeper over both, whose slices run when the test says. */
function setUp (changes: Partial<SweepOptions> = {}) {
  const clock = manualClock()
  const log = createLocalLog({ clock })
  const store = createMemoryStore({ limit: 10_000_000, maxObject: 1_000, maxVariants: 4, clock })
  const fills = new Set<Judged>()
  const slices: (() => void)[] = []
  const sweeper = createSweeper({
    log, clock: ticking(clock), records: () => store.records(), remove: key => void store.delete(key),
    settle: (entry, policy, checkedAt) => store.settle(entry, policy, checkedAt), openFills: () => fills, schedule: slice => slices.push(slice), ...changes
  })
  let generation = 0
  const put = async (name: string, tags: string[] = [], filledAt = log.head): Promise<Entry> =>
    present(await fill(store.begin(metaOf(name, policyOf(clock.now(), { swrUntil: clock.now() + 70_000 }), { tags, filledAt, generation: ++generation }), 1), 'x'))
  /** Runs slices until none is left. */
  const run = async (): Promise<number> => {
    let count = 0
    for (; slices.length > 0; count++) {
      slices.shift()!()
      await settled()
    }
    return count
  }
  const verdict = (name: string): string | undefined => {
    const record = store.peek(keyOf(name))
    return record === undefined ? undefined : log.verdict(record).kind
  }
  return { clock, log, store, fills, slices, sweeper, put, run, verdict }
}

const settled = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

/** Every look takes a millisecond, so that slices end. */
function ticking (clock: ManualClock): ManualClock {
  let looks = 0
  return { ...clock, now: () => clock.now() + looks++ }
}

describe('a pass', () => {
  it('deletes the hard-purged, settles the soft-purged, keeps the rest, and lets the log forget', async () => {
    const { clock, log, store, sweeper, put, run } = setUp()
    for (const name of ['hard', 'soft', 'clean']) await put(name, [name])
    for (const tags of [['hard'], ['soft'], []]) store.note(passOf(`pass-${tags}`, Infinity, { tags, filledAt: log.head }))
    store.note(varyOf('vary-hard', Infinity, { tags: ['hard'], filledAt: log.head }))
    store.note(varyOf('vary-soft', Infinity, { tags: ['soft'], filledAt: log.head }))
    await log.append([{ tag: 'hard' }], 'hard', 'local')
    await log.append([{ tag: 'soft' }], 'soft', 'local')
    const since = clock.now()
    clock.advance(1_000)
    const done = sweeper.sweep()
    await run()
    await done
    expect(log.stats()).toMatchObject({ events: 0, sweeps: 1 })
    expect([...store.records()].map(record => record.key)).toEqual(['soft', 'clean', 'pass-', 'vary-soft'].map(keyOf))
    for (const record of store.records()) expect(log.verdict(record).kind).toBe('clean')
    const soft = present(store.peek(keyOf('soft'))) as Entry
    expect(soft.policy).toMatchObject({ freshUntil: since, swrUntil: since + 10_000 })
  })

  it('keeps what a fill under way may yet need', async () => {
    const { log, fills, sweeper, put, run, verdict } = setUp()
    const early = judgedOf('early', ['x'], log.head)
    await log.append([{ tag: 'unrelated' }], 'hard', 'local')
    const filling = judgedOf('late', ['x'], log.head)
    fills.add(early).add(filling)
    await log.append([{ tag: 'x' }], 'hard', 'local')
    await pass()
    expect(log.size).toBe(2)
    fills.delete(early)
    await pass()
    expect(log.size).toBe(1)
    await put('late', ['x'], filling.filledAt)
    expect(verdict('late')).toBe('hard')
    fills.clear()
    await pass()
    expect(log.size).toBe(0)
    expect(verdict('late')).toBeUndefined()

    async function pass (): Promise<void> {
      const done = sweeper.sweep()
      await run()
      await done
    }
  })

  it('never resurrects what it did not see', async () => {
    const { log, sweeper, run } = setUp()
    const unseen = judgedOf('held elsewhere', ['x'], log.head)
    await log.append([{ tag: 'x' }], 'hard', 'local')
    const done = sweeper.sweep()
    await run()
    await done
    expect(log.size).toBe(0)
    expect(log.verdict(unseen).kind).toBe('unsure')
  })

  it('works in slices, and keeps events that came meanwhile', async () => {
    const { log, sweeper, put, slices, run, verdict } = setUp()
    for (let i = 0; i < 200; i++) await put(`e${i}`, [`t${i}`])
    await log.append([{ tag: 't199' }], 'hard', 'local')
    const done = sweeper.sweep()
    slices.shift()!()
    await settled()
    await log.append([{ tag: 't0' }], 'hard', 'local')
    expect(await run()).toBeGreaterThan(3)
    await done
    expect(log.size).toBe(1)
    expect([verdict('e0'), verdict('e1'), verdict('e199')]).toEqual(['hard', 'clean', undefined])
  })

  it('outruns fills that hold back more than it has patience for', async () => {
    const { log, fills, sweeper, run } = setUp({ scopes: 10 })
    const endless = judgedOf('endless', ['x'], log.head)
    fills.add(endless)
    for (let i = 0; i < 5; i++) await log.append([{ tag: `t${i}` }], 'hard', 'local')
    const patient = sweeper.sweep()
    await run()
    await patient
    expect(log.verdict(endless).kind).toBe('clean')
    for (let i = 5; i < 41; i++) await log.append([{ tag: `t${i}` }], 'hard', 'local')
    await run()
    expect(log.size).toBe(0)
    expect(log.verdict(judgedOf('endless', ['x'], endless.filledAt)).kind).toBe('unsure')
  })

  it('forgets nothing when it is closed before its end', async () => {
    const { log, sweeper, slices, run } = setUp()
    await log.append(['all'], 'hard', 'local')
    const done = sweeper.sweep()
    sweeper.close()
    await run()
    await done
    expect(log.size).toBe(1)
    await sweeper.sweep()
    await log.append(['all'], 'hard', 'local')
    expect(slices).toHaveLength(0)
  })

  it('can begin again after one that failed', async () => {
    let broken = true
    const { log, sweeper, run } = setUp({ records: () => { if (broken) throw new Error('broken'); return [] } })
    await log.append(['all'], 'hard', 'local')
    const failed = expect(sweeper.sweep()).rejects.toThrow('broken')
    await run()
    await failed
    broken = false
    const done = sweeper.sweep()
    await run()
    await done
    expect(log.size).toBe(0)
  })
})

describe('when it runs', () => {
  const tag = (i: number): Scope[] => [{ tag: `t${i}` }]
  const prefix = (i: number): Scope[] => [{ prefix: `http://example.com/${i}/` }]

  it.each([['scopes', tag], ['prefixes', prefix]] as const)('begins at once at as many %s as allowed', async (limit, scope) => {
    const { log, slices, run } = setUp({ [limit]: 5 })
    for (let i = 0; i < 4; i++) await log.append(scope(i), 'hard', 'local')
    expect(slices).toHaveLength(0)
    await log.append(scope(4), 'hard', 'local')
    expect(slices).toHaveLength(1)
    await log.append(scope(5), 'hard', 'local')
    expect(slices).toHaveLength(1)
    await run()
    expect(log.size).toBe(0)
  })

  it('runs some time after a purge, and never when there is nothing to forget', async () => {
    const { clock, log, slices, run } = setUp({ interval: 1_000 })
    clock.advance(10_000)
    expect(slices).toHaveLength(0)
    await log.append(tag(0), 'hard', 'local')
    clock.advance(999)
    expect(slices).toHaveLength(0)
    clock.advance(1)
    expect(await run()).toBeGreaterThan(0)
    expect(log.size).toBe(0)
    clock.advance(100_000)
    expect(slices).toHaveLength(0)
  })

  it('does not begin again at each purge while a fill holds events back', async () => {
    const { clock, log, fills, slices, run } = setUp({ scopes: 5, interval: 1_000 })
    fills.add(judgedOf('slow', [], log.head))
    for (let i = 0; i < 5; i++) await log.append(tag(i), 'hard', 'local')
    await run()
    expect(log.size).toBe(5)
    for (let i = 5; i < 9; i++) await log.append(tag(i), 'hard', 'local')
    expect(slices).toHaveLength(0)
    await log.append(tag(9), 'hard', 'local')
    expect(slices).toHaveLength(1)
    await run()
    fills.clear()
    clock.advance(1_000)
    await run()
    expect(log.size).toBe(0)
  })

  it('waits for its turn through setImmediate unless told otherwise', async () => {
    const clock = manualClock()
    const log = createLocalLog({ clock })
    const sweeper = createSweeper({ log, clock: ticking(clock), records: () => [], remove: () => undefined, settle: () => undefined, openFills: () => [] })
    await log.append(['all'], 'hard', 'local')
    await sweeper.sweep()
    expect(log.size).toBe(0)
  })
})

describe('softened', () => {
  it('is decided like the soft verdict it stands for', () => {
    const instants = fc.integer({ min: 0, max: 400 })
    const input = fc.record({
      fresh: instants, swr: instants, sie: instants, since: instants, now: instants, flags: fc.constantFrom(0, POLICY.noCache, POLICY.immutable),
      cacheControl: fc.constantFrom(undefined, 'max-stale', 'max-stale=100', 'max-age=1', 'min-fresh=1', 'no-cache', 'only-if-cached')
    })
    fc.assert(fc.property(input, ({ fresh, swr, sie, since, now, flags, cacheControl }) => {
      const policy = policyOf(0, { freshUntil: fresh, swrUntil: fresh + swr, sieUntil: fresh + sie, keepUntil: 1_000, flags })
      const entry: Entry = { ...metaOf('a', policy), body: [], length: 0 }
      const ask = (found: Entry, verdict: Verdict): object => ({
        ...decide({ method: 'GET', facts: factsOf(cacheControl === undefined ? [] : ['cache-control', cacheControl]), route: routeOf(), now: since + now, trusted: 'yes', verdict }, found, 'uri-miss'),
        entry: undefined
      })
      expect(ask({ ...entry, policy: softened(policy, since) }, { kind: 'clean' })).toEqual(ask(entry, { kind: 'soft', since }))
    }), { numRuns: 500 })
  })
})

// ---- against a model that forgets nothing

interface Event { readonly seq: number, readonly at: number, readonly scope: Scope, readonly mode: PurgeMode }

function concerns (scope: Scope, record: Judged): boolean {
  if (scope === 'all') return true
  if ('tag' in scope) return record.tags.includes(scope.tag)
  return 'url' in scope ? record.url === scope.url : record.url.startsWith(scope.prefix)
}

/** The verdict, by reading the whole history. */
function modelled (events: readonly Event[], record: Judged): Verdict {
  const met = events.filter(event => event.seq > record.filledAt.seq && concerns(event.scope, record))
  if (met.some(event => event.mode === 'hard')) return { kind: 'hard' }
  return met.length === 0 ? { kind: 'clean' } : { kind: 'soft', since: met[0]!.at }
}

const NAMES = ['a', 'a/1', 'a/2', 'b', 'b/1']
const TAGS = ['x', 'y', '__proto__']

const arbitraryScope: fc.Arbitrary<Scope> = fc.oneof(
  fc.constantFrom(...TAGS).map(tag => ({ tag })),
  fc.constantFrom(...NAMES).map(name => ({ url: keyOf(name) })),
  fc.constantFrom('', 'a', 'a/', 'b/').map(path => ({ prefix: `http://example.com/${path}` })),
  fc.constant<Scope>('all')
)
const arbitraryStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('purge' as const), scope: arbitraryScope, mode: fc.constantFrom<PurgeMode>('soft', 'hard') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('begin' as const), name: fc.constantFrom(...NAMES), tags: fc.subarray(TAGS), kind: fc.constantFrom('entry', 'vary', 'pass') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('commit' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('look' as const), name: fc.constantFrom(...NAMES) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'sweep' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'slice' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 50 }) }) }
)

interface Pending extends Judged { readonly name: string, readonly kind: string, readonly generation: number }

describe('the log and its sweep, against the whole history', () => {
  it('agree in every verdict, whatever the order of purges, fills, commits, looks and slices', async () => {
    await fc.assert(fc.asyncProperty(fc.array(arbitraryStep, { minLength: 5, maxLength: 60 }), async steps => {
      const world = setUp()
      const { clock, log, store, fills, slices, sweeper } = world
      const events: Event[] = []
      const origin = new Map<StoreKey, { judged: Judged, freshUntil: number, generation: number }>()
      const pending: Pending[] = []
      let generation = 0
      const agree = (record: Swept | Pending): void => { check(log, events, record, origin) }
      for (const step of steps) {
        if (step.do === 'purge') {
          await log.append([step.scope], step.mode, 'local')
          events.push({ seq: log.head.seq, at: clock.now(), scope: step.scope, mode: step.mode })
        } else if (step.do === 'begin') {
          const fillNow: Pending = { ...judgedOf(step.name, step.tags, log.head), name: step.name, kind: step.kind, generation: ++generation }
          pending.push(fillNow)
          fills.add(fillNow)
        } else if (step.do === 'commit' && pending.length > 0) {
          const [done] = pending.splice(step.which % pending.length, 1)
          fills.delete(done!)
          agree(done!)
          if (log.verdict(done!).kind !== 'hard') await commit(world, done!)
          const stored = store.peek(done!.url)
          if (stored?.generation === done!.generation) origin.set(stored.key, { judged: done!, freshUntil: clock.now() + 60_000, generation: done!.generation })
        } else if (step.do === 'look') {
          const record = store.peek(keyOf(step.name))
          if (record !== undefined) agree(record)
        } else if (step.do === 'wait') clock.advance(step.ms)
        else if (step.do === 'sweep') void sweeper.sweep()
        else if (step.do === 'slice') { slices.shift()?.(); await settled() }
      }
      await world.run()
      fills.clear()
      const last = sweeper.sweep()
      await world.run()
      await last
      expect(log.size).toBe(0)
      for (const record of store.records()) agree(record)
    }), { numRuns: 300 })
  })
})

async function commit ({ clock, store }: ReturnType<typeof setUp>, done: Pending): Promise<void> {
  const { name, tags, filledAt, generation } = done
  const until = clock.now() + 1e9
  if (done.kind === 'vary') return store.note(varyOf(name, until, { tags, filledAt, generation }))
  if (done.kind === 'pass') return store.note(passOf(name, until, { tags, filledAt, generation }))
  await fill(store.begin(metaOf(name, policyOf(clock.now(), { keepUntil: until }), { tags, filledAt, generation }), 1), 'x')
}

/** A settled entry is clean in the log's eyes: its policy then says what the purge would have. */
function check (log: LocalLog, events: readonly Event[], record: Swept | Pending, origin: Map<StoreKey, { judged: Judged, freshUntil: number, generation: number }>): void {
  const got = log.verdict(record)
  const put = origin.get(record.url)
  const stored = put?.generation === record.generation ? put : undefined
  const expected = modelled(events, stored?.judged ?? record)
  if (expected.kind !== 'soft' || got.kind !== 'clean') return expect(got).toEqual(expected)
  if (record.kind === 'entry') expect((record as Entry).policy.freshUntil).toBe(Math.min(stored!.freshUntil, expected.since))
  else expect(record.kind).toBe('vary')
}

/** What a worker keeps of another's keys. */
import { expect, it } from 'vitest'
import type { EntryWriter } from '../../src/store/contract.js'
import { createMemoryStore, type MemoryStore } from '../../src/store/memory.js'
import { Copies } from '../../src/workers/copies.js'
import { copyOf } from '../../src/workers/envelope.js'
import { manualClock, type ManualClock } from '../support/clock.js'
import { bytes, fill, keyOf, metaOf, passOf, policyOf, present } from '../support/records.js'

interface Worker { readonly store: MemoryStore, readonly copies: Copies, readonly clock: ManualClock, begin (name: string, since: number): EntryWriter | undefined }

function worker (): Worker {
  const clock = manualClock()
  const store = createMemoryStore({ limit: 1_000_000, maxObject: 1_000, maxVariants: 8, clock })
  const copies = new Copies(store, clock)
  return {
    store, copies, clock,
    begin (name, since) {
      const entry = { ...metaOf(name, policyOf(since, { freshUntil: since + 600_000, keepUntil: since + 600_000 })), body: [], length: 5, row: undefined, givenAt: undefined, part: undefined, copy: undefined }
      return copies.begin(copyOf(entry, [], since), ['x-name', name], 5, since)
    }
  }
}

it('what is copied is used for a minute', async () => {
  const { store, clock, begin } = worker()
  await fill(begin('a', clock.now()), 'hello')
  clock.advance(59_999)
  expect(store.peek(keyOf('a'))).toMatchObject({ kind: 'entry', length: 5 })
  clock.advance(1)
  expect(store.peek(keyOf('a'))).toBeUndefined()
})

it('what an owner outdates is gone, and what was on its way is not kept', async () => {
  const { store, copies, clock, begin } = worker()
  await fill(begin('a', clock.now()), 'hello')
  const late = present(begin('a', clock.now()))
  late.write(bytes('hello'))
  await copies.outdated(keyOf('a'))
  expect(store.peek(keyOf('a'))).toBeUndefined()
  expect(await late.commit()).toBeUndefined()
  expect(store.stats().bytes).toBe(0)
  clock.advance(1)
  expect(await fill(begin('a', clock.now()), 'newer')).toBeDefined()
})

it('of an entry that was replaced or deleted while it was fresh, the store tells', async () => {
  const clock = manualClock()
  const told: string[] = []
  const store = createMemoryStore({ limit: 1_000_000, maxObject: 1_000, maxVariants: 8, clock, onOutdated: ({ key }) => { told.push(key) } })
  let generation = 0
  const put = async (): Promise<unknown> => fill(store.begin(metaOf('a', policyOf(clock.now()), { generation: ++generation }), 5), 'hello')
  const tells = async (what: () => unknown): Promise<number> => {
    told.length = 0
    await what()
    expect(told.every(key => key === keyOf('a'))).toBe(true)
    return told.length
  }
  expect(await tells(put)).toBe(0)
  expect(await tells(put)).toBe(1)
  expect(await tells(() => { store.note(passOf('a', clock.now() + 1_000, { generation: ++generation })) })).toBe(1)
  expect(await tells(put)).toBe(0)
  expect(await tells(() => store.delete(keyOf('a')))).toBe(1)
  expect(await tells(() => store.delete(keyOf('a')))).toBe(0)
  await put()
  clock.advance(60_000)
  expect(await tells(put)).toBe(0)
})

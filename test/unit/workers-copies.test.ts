/** What a worker keeps of another's keys. */
import { expect, it } from 'vitest'
import { decodeHead } from '../../src/http/head.js'
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

it('what was copied of an owner that ended is gone, however long ago it was copied', async () => {
  const { store, copies, clock, begin } = worker()
  await fill(begin('before', clock.now()), 'hello')
  clock.advance(40_000)
  await fill(begin('a', clock.now()), 'hello')
  clock.advance(30_000)
  await fill(begin('b', clock.now()), 'hello')
  clock.advance(29_999)
  await fill(begin('c', clock.now()), 'hello')
  const late = present(begin('d', clock.now()))
  late.write(bytes('hello'))
  await copies.orphaned(url => url !== metaOf('b', policyOf(0)).url)
  expect(['a', 'b', 'c'].filter(name => store.peek(keyOf(name)) !== undefined)).toEqual(['b'])
  expect(await late.commit()).toBeUndefined()
})

it('a copy has what was said on the way to its owner, and not what that said of one answer', async () => {
  const { store, copies, clock } = worker()
  const entry = { ...metaOf('a', policyOf(clock.now())), body: [], length: 5, row: undefined, givenAt: undefined, part: undefined, copy: undefined }
  const headers = ['Cache-Status', 'far; hit', 'Age', '5', 'x-name', 'age', 'cache-status', 'seawall; hit']
  await fill(copies.begin(copyOf(entry, [], clock.now()), headers, 5, clock.now()), 'hello')
  const stored = store.peek(keyOf('a'))
  expect(stored?.kind === 'entry' && decodeHead(stored.head).headers).toEqual(['Cache-Status', 'far; hit', 'x-name', 'age'])
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

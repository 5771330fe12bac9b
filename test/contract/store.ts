/** What every store promises (src/store/contract.ts), run against each implementation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Entry, EntryMeta } from '../../src/core/types.js'
import type { Store } from '../../src/store/contract.js'
import { bytes, fill, keyOf, metaOf, passOf, policyOf, present, stampOf, text, varyOf } from '../support/records.js'

export interface StoreUnderTest {
  readonly store: Store
  now (): number
  /** Lets time pass for the store. */
  advance (ms: number): Promise<void>
}

export interface StoreLimits { readonly limit: number, readonly maxObject: number, readonly maxVariants: number }

export const LIMITS: StoreLimits = { limit: 1_000_000, maxObject: 200_000, maxVariants: 4 }

/** `shared`: other processes write it too, so that it knows neither their generations nor what all of it holds. */
export function storeContract (name: string, create: (limits: StoreLimits) => Promise<StoreUnderTest>, kind: 'local' | 'shared' = 'local'): void {
  const own = it.skipIf(kind === 'shared')
  describe(`${name} store`, () => {
    let subject: StoreUnderTest
    let store: Store
    beforeEach(async () => {
      subject = await create(LIMITS)
      store = subject.store
    })
    afterEach(() => store.close())

    const meta = (name: string, changes: Partial<EntryMeta> = {}): EntryMeta => metaOf(name, policyOf(subject.now()), changes)
    const entry = async (name: string): Promise<Entry | undefined> => {
      const record = await store.get(keyOf(name))
      return record?.kind === 'entry' ? record : undefined
    }
    const body = async (name: string): Promise<string | undefined> => {
      const found = await entry(name)
      return found === undefined ? undefined : text(found.body)
    }

    it('returns what was committed, byte for byte', async () => {
      const stored = meta('a', { lastModified: 'Sun, 06 Nov 1994 08:49:37 GMT', status: 203, filledAt: stampOf(7, 3), generation: 9 })
      const committed = present(await fill(store.begin(stored, 11), 'hello ', 'world'))
      const { key, primary, url, status, etag, lastModified, tags, filledAt, generation } = stored
      for (const found of [committed, present(await entry('a'))]) {
        expect(found).toMatchObject({ kind: 'entry', key, primary, url, status, etag, lastModified, tags, filledAt, length: 11 })
        if (kind === 'local') expect(found.generation).toBe(generation)
        expect(text([found.head])).toBe(text([stored.head]))
        expect(text(found.body)).toBe('hello world')
      }
    })

    it.each([['an announced', 0], ['an unannounced', undefined]])('stores an empty body of %s length', async (_, length) => {
      await fill(store.begin(meta('empty'), length))
      expect(present(await entry('empty'))).toMatchObject({ length: 0, body: [] })
    })

    it.each([1, 15_999, 16_384, 70_000, 199_999, 200_000])('stores a body of %i bytes whose length was not announced', async length => {
      const writer = present(store.begin(meta('long'), undefined))
      const whole = Buffer.from(Array.from({ length }, (_, i) => i % 251))
      for (let at = 0; at < length; at += 7_000) writer.write(whole.subarray(at, at + 7_000))
      const found = present(await writer.commit())
      expect(found.length).toBe(length)
      expect(Buffer.concat(found.body).equals(whole)).toBe(true)
    })

    it('keeps none of the memory it was handed', async () => {
      const head = bytes('HTTP/1.1 200 OK\r\n')
      const chunk = bytes('mine')
      for (const length of [4, undefined]) {
        const writer = present(store.begin(meta(`own-${length}`, { head }), length))
        writer.write(chunk)
        await writer.commit()
      }
      head.fill(0)
      chunk.fill(0)
      for (const length of [4, undefined]) {
        const found = present(await entry(`own-${length}`))
        expect(text([found.head, ...found.body])).toBe('HTTP/1.1 200 OK\r\nmine')
      }
    })

    it('shows an entry only once it is whole', async () => {
      const writer = present(store.begin(meta('a'), 4))
      expect(await entry('a')).toBeUndefined()
      writer.write(bytes('abcd'))
      expect(await entry('a')).toBeUndefined()
      await writer.commit()
      expect(await body('a')).toBe('abcd')
    })

    it('forgets what was aborted, however often', async () => {
      const writer = present(store.begin(meta('a'), 4))
      writer.write(bytes('abcd'))
      writer.abort()
      writer.abort()
      expect(await writer.commit()).toBeUndefined()
      expect(await entry('a')).toBeUndefined()
    })

    it('refuses a body shorter than announced', async () => {
      const writer = present(store.begin(meta('a'), 5))
      writer.write(bytes('abcd'))
      await expect(writer.commit()).rejects.toThrow(RangeError)
      expect(await entry('a')).toBeUndefined()
    })

    it('refuses a body longer than announced', async () => {
      const writer = present(store.begin(meta('a'), 3))
      expect(() => { writer.write(bytes('abcd')) }).toThrow(RangeError)
      expect(await writer.commit()).toBeUndefined()
      expect(await entry('a')).toBeUndefined()
    })

    it('refuses more than maxObject, announced or not', async () => {
      expect(store.maxObject).toBe(LIMITS.maxObject)
      expect(store.begin(meta('a'), LIMITS.maxObject + 1)).toBeUndefined()
      const writer = present(store.begin(meta('a'), undefined))
      writer.write(Buffer.alloc(LIMITS.maxObject))
      expect(() => { writer.write(bytes('!')) }).toThrow(expect.objectContaining({ name: 'StoreRangeError', code: 'too-large' }))
      expect(await writer.commit()).toBeUndefined()
    })

    own('lets a record replace only what is older: by stamp, then by generation', async () => {
      const put = (seq: number, generation: number, label: string): Promise<Entry | undefined> =>
        fill(store.begin(meta('a', { filledAt: stampOf(seq), generation }), undefined), label)
      expect(await put(5, 10, 'first')).toBeDefined()
      expect(await put(4, 11, 'older stamp')).toBeUndefined()
      expect(await put(5, 9, 'same stamp, older start')).toBeUndefined()
      expect(await put(5, 10, 'the same')).toBeUndefined()
      expect(await body('a')).toBe('first')
      expect(await put(5, 11, 'later start')).toBeDefined()
      expect(await put(6, 1, 'newer stamp')).toBeDefined()
      expect(await body('a')).toBe('newer stamp')
    })

    it('counts a stamp of another epoch as older', async () => {
      await fill(store.begin(meta('a', { filledAt: stampOf(50, 1), generation: 5 }), 3), 'old')
      expect(await fill(store.begin(meta('a', { filledAt: stampOf(2, 2), generation: 3 }), 3), 'new')).toBeDefined()
      expect(await body('a')).toBe('new')
    })

    own('keeps vary and pass records, under the same order as entries', async () => {
      const until = subject.now() + 1_000
      store.note(varyOf('v', until, { generation: 2 }))
      store.note(passOf('p', until))
      expect(await store.get(keyOf('v'))).toMatchObject({ kind: 'vary', names: ['accept-encoding'] })
      expect(await store.get(keyOf('p'))).toMatchObject({ kind: 'pass' })
      store.note(varyOf('v', until, { generation: 1, names: ['older'] }))
      expect(await store.get(keyOf('v'))).toMatchObject({ names: ['accept-encoding'] })
      store.note(varyOf('v', until, { generation: 3, names: ['newer'] }))
      expect(await store.get(keyOf('v'))).toMatchObject({ names: ['newer'] })
      await fill(store.begin(meta('p', { generation: 2 }), 6), 'stored')
      expect(await body('p')).toBe('stored')
    })

    it('knows whether what it returned is what it still has', async () => {
      const until = subject.now() + 500
      const records = ['kept', 'refreshed', 'dropped', 'old']
      for (const name of records) await fill(store.begin(meta(name, { policy: policyOf(subject.now(), name === 'old' ? { keepUntil: until } : {}) }), 2), 'ok')
      store.note(varyOf('leading', until))
      const [kept, refreshed, dropped, old, leading] = [...records, 'leading'].map(name => store.peek(keyOf(name)))
      const holds = (): boolean[] => [kept, refreshed, dropped, old, leading].map(record => record !== undefined && store.holds(record, subject.now()))
      // what never has anything at hand holds nothing
      const has = kept !== undefined
      expect(holds()).toEqual([has, has, has, has, has])
      if (has) expect(store.holds({ ...kept }, subject.now())).toBe(false)
      await store.refresh(present(await entry('refreshed')), meta('refreshed'))
      await store.delete(keyOf('dropped'))
      await subject.advance(500)
      expect(holds()).toEqual([has, false, false, false, false])
    })

    it('never returns what has expired', async () => {
      await fill(store.begin(metaOf('a', policyOf(subject.now(), { keepUntil: subject.now() + 500 })), 1), 'a')
      store.note(varyOf('v', subject.now() + 500))
      if (kind === 'local') await subject.advance(499)
      expect(await body('a')).toBe('a')
      await subject.advance(kind === 'local' ? 1 : 501)
      expect([...store.records()]).toEqual([])
      expect(store.peek(keyOf('a'))).toBeUndefined()
      expect(await store.get(keyOf('a'))).toBeUndefined()
      expect(await store.get(keyOf('v'))).toBeUndefined()
    })

    it('refreshes the meta of an entry and keeps its body; who reads the old one is not disturbed', async () => {
      for (const size of [10, 150_000]) {
        const name = `r${size}`
        const old = present(await fill(store.begin(meta(name), size), 'x'.repeat(size)))
        const oldHead = text([old.head])
        const fresh = meta(name, { generation: 2, filledAt: stampOf(2), head: bytes('HTTP/1.1 200 OK\r\nx-new: and longer than before\r\n'), tags: ['new'] })
        const refreshed = present(await store.refresh(old, fresh))
        for (const found of [refreshed, present(await entry(name))]) {
          expect(found).toMatchObject({ filledAt: stampOf(2), tags: ['new'], length: size })
          if (kind === 'local') expect(found.generation).toBe(2)
          expect(text([found.head])).toBe(text([fresh.head]))
          expect(text(found.body)).toBe('x'.repeat(size))
        }
        expect(text([old.head])).toBe(oldHead)
        expect(old.generation).toBe(1)
        expect(text(old.body)).toBe('x'.repeat(size))
      }
    })

    it('refreshes nothing when another generation, or nothing, is stored', async () => {
      const old = present(await fill(store.begin(meta('a'), 3), 'old'))
      await fill(store.begin(meta('a', { generation: 2 }), 3), 'new')
      expect(await store.refresh(old, meta('a', { generation: 3 }))).toBeUndefined()
      expect(await body('a')).toBe('new')
      await store.delete(keyOf('a'))
      expect(await store.refresh(old, meta('a', { generation: 3 }))).toBeUndefined()
      expect(await entry('a')).toBeUndefined()
    })

    it('deletes', async () => {
      await fill(store.begin(meta('a'), 1), 'a')
      await store.delete(keyOf('a'))
      await store.delete(keyOf('a'))
      expect(await store.get(keyOf('a'))).toBeUndefined()
    })

    own('keeps at most maxVariants of a primary, of those used least the oldest going first', async () => {
      const variant = (i: number, generation = i + 1): Promise<Entry | undefined> =>
        fill(store.begin(meta(`v|${i}`, { primary: keyOf('v'), generation }), 2), `v${i}`)
      await fill(store.begin(meta('w|0', { primary: keyOf('w') }), 1), 'w')
      for (let i = 0; i < 4; i++) await variant(i)
      await variant(0, 20)
      await variant(4)
      expect(await Promise.all([0, 1, 2, 3, 4].map(i => body(`v|${i}`)))).toEqual(['v0', undefined, 'v2', 'v3', 'v4'])
      await store.delete(keyOf('v|2'))
      await variant(5)
      expect(await Promise.all([0, 3, 4, 5].map(i => body(`v|${i}`)))).toEqual(['v0', 'v3', 'v4', 'v5'])
      expect(await body('w|0')).toBe('w')
    })

    own('keeps a variant that is used, however many come once', async () => {
      const variant = (i: number): Promise<Entry | undefined> =>
        fill(store.begin(meta(`v|${i}`, { primary: keyOf('v'), generation: i + 1 }), 2), 'v.')
      await variant(0)
      store.peek(keyOf('v|0'))
      for (let i = 1; i < 50; i++) await variant(i)
      expect(store.peek(keyOf('v|0'))).toBeDefined()
      expect(store.stats().entries).toBe(4)
    })

    own('lists every record once, whatever changes meanwhile', async () => {
      const names = Array.from({ length: 50 }, (_, i) => `n${i}`)
      for (const name of names) await fill(store.begin(meta(name), 1), '.')
      store.note(varyOf('v', subject.now() + 1_000))
      const seen: string[] = []
      for (const record of store.records()) {
        seen.push(record.key)
        // what was seen goes or is replaced, what was not goes or stays, and a latecomer comes
        await store.delete(record.key)
        if (seen.length % 3 === 0) await store.delete(keyOf(`n${seen.length * 7 % 50}`))
        if (seen.length === 5) await fill(store.begin(meta('latecomer'), 1), '.')
      }
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen.length).toBeGreaterThan(30)
      for (const name of names) expect(await entry(name)).toBeUndefined()
      expect([...store.records()].filter(record => record.key !== keyOf('latecomer'))).toEqual([])
    })

    it('treats names of object properties as data', async () => {
      for (const name of ['__proto__', 'constructor', 'toString']) {
        expect(await store.get(name as EntryMeta['key'])).toBeUndefined()
        await fill(store.begin(meta('x', { key: name as EntryMeta['key'], primary: '__proto__' as EntryMeta['key'] }), 1), 'x')
        expect(await store.get(name as EntryMeta['key'])).toMatchObject({ key: name })
      }
    })

    own('is empty and takes nothing once closed', async () => {
      await fill(store.begin(meta('a'), 1), 'a')
      const writer = present(store.begin(meta('b'), 1))
      writer.write(bytes('b'))
      await store.close()
      expect(await writer.commit()).toBeUndefined()
      expect(store.begin(meta('c'), 1)).toBeUndefined()
      store.note(passOf('p', subject.now() + 1_000))
      expect(store.peek(keyOf('a')) ?? store.peek(keyOf('b')) ?? store.peek(keyOf('p'))).toBeUndefined()
    })
  })
}

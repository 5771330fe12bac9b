/** What every invalidation log promises (src/invalidation/contract.ts), run against each implementation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { InvalidationLog } from '../../src/invalidation/contract.js'
import type { Judged, Scope, StoreKey } from '../../src/core/types.js'
import { judgedOf, keyOf, stampOf } from '../support/records.js'

export interface LogUnderTest {
  readonly log: InvalidationLog
  now (): number
  advance (ms: number): void
}

export function logContract (name: string, create: () => Promise<LogUnderTest>): void {
  describe(`${name} log`, () => {
    let subject: LogUnderTest
    let log: InvalidationLog
    beforeEach(async () => {
      subject = await create()
      log = subject.log
    })
    afterEach(() => log.close())

    const filled = (name = 'news/1', tags: string[] = ['t1', 't2']): Judged => judgedOf(name, tags, log.head)
    const hard = (...scopes: Scope[]): Promise<unknown> => log.append(scopes, 'hard', 'cluster')
    const soft = (...scopes: Scope[]): Promise<unknown> => log.append(scopes, 'soft', 'cluster')
    const prefix = (path: string): Scope => ({ prefix: `http://example.com/${path}` })

    it.each<[string, Scope, boolean]>([
      ['its url', { url: keyOf('news/1') }, true],
      ['another url', { url: keyOf('news/11') }, false],
      ['its first tag', { tag: 't1' }, true],
      ['its last tag', { tag: 't2' }, true],
      ['another tag', { tag: 'T1' }, false],
      ['a prefix', prefix('news/'), true],
      ['a prefix without its slash', prefix('new'), true],
      ['the whole url as a prefix', prefix('news/1'), true],
      ['a longer prefix', prefix('news/1/'), false],
      ['another prefix of the same length', prefix('newt/'), false],
      ['everything', 'all', true]
    ])('judges by %s', async (_, scope, concerned) => {
      const before = filled()
      await hard(scope)
      expect(log.verdict(before).kind).toBe(concerned ? 'hard' : 'clean')
      expect(log.verdict(filled()).kind).toBe('clean')
      const later = filled()
      await soft(scope)
      expect(log.verdict(later)).toEqual(concerned ? { kind: 'soft', since: subject.now() } : { kind: 'clean' })
    })

    it('moves its head forward by replacing it, and acknowledges with the position', async () => {
      const before = log.head
      const ack = await log.append([{ tag: 'a' }, { tag: 'b' }], 'hard', 'cluster')
      expect(log.head).not.toBe(before)
      expect(log.head.epoch).toBe(before.epoch)
      expect(log.head.seq).toBeGreaterThan(before.seq)
      expect(ack).toMatchObject({ seq: log.head.seq, unreachable: [] })
      expect(ack.applied).toBeGreaterThan(0)
    })

    it('has applied a purge before its append resolves', () => {
      const record = filled()
      const pending = hard('all')
      expect(log.verdict(record).kind).toBe('hard')
      return pending
    })

    it('applies what a write invalidates at once, hard', async () => {
      const record = filled()
      const pending = log.appendWrite([{ url: record.url }])
      expect(log.verdict(record).kind).toBe('hard')
      await pending
    })

    it('does nothing for no scopes', async () => {
      const before = log.head
      await hard()
      await log.appendWrite([])
      expect(log.head).toBe(before)
    })

    it('lets a hard purge decide, whatever soft came before or after', async () => {
      const record = filled()
      await soft({ tag: 't1' })
      await hard({ tag: 't2' })
      await soft({ tag: 't2' })
      await soft('all')
      expect(log.verdict(record).kind).toBe('hard')
    })

    it('counts staleness from the first soft purge after the fill', async () => {
      const first = filled()
      const times: number[] = []
      for (const scope of [{ tag: 't2' }, 'all', { tag: 't2' }, prefix('n')] as Scope[]) {
        subject.advance(100)
        times.push(subject.now())
        await soft(scope)
      }
      expect(log.verdict(first)).toEqual({ kind: 'soft', since: times[0] })
    })

    it('counts from the first soft purge after this fill, not after another', async () => {
      await soft({ tag: 't1' })
      subject.advance(100)
      const second = filled()
      await soft({ tag: 't1' })
      const since = subject.now()
      subject.advance(100)
      await soft({ tag: 't1' })
      expect(log.verdict(second)).toEqual({ kind: 'soft', since })
    })

    it('memoises clean verdicts, and only those', async () => {
      const record = filled()
      await soft({ tag: 'other' })
      expect(log.verdict(record).kind).toBe('clean')
      expect(record.checkedAt).toBe(log.head)
      const memo = record.checkedAt
      for (const purge of [soft, hard]) {
        await purge({ tag: 't1' })
        log.verdict(record)
        expect(log.verdict(record).kind).not.toBe('clean')
        expect(record.checkedAt).toBe(memo)
      }
    })

    it('trusts nothing stamped in another epoch', async () => {
      const { epoch, seq } = log.head
      expect(log.verdict(judgedOf('a', [], stampOf(seq, epoch + 1))).kind).toBe('unsure')
      const memo = { ...judgedOf('a', [], stampOf(seq, epoch)), checkedAt: stampOf(seq + 5, epoch + 1) }
      expect(log.verdict(memo).kind).toBe('clean')
      memo.checkedAt = stampOf(seq + 5, epoch + 1)
      await hard('all')
      expect(log.verdict(memo).kind).toBe('hard')
    })

    it('takes names of object properties as data', async () => {
      for (const name of ['__proto__', 'constructor', 'hasOwnProperty']) {
        const record: Judged = { url: name as StoreKey, tags: [name], filledAt: log.head, checkedAt: undefined }
        expect(log.verdict(record).kind).toBe('clean')
        await hard({ tag: name })
        expect(log.verdict(record).kind).toBe('hard')
      }
    })

    it('says how much it holds', async () => {
      await hard({ tag: 'a' }, { tag: 'a' }, { url: keyOf('a') }, prefix('a'), prefix('b'), prefix('cc'))
      await soft({ tag: 'a' })
      expect(log.stats()).toMatchObject({ epoch: log.head.epoch, seq: log.head.seq, events: 5, prefixes: 3 })
    })
  })
}

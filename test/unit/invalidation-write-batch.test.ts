/** Which URLs may be concerned by what the log has not brought back yet. */
import { expect, it } from 'vitest'
import type { Scope } from '../../src/core/types.js'
import { WriteBatches } from '../../src/invalidation/write-batch.js'
import { keyOf } from '../support/records.js'
import { turn } from '../../src/server/turn.js'
import { manualClock } from '../support/clock.js'

interface Writing { readonly batches: WriteBatches, readonly clock: ReturnType<typeof manualClock>, readonly sent: string[], readonly come: Set<string>, write (...scopes: Scope[]): void }

/** Appends never end by themselves. */
function writing (): Writing {
  const clock = manualClock()
  const sent: string[] = []
  const come = new Set<string>()
  const batches = new WriteBatches({
    clock, arrived: batch => come.has(batch),
    send: event => {
      sent.push(event.batch)
      return new Promise(() => undefined)
    }
  })
  return { batches, clock, sent, come, write: (...scopes) => { batches.add(scopes) } }
}

const url = (name: string): Scope => ({ url: keyOf(name) })

it('a URL that was written is pending until it has come back, and no other is', async () => {
  const { batches, sent, come, write } = writing()
  expect(batches.pends(keyOf('a'))).toBe(false)
  write(url('a'))
  await turn()
  write(url('b'))
  expect(['a', 'b', 'c'].map(name => batches.pends(keyOf(name)))).toEqual([true, true, false])
  come.add(sent[0]!)
  // whatever its append waits for yet
  expect(['a', 'b', 'c'].map(name => batches.pends(keyOf(name)))).toEqual([false, true, false])
})

it('a query is no difference: the answer to one may be used for another', () => {
  const { batches, write } = writing()
  write({ url: keyOf('a?x=1') })
  expect(['a?x=2', 'a', 'a/?x=1', 'ab'].map(name => batches.pends(keyOf(name)))).toEqual([true, true, false, false])
})

it.each<[string, Scope]>([['a tag', { tag: 't' }], ['a prefix', { prefix: keyOf('b') }], ['everything', 'all']])('%s concerns whatever is asked for', (_, scope) => {
  const { batches, write } = writing()
  write(url('a'), scope)
  expect(batches.pends(keyOf('c'))).toBe(true)
})

it('what is given up is not known any more: all may be concerned', () => {
  const { batches, write } = writing()
  for (let i = 0; i <= 10_000; i++) write(url(String(i)))
  expect(batches.dropped).toBe(1)
  expect(batches.pends(keyOf('c'))).toBe(true)
})

/** What workers tell one another in a field. */
import { expect, it } from 'vitest'
import { bare, isReceipt, put, RECEIPT, take, type Answered } from '../../src/workers/envelope.js'

const OWN = put('answer', { outcome: 'hit' })
const FORGED = put('answer', { outcome: 'stale', pass: 1_000_000 })

it('the last field of the name is the worker\'s; those before it are somebody else\'s, and stay', () => {
  const headers = ['a', '1', ...FORGED, 'Seawall-Request', 'x', 'seawall-answers', 'y', ...OWN, 'b', '2']
  expect(take<Answered>('answer', headers)).toEqual({ outcome: 'hit' })
  expect(bare('answer', headers)).toEqual(['a', '1', ...FORGED, 'Seawall-Request', 'x', 'seawall-answers', 'y', 'b', '2'])
})

it('a value is no name', () => {
  const headers = ['x-name', 'seawall-answer', 'b', '2']
  expect([take('answer', headers), bare('answer', headers)]).toEqual([undefined, headers])
})

it('a receipt is nothing but that', () => {
  expect([RECEIPT, [...RECEIPT, 'link', '</a>'], ['link', '</a>'], OWN].map(isReceipt)).toEqual([true, false, false, false])
})

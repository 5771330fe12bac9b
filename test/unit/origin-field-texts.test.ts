import { expect, it } from 'vitest'
import { FieldTexts } from '../../src/origin/field-texts.js'

const raw = (...parts: string[]): Buffer[] => parts.map(part => Buffer.from(part, 'latin1'))

it('reads names and values in latin1, without the blanks behind them', () => {
  expect(new FieldTexts().read(raw('ETag', '"é" \t', 'X', ''))).toEqual(['ETag', '"é"', 'X', ''])
})

it.each(['a\0b', 'a\nb', 'a\x7fb', 'a\rb'])('reads nothing that holds %j', value => {
  const texts = new FieldTexts()
  expect(texts.read(raw('X', value))).toBeUndefined()
  expect(texts.read(raw('X', value))).toBeUndefined()
})

it('says of every answer what it says, whatever the last one said', () => {
  const answers = [
    ['A', '1', 'B', '2'], ['A', '1', 'B', '2'], ['A', '1', 'B', '3'], ['B', '3'], ['A', '12', 'B', '3', 'C', ''],
    ['a', '12', 'B', '3 '], ['a', '12', 'B', '3'], ['A', '1'.repeat(5000)], ['A', '1'.repeat(4999) + '2']
  ]
  const texts = new FieldTexts()
  for (const answer of answers) expect(texts.read(raw(...answer))).toEqual(answer.map(text => text.trimEnd()))
})

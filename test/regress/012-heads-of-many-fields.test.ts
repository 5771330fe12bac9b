/**
 * What is kept of an origin's last head was bounded by its bytes, not by its fields: 500 of two bytes cost 140 kB a connection,
 * and stayed when the connection had closed.
 */
import { expect, it } from 'vitest'
import { FieldTexts } from '../../src/origin/field-texts.js'

it('keeps a few fields, and nothing for an origin that has hung up', () => {
  const texts = new FieldTexts()
  const kept = (): number => JSON.stringify(texts).length
  texts.read(Array.from({ length: 500 }, () => Buffer.from('ab')))
  expect(kept()).toBeLessThan(64 * 40)
  texts.read([Buffer.from('X'), Buffer.alloc(60_000, '1'), Buffer.from('Y'), Buffer.from('\0')])
  expect(kept()).toBeLessThan(64 * 40)
  texts.forget()
  expect(kept()).toBeLessThan(20)
})

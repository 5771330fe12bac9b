import { expect, it } from 'vitest'
import { FieldNames } from '../../src/http/names.js'

it('has a name in whatever case, and no other of its length', () => {
  const names = new FieldNames(['via', 'age', 'content-length'])
  expect(['via', 'Via', 'AGE', 'Content-Length'].filter(name => !names.has(name))).toEqual([])
  expect(['', 'vib', 'va', 'viaa', 'content_length', '__proto__'].filter(name => names.has(name))).toEqual([])
})

/** The demo's table keeps its columns, and its colours to itself. */
import { expect, test } from 'vitest'
import { formatLine, heading, type Line, type Paint } from '../../src/demo/table.js'

const plain: Paint = text => text
const marked: Paint = (text, colour) => `<${colour}>${text}</>`
const line: Line = { what: 'hit', sent: 'GET /', status: '200', said: 'hit; ttl=59', age: '12', time: 0.42, origin: 0 }

test('a value stands below its heading', () => {
  const head = heading(plain)
  const row = formatLine({ ...line, time: 1234.5, origin: 17 }, true, plain)
  for (const [name, value] of [['sent', 'GET /'], ['status', '200'], ['Cache-Status', 'hit;']] as const) expect(row.indexOf(value, 6)).toBe(head.indexOf(name))
  for (const [name, value] of [['age', ' 12'], ['time', '1235 ms'], ['origin', '+17']] as const) expect(row.indexOf(value) + value.length).toBe(head.indexOf(name) + name.length)
})

test('tenths of a millisecond count only where there are few, and no Age is a dash', () => {
  expect(formatLine(line, true, plain)).toContain(' 0.4 ms ')
  expect(formatLine({ ...line, time: 38.6 }, true, plain)).toContain(' 39 ms ')
  expect(formatLine({ ...line, age: undefined }, true, plain)).toMatch(/200 +- /)
})

test('right and wrong differ without colours, too', () => {
  expect(formatLine(line, true, plain)).toMatch(/^✓ hit/)
  expect(formatLine(line, false, plain)).toMatch(/^✗ hit/)
  expect(formatLine(line, false, marked)).toMatch(/^<red>✗<\/> <cyan>hit +<\/>GET/)
})

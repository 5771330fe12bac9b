/** A value decodes to the record it was made of, or to nothing. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decode, encode, orderOf, PREFIX, type Moment } from '../../src/store/codec.js'
import type { Entry, StoredRecord } from '../../src/core/types.js'
import { bytes, keyOf, metaOf, passOf, policyOf, stampOf, varyOf } from '../support/records.js'

const NOW = 5_000
const NAMING = { start: 1_700_000_000_000_000, copy: '00000000deadbeef' }
const WRITTEN: Moment = { here: NOW, there: 1_700_000_000_000 }
/** Of a process whose clock says something else. */
const later = (age = 0): Moment => ({ here: 900_000 + age, there: WRITTEN.there + age })
const write = (record: StoredRecord): Buffer => encode(record, WRITTEN, NAMING)
const entry = (body: string, changes: Partial<Entry> = {}): Entry => ({ ...metaOf('a', policyOf(NOW)), body: body === '' ? [] : [bytes(body)], length: body.length, ...changes })

it('gives back every kind of record, as old as it is', () => {
  const tags = fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 })
  const instant = fc.integer({ min: -1e9, max: 1e9 })
  const policies = fc.record({ bornAt: fc.integer({ min: -1e9, max: NOW }), freshUntil: instant, swrUntil: instant, sieUntil: instant, askedAt: fc.integer({ min: -1e9, max: NOW }), flags: fc.nat(7) })
  const entries = fc.tuple(policies, tags, fc.string(), fc.option(fc.string(), { nil: undefined }), fc.boolean()).map(([policy, t, body, etag, variant]) =>
    entry(Buffer.from(body).toString('latin1'), { policy: policyOf(NOW, policy), tags: t, etag, ...(variant ? { key: keyOf('a|v') } : {}), part: variant ? { first: 3, total: undefined } : undefined }))
  const records = fc.oneof(entries, tags.map(names => varyOf('v', NOW + 500, { names })), tags.map(t => passOf('p', NOW + 500, { tags: t })),
    fc.string().map(leadsTo => ({ ...passOf('s', NOW + 500), kind: 'search' as const, leadsTo })))
  fc.assert(fc.property(records, fc.nat(400), (record, age) => {
    const found = decode(write(record), record.key, later(age), 7)!.record
    const shift = 900_000 - NOW
    const same = { ...record, generation: 7, checkedAt: undefined }
    if (record.kind !== 'entry') {
      expect(found).toEqual({ ...same, keepUntil: record.keepUntil + shift })
      return
    }
    const { policy } = record
    expect({ ...found, body: [] }).toEqual({
      ...same, body: [], copy: NAMING.copy, head: Buffer.from(record.head),
      policy: { ...policy, bornAt: policy.bornAt + shift, freshUntil: policy.freshUntil + shift, swrUntil: policy.swrUntil + shift, sieUntil: policy.sieUntil + shift, keepUntil: policy.keepUntil + shift, askedAt: policy.askedAt + shift }
    })
    expect(Buffer.concat((found as Entry).body).equals(Buffer.concat(record.body))).toBe(true)
  }))
})

it('is nothing where a bit is wrong, wherever', () => {
  for (const record of [entry('body'), varyOf('v', NOW + 500), passOf('p', NOW + 500)]) {
    const value = write(record)
    for (let bit = 0; bit < value.length * 8; bit++) {
      const broken = Buffer.from(value)
      broken[bit >> 3]! ^= 1 << (bit & 7)
      expect(decode(broken, record.key, later(), 7), `bit ${bit}`).toBeUndefined()
    }
  }
})

it('is nothing where it is cut, or more', () => {
  const value = write(entry('body'))
  for (let length = 0; length < value.length; length++) expect(decode(value.subarray(0, length), keyOf('a'), later(), 7)).toBeUndefined()
  expect(decode(Buffer.concat([value, value]), keyOf('a'), later(), 7)).toBeUndefined()
  expect(decode(Buffer.from('anything else at all that is longer than a prefix is, which takes some words to say and then some more'), keyOf('a'), later(), 7)).toBeUndefined()
})

it('is nothing where what was written is not what is written here, its checksum right', () => {
  const odd = (changes: object): StoredRecord => ({ ...entry('body'), ...changes }) as StoredRecord
  const others: object[] = [
    { ...varyOf('a', NOW + 500), names: [5] }, { ...varyOf('a', NOW + 500), names: 'abc' }, { ...varyOf('a', NOW + 500), languages: 7 },
    { ...passOf('a', NOW + 500), tags: null }, { ...passOf('a', NOW + 500), url: 5 }, { ...passOf('a', NOW + 500), kind: 'search', leadsTo: [] }
  ]
  const entries = [{ tags: [5, {}] }, { tags: 'abc' }, { etag: {} }, { lastModified: 5 }, { status: 'abc' }, { status: 99 }, { url: 7 }, { policy: policyOf(NOW, { freshUntil: 1e300 }) }]
  for (const record of [...others as StoredRecord[], ...entries.map(odd)]) {
    expect(decode(write(record), keyOf('a'), later(), 7), JSON.stringify(record)).toBeUndefined()
  }
})

it('is nothing where the time that has passed cannot be told', () => {
  const record = entry('body')
  const value = write(record)
  expect(decode(value, record.key, later(), 7)).toBeDefined()
  expect(decode(value, record.key, later(-1), 7)).toBeUndefined()
})

it('is nothing under the key of another', () => {
  expect(decode(write(entry('body')), keyOf('b'), later(), 7)).toBeUndefined()
})

it('begins with what scripts compare: digits in order', () => {
  const value = write(entry('body', { filledAt: stampOf(7, 3) }))
  expect(value.toString('latin1', 0, PREFIX)).toBe(`SW1e${orderOf(stampOf(7, 3), NAMING.start)}${NAMING.copy}`)
  const numbers = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  fc.assert(fc.property(numbers, numbers, numbers, numbers, (a, b, c, d) => {
    expect(orderOf(stampOf(a, b), 1) < orderOf(stampOf(c, d), 1)).toBe(b < d || (b === d && a < c))
  }))
})

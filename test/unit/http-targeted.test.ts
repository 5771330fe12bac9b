import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deltaSeconds, MALFORMED } from '../../src/http/cache-control.js'
import { parseTargeted } from '../../src/http/targeted.js'

const cdn = (value: string): Record<string, string | true> | undefined => {
  const read = parseTargeted('cdn-cache-control', value)
  return read === undefined ? undefined : Object.fromEntries(read)
}
const surrogate = (value: string): Record<string, string | true> | undefined => {
  const read = parseTargeted('surrogate-control', value)
  return read === undefined ? undefined : Object.fromEntries(read)
}

describe('a targeted field (RFC 9213 §2.1)', () => {
  it('is a Dictionary whose parameters mean nothing', () => {
    expect(cdn('max-age=60;what=ever, must-revalidate, foo=bar')).toEqual({ 'max-age': '60', 'must-revalidate': true, foo: MALFORMED })
    expect(cdn('no-store, private=?0')).toEqual({ 'no-store': true })
  })

  it('does not count when malformed or empty', () => {
    for (const value of ['', '  ', 'max-age=', 'max-age=60,', 'MaX-aGe=60', 'max-age =60', '"max-age"', 'max-age=1234567890123456']) expect(cdn(value)).toBeUndefined()
  })

  it('takes nothing for a time but a whole number that is not negative', () => {
    for (const value of ['-1', '1.5', '"60"', 'sixty', '?1;a']) expect(deltaSeconds(cdn(`max-age=${value}`)!['max-age'])).toBeUndefined()
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.constantFrom('cdn-cache-control', 'surrogate-control'), fc.string({ unit: 'binary' }), (name, value) => {
      parseTargeted(name, value)
    }))
  })
})

describe('Surrogate-Control (Edge Architecture 1.0 §2.3)', () => {
  it('is read whatever the case, with what is beyond max-age as stale-while-revalidate', () => {
    expect(surrogate('MaX-aGe=60+30, content="ESI/1.0"')).toEqual({ 'max-age': '60', 'stale-while-revalidate': '30', content: '"ESI/1.0"' })
    expect(surrogate('no-store-remote')).toMatchObject({ 'no-store': true })
  })

  it('leaves out what is meant for another device', () => {
    expect(surrogate('max-age=60;other, no-store;seawall')).toEqual({ 'no-store': true })
    expect(surrogate('max-age=60;other')).toBeUndefined()
  })
})

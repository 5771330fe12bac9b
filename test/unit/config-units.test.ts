import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config/units.js'

describe('durations and sizes', () => {
  test.each([['500ms', 500], ['30s', 30_000], ['5m', 300_000], ['1h', 3_600_000], ['1d', 86_400_000], ['0s', 0]])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each([['512b', 512], ['16kb', 16_384], ['256mb', 268_435_456], ['1gb', 1_073_741_824]])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  test.each(['', '30', '30 s', '1.5h', '-1s', '+1s', '1S', '1e3s', '1s ', ' 1s', '1sm', 's', '1234567890s', '１s', '1s\n'])('%j is neither', text => {
    expect(parseDuration(text)).toBeUndefined()
    expect(parseSize(text)).toBeUndefined()
  })

  test('what is formatted is read back as the same', () => {
    fc.assert(fc.property(fc.nat(999_999_999), n => {
      expect(parseDuration(formatDuration(n))).toBe(n)
      expect(parseSize(formatSize(n))).toBe(n)
    }))
  })

  test('the largest exact unit is taken', () => {
    expect([formatDuration(90_000), formatDuration(3_600_000), formatDuration(0)]).toEqual(['90s', '1h', '0s'])
    expect([formatSize(1536), formatSize(2 ** 24), formatSize(0)]).toEqual(['1536b', '16mb', '0b'])
  })
})

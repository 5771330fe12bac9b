/** Durations and sizes as people write them. A number without its unit is neither. */
import type { Ms } from '../core/types.js'

export const DURATION_PATTERN = /^\d{1,9}(?:ms|s|m|h|d)$/
export const SIZE_PATTERN = /^\d{1,9}(?:b|kb|mb|gb)$/

const DURATION_UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
const SIZE_UNITS = { gb: 2 ** 30, mb: 2 ** 20, kb: 2 ** 10, b: 1 } as const

/** Milliseconds; undefined where `text` is not a duration. */
export function parseDuration (text: string): Ms | undefined {
  return DURATION_PATTERN.test(text) ? amount(text, DURATION_UNITS) : undefined
}

/** Bytes, 1 kb being 1024; undefined where `text` is not a size. */
export function parseSize (text: string): number | undefined {
  return SIZE_PATTERN.test(text) ? amount(text, SIZE_UNITS) : undefined
}

/** In the largest unit that says it exactly: 90000 is `90s`. */
export function formatDuration (ms: Ms): string {
  return exact(ms, DURATION_UNITS, 's')
}

/** In the largest unit that says it exactly: 1536 is `1536b`. */
export function formatSize (bytes: number): string {
  return exact(bytes, SIZE_UNITS, 'b')
}

function amount (text: string, units: Readonly<Record<string, number>>): number {
  const digits = Number.parseInt(text, 10)
  return digits * units[text.replace(/^\d+/, '')]!
}

function exact (value: number, units: Readonly<Record<string, number>>, zero: string): string {
  if (value === 0) return `0${zero}`
  const [unit, size] = Object.entries(units).find(([, size]) => value % size === 0)!
  return `${value / size}${unit}`
}

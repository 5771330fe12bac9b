/** The leaves of the schema: what a single value may be. Each one's `error` says what is allowed. */
import { z } from 'zod'
import { parseAddress } from './address.js'
import { DURATION_PATTERN, SIZE_PATTERN, parseDuration, parseSize } from './units.js'

/** A string of this shape. */
export function text (pattern: RegExp, allowed: string) {
  return z.string({ error: allowed }).regex(pattern, { error: allowed })
}

/** A string that `read` understands, `pattern` being its shape for editors. */
export function read<T> (read: (text: string) => T | undefined, allowed: string, pattern?: RegExp) {
  const string = z.string({ error: allowed })
  return (pattern === undefined ? string : string.regex(pattern, { error: allowed, abort: true })).transform((text, context): T => {
    const value = read(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: allowed })
    return z.NEVER
  })
}

/** In ms, ends included. */
export function duration (least: string, most: string) {
  const [from, to] = [parseDuration(least)!, parseDuration(most)!]
  return read(text => {
    const ms = parseDuration(text)!
    return ms >= from && ms <= to ? ms : undefined
  }, `a duration with its unit, such as "500ms", "30s", "5m", "1h" or "1d", from ${least} to ${most}`, DURATION_PATTERN)
}

/** In bytes, ends included. */
export function size (least: string, most: string) {
  const [from, to] = [parseSize(least)!, parseSize(most)!]
  return read(text => {
    const bytes = parseSize(text)!
    return bytes >= from && bytes <= to ? bytes : undefined
  }, `a size with its unit, such as "512b", "16kb", "256mb" or "1gb", from ${least} to ${most}`, SIZE_PATTERN)
}

export function whole (least: number, most: number) {
  const error = `a whole number from ${least} to ${most}`
  return z.int({ error }).min(least, { error }).max(most, { error })
}

export const fraction = () => {
  const error = 'a number from 0 to 1'
  return z.number({ error }).min(0, { error }).max(1, { error })
}

/** How long something is kept or counts. */
export const period = () => duration('0s', '3650d')
/** How long something is waited for. */
export const deadline = () => duration('1ms', '1d')
export const list = <T extends z.ZodType>(item: T) => z.array(item)

export const address = () => read(parseAddress, 'HOST:PORT, such as "127.0.0.1:8080" or "[::1]:8080"')

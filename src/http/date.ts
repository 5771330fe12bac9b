/** HTTP dates (RFC 9110 §5.6.7), in wall ms. */
import type { Ms } from '../core/types.js'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const TIME = String.raw`([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)`
const MONTH = `(${MONTHS.join('|')})`

// Groups have numbers and no names: an object of names for each match costs as much as the matching.
// Case-insensitive as RFC 9111 §4.2 asks of caches.
const IMF_FIXDATE = new RegExp(String.raw`^(?:mon|tue|wed|thu|fri|sat|sun), (\d\d) ${MONTH} (\d{4}) ${TIME} GMT$`, 'i')
const RFC850 = new RegExp(String.raw`^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d\d)-${MONTH}-(\d\d) ${TIME} GMT$`, 'i')
const ASCTIME = new RegExp(String.raw`^(?:mon|tue|wed|thu|fri|sat|sun) ${MONTH} (\d\d| \d) ${TIME} (\d{4})$`, 'i')

/** The Gregorian calendar repeats after so many ms. `Date.UTC` misreads years below 100, so it is asked one cycle later. */
const CYCLE_YEARS = 400
const CYCLE = 146_097 * 86_400_000

/**
 * One timestamp in any of the three forms; undefined when it is malformed or names a day that does not exist. The day's
 * name must be one, but is not compared with the date. `now` (wall ms) places the two-digit years of the RFC 850 form:
 * none lies more than 50 years ahead of it.
 */
export function parseHttpDate (value: string, now: Ms = Date.now()): Ms | undefined {
  const parts = IMF_FIXDATE.exec(value) ?? RFC850.exec(value)
  if (parts !== null) return read(parts[3]!, parts[2]!, parts[1]!, parts, 4, now)
  const asctime = ASCTIME.exec(value)
  return asctime === null ? undefined : read(asctime[6]!, asctime[1]!, asctime[2]!, asctime, 3, now)
}

/** `time`: where hour, minute and second stand. */
function read (year: string, month: string, day: string, parts: readonly string[], time: number, now: Ms): Ms | undefined {
  const at = (fullYear: number): Ms | undefined =>
    instant(fullYear, MONTHS.indexOf(month.toLowerCase()), Number(day), Number(parts[time]), Number(parts[time + 1]), Number(parts[time + 2]))
  return year.length === 4 ? at(Number(year)) : withinFifty(Number(year), at, now)
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`, down to the whole second. */
export function formatHttpDate (ms: Ms): string {
  return new Date(ms).toUTCString()
}

function instant (year: number, month: number, day: number, hour: number, minute: number, second: number): Ms | undefined {
  const midnight = Date.UTC(year + CYCLE_YEARS, month, day)
  if (new Date(midnight).getUTCDate() !== day) return undefined
  return midnight - CYCLE + ((hour * 60 + minute) * 60 + second) * 1000
}

function withinFifty (twoDigits: number, at: (year: number) => Ms | undefined, now: Ms): Ms | undefined {
  const limit = new Date(now)
  limit.setUTCFullYear(limit.getUTCFullYear() + 50)
  const century = limit.getUTCFullYear() - limit.getUTCFullYear() % 100
  const candidate = at(century + twoDigits)
  return candidate !== undefined && candidate <= limit.getTime() ? candidate : at(century - 100 + twoDigits)
}

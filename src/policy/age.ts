/** How old a response was when it arrived. */
import type { Ms } from '../core/types.js'
import type { ResponseRead } from './response.js'

/** `askedAt` and `answeredAt` are monotonic, `receivedAt` is the wall time of `answeredAt`. */
export interface Timing { readonly askedAt: Ms, readonly answeredAt: Ms, readonly receivedAt: Ms }

const DATE_RESOLUTION: Ms = 1000

/** corrected_initial_age (RFC 9111 §4.2.3) in ms, never negative. */
export function initialAge (response: ResponseRead, timing: Timing): Ms {
  const delay = Math.max(0, timing.answeredAt - timing.askedAt)
  return Math.max(apparentAge(response, timing.receivedAt, delay), response.age + delay)
}

/**
 * apparent_age (RFC 9111 §4.2.3). Date names a whole second: where that second reaches into the exchange, the response
 * may have been made while we waited, and the delay already counts for that.
 */
function apparentAge (response: ResponseRead, receivedAt: Ms, delay: Ms): Ms {
  if (!response.dated || response.date + DATE_RESOLUTION > receivedAt - delay) return 0
  return Math.max(0, receivedAt - response.date)
}

/** Generated request traces for what decides by popularity. Deterministic: one seed, one trace. */

import { seeded } from './chance.js'

export interface Trace {
  readonly requests: number
  readonly keys: number
  /** Zipf's exponent: the key of rank r is asked for in proportion to r ** -exponent. */
  readonly exponent: number
  /** Share of requests for keys that are never asked for again. */
  readonly once: number
  readonly seed: number
}

/** Keys as numbers: popular ones below `keys`, one-time ones from there on. */
export function * zipf ({ requests, keys, exponent, once, seed }: Trace): Generator<number> {
  const random = seeded(seed)
  const cumulative = new Float64Array(keys)
  let sum = 0
  for (let i = 0; i < keys; i++) cumulative[i] = sum += (i + 1) ** -exponent
  let unique = keys
  for (let i = 0; i < requests; i++) {
    if (random() < once) {
      yield unique++
      continue
    }
    const wanted = random() * sum
    let low = 0
    let high = keys - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (cumulative[middle]! < wanted) low = middle + 1
      else high = middle
    }
    yield low
  }
}

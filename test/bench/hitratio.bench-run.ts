/** Prints hit ratios; fails where ours are below what the store is held to. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { zipf, type Trace } from '../support/traces.js'
import { clairvoyant, lru, seawall, type Policy } from './policies.js'

const POLICIES: Record<string, Policy> = { 'plain LRU': lru, seawall, clairvoyant }
const KEYS = 100_000
const GENERATED: [string, Trace, number][] = [
  ['Zipf(1.0)', { requests: 1_000_000, keys: KEYS, exponent: 1, once: 0, seed: 1 }, 0.59],
  ['Zipf(0.9), 30 % one-time keys', { requests: 1_000_000, keys: KEYS, exponent: 0.9, once: 0.3, seed: 1 }, 0.31]
]

/** Share of hits by policy, printed as a line. */
function compare (name: string, trace: Uint32Array, room: number, keys: number): Record<string, number> {
  const ratios = Object.fromEntries(Object.entries(POLICIES).map(([policy, count]) => [policy, count(trace, room, keys) / trace.length]))
  const line = Object.entries(ratios).map(([policy, ratio]) => `${policy} ${(ratio * 100).toFixed(1)} %`).join(', ')
  console.log(`${name}: ${trace.length} requests, ${keys} keys, room for ${room}: ${line}`)
  return ratios
}

it.each(GENERATED)('%s', (name, trace, least) => {
  const requests = Uint32Array.from(zipf(trace))
  expect(compare(name, requests, KEYS / 100, requests.reduce((most, key) => Math.max(most, key), 0) + 1)['seawall']).toBeGreaterThanOrEqual(least)
})

it.runIf(process.env['TRACE'])('a trace file', () => {
  const file = process.env['TRACE']!
  const numbers = new Map<string, number>()
  const requests = Uint32Array.from(readFileSync(file, 'utf8').split(/\r?\n/).filter(key => key !== ''), key => {
    const number = numbers.get(key) ?? numbers.size
    numbers.set(key, number)
    return number
  })
  expect(requests.length, `${file} has a key a line`).toBeGreaterThan(0)
  for (const share of [0.001, 0.01, 0.1]) compare(file, requests, Math.max(1, Math.round(numbers.size * share)), numbers.size)
})

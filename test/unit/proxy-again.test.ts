/** What answers again is bounded by all that is remembered of it, the targets that clients choose included. */
import { expect, it } from 'vitest'
import { CLEAN, type Entry, type ProxyRequest, type ProxyResponse, type RequestFacts } from '../../src/core/types.js'
import { Again } from '../../src/proxy/again.js'
import type { Parts } from '../../src/proxy/parts.js'
import type { Recognised } from '../../src/proxy/recognise.js'
import { metaOf, policyOf } from '../support/records.js'

const LIMIT = 1_600_000
const NOW = 1_000

const entry: Entry = { ...metaOf('a', policyOf(0)), body: [Buffer.alloc(1)], length: 1 }
const parts = {
  store: { stats: () => ({ limit: LIMIT }), peek: () => entry, holds: () => true },
  log: { verdict: () => CLEAN, trusted: () => 'yes' }
} as unknown as Parts

/** How many of a thousand targets of one entry are remembered at the end. */
function remembered (length: number, ifNoneMatch?: string): number {
  const again = new Again(parts)
  const facts = { site: 'http://example.com', ifNoneMatch, plain: ifNoneMatch === undefined } as unknown as RequestFacts
  const requests = Array.from({ length: 1_000 }, (_, i) => ({ method: 'GET', target: `/a?${String(i).padEnd(length, 'x')}` }) as ProxyRequest)
  const response: ProxyResponse = { status: 200, head: entry.head, tail: '', body: { kind: 'bytes', chunks: entry.body, length: 1 }, outcome: 'hit' }
  for (const request of requests) {
    const r = { request, facts, route: { vary: 'exact' }, url: entry.url } as unknown as Recognised
    // given twice at one instant: worth remembering
    for (let i = 0; i < 2; i++) again.keep(r, { record: entry, key: entry.key, names: undefined }, entry, { ...response }, NOW)
  }
  return requests.filter(request => again.find(request, facts, NOW) !== undefined).length
}

it('remembers so many targets, and fewer the longer they are', () => {
  const [short, long, conditional] = [remembered(10), remembered(6_000), remembered(10, `"${'e'.repeat(6_000)}"`)]
  expect(short).toBeGreaterThan(40)
  for (const count of [long, conditional]) {
    expect(count).toBeGreaterThan(3)
    expect(count).toBeLessThan(LIMIT / 8 / 6_000 + 2)
  }
})

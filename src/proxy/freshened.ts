/** What a 304 makes of the entry it validates (RFC 9111 §4.3.4). */
import type { Entry, RawHeaders } from '../core/types.js'
import { weakMatch } from '../http/conditional.js'
import { endToEnd, fieldValue } from '../http/fields.js'
import { decodeHead } from '../http/head.js'
import type { OriginAnswer } from '../origin/contract.js'
import { freshen } from '../policy/freshen.js'
import { storeTime } from '../policy/store-time.js'
import type { Fill } from './fill.js'
import type { Parts } from './parts.js'
import { newMeta } from './records.js'

/** Whether a 304 speaks of the entry that was asked about: an ETag it carries must be the entry's. */
export function describes (headers: RawHeaders, entry: Entry): boolean {
  const etag = fieldValue(headers, 'etag')
  return etag === undefined || (entry.etag !== undefined && weakMatch(etag, entry.etag))
}

/**
 * The entry as the 304 left it, stamped with the fill's start. Where its new fields forbid storing it (`storable`
 * false), it may still answer the requests that asked.
 */
export function freshened (parts: Parts, fill: Fill, entry: Entry, headers: RawHeaders, answer: OriginAnswer): { entry: Entry, storable: boolean } {
  const { r } = fill.plan
  const kept = freshen(decodeHead(entry.head).headers, headers)
  const age = fieldValue(answer.headers, 'age')
  const judged = freshen(decodeHead(entry.head).headers, endToEnd(answer.headers).filter((_, i, all) => all[i & ~1]!.toLowerCase() !== 'age'))
  if (age !== undefined) judged.push('age', age)
  const verdict = storeTime({
    method: 'GET', facts: r.facts, route: r.route, status: entry.status, headers: judged,
    askedAt: answer.askedAt, answeredAt: answer.answeredAt, wall: parts.clock.wall(), random: parts.random()
  })
  if (verdict.kind === 'refuse') {
    return { entry: { ...entry, filledAt: fill.startedAt, checkedAt: undefined, generation: fill.generation }, storable: false }
  }
  const meta = newMeta(fill, { key: entry.key, status: entry.status, headers: kept, verdict, tags: entry.tags })
  return { entry: { ...meta, body: entry.body, length: entry.length }, storable: true }
}

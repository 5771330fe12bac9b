/** What a 304 makes of the entry it validates (RFC 9111 §4.3.4), or a HEAD of the one it describes (§4.3.5). */
import { entryOf } from '../core/entry.js'
import type { Entry, RawHeaders } from '../core/types.js'
import { weakMatch } from '../http/conditional.js'
import { parseAge } from '../http/age.js'
import { endToEnd, fieldLines, fieldValue } from '../http/fields.js'
import { decodeHead, encodeHead } from '../http/head.js'
import { mergeTags, responseTags, tagsFit } from '../http/tags.js'
import type { OriginAnswer } from '../origin/contract.js'
import { freshen } from '../policy/freshen.js'
import { storeTime } from '../policy/store-time.js'
import { varyNames } from '../policy/vary.js'
import type { Parts } from './parts.js'
import { newMeta, type Source } from './records.js'

/**
 * Whether a 304 speaks of the entry that was asked about (RFC 9111 §4.3.4): the ETag it carries, or else Last-Modified, must
 * be the entry's. Tags are compared weakly, as If-None-Match is: nginx weakens the tag of what it compresses in the 200
 * alone, and every 304 of it would else be followed by the whole.
 */
export function describes (headers: RawHeaders, entry: Entry): boolean {
  const etag = fieldValue(headers, 'etag')
  if (etag !== undefined) return entry.etag !== undefined && weakMatch(etag, entry.etag)
  const lastModified = fieldValue(headers, 'last-modified')
  return lastModified === undefined || entry.lastModified === undefined || lastModified === entry.lastModified
}

/**
 * The entry as the 304 left it, stamped with the fill's start, and what becomes of the stored one. Where that is not
 * `kept` so, it still answers the request that asked. `dropped`: its new fields forbid storing it, or have it belong
 * under another key. `untouched`: a 304 for credentials says nothing of what others are given (RFC 9111 §3.5).
 */
export interface Freshened { readonly entry: Entry, readonly fate: 'kept' | 'dropped' | 'untouched' }

export function freshened (parts: Parts, fill: Source, entry: Entry, headers: RawHeaders, answer: OriginAnswer): Freshened {
  const { r } = fill.plan
  const stored = decodeHead(entry.head).headers
  const kept = freshen(stored, headers)
  const tags = mergeTags(responseTags(answer.headers, r.facts.site), entry.tags)
  const age = fieldValue(answer.headers, 'age')
  const judged = freshen(stored, endToEnd(answer.headers).filter((_, i, all) => all[i & ~1]!.toLowerCase() !== 'age'))
  if (age !== undefined) judged.push('age', age)
  const verdict = storeTime({
    method: 'GET', facts: r.facts, route: r.route, status: entry.status, headers: judged,
    askedAt: answer.askedAt, answeredAt: answer.answeredAt, wall: parts.clock.wall(), random: parts.random(),
    ranged: entry.part !== undefined
  })
  if (verdict.kind === 'refuse') {
    const policy = { ...entry.policy, bornAt: answer.askedAt - (parseAge(fieldLines(answer.headers, 'age')) ?? 0) }
    return {
      entry: { ...entry, policy, head: encodeHead(entry.status, kept), tags, filledAt: fill.startedAt, checkedAt: undefined, generation: fill.generation },
      fate: verdict.why === 'authorization' ? 'untouched' : 'dropped'
    }
  }
  const meta = newMeta(fill, { key: entry.key, status: entry.status, headers: kept, verdict, tags })
  const sameVary = String(verdict.vary) === String(varyNames(fieldValue(stored, 'vary')))
  return { entry: entryOf(meta, { head: meta.head, body: entry.body, length: entry.length }), fate: sameVary && tagsFit(tags) ? 'kept' : 'dropped' }
}

/** What the answer to a HEAD does to the stored answer to a GET (RFC 9111 §4.3.5). */
import type { Stamp } from '../core/types.js'
import { decodeHead } from '../http/head.js'
import type { OriginAnswer } from '../origin/contract.js'
import { responseHeaders } from '../policy/forward.js'
import { headSays } from '../policy/head.js'
import { softened } from '../policy/windows.js'
import { stripped } from './fill.js'
import { freshened } from './freshened.js'
import { lookup } from './lookup.js'
import type { Parts } from './parts.js'
import type { Recognised } from './recognise.js'

/** `answer`: a 200. `since`: the log's head before it was asked for, so that a purge meanwhile wins. */
export async function updateByHead (parts: Parts, r: Recognised, answer: OriginAnswer, since: Stamp): Promise<void> {
  const { record: entry, key } = await lookup(parts, r)
  if (entry?.kind !== 'entry' || entry.key !== key || entry.policy.askedAt > answer.askedAt) return
  if (parts.log.verdict(entry).kind === 'hard') return
  const stored = { headers: decodeHead(entry.head).headers, length: entry.length }
  const says = entry.status === 200 ? headSays(answer, stored) : 'unknown'
  if (says === 'changed') await parts.store.refresh(entry, { ...entry, policy: softened(entry.policy, parts.clock.now()) })
  if (says !== 'same') return
  const headers = responseHeaders(answer.headers, stripped(r.route, true), parts.clock.wall())
  const fresh = freshened(parts, { plan: { r }, startedAt: since, generation: entry.generation }, entry, headers, answer)
  if (fresh.fate === 'dropped') await parts.store.delete(entry.key)
  if (fresh.fate === 'kept') await parts.store.refresh(entry, fresh.entry)
}

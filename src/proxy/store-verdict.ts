/** Whether what an origin answered a GET with may be stored: by the rules, and by all that it is to be purged by. */
import type { Ms } from '../core/types.js'
import { endToEnd } from '../http/fields.js'
import { mergeTags, responseTags, tagsFit } from '../http/tags.js'
import type { OriginAnswer } from '../origin/contract.js'
import { storeTime, type StoreTime } from '../policy/store-time.js'
import type { Parts } from './parts.js'
import type { Recognised } from './recognise.js'

const TOO_MANY_TAGS: StoreTime = { kind: 'refuse', why: 'too-many-tags', intrinsic: true }

/** The tags of an answer, beside those its route gives it, or `others`. */
export function tagsOf (r: Recognised, answer: OriginAnswer, others: readonly string[] = r.route.tags): readonly string[] {
  return mergeTags(others, responseTags(answer.headers, r.facts.site))
}

/** `wall`: now, Unix ms. `ranged`: a range was asked for, and nothing but one. */
export function storeVerdict (parts: Parts, r: Recognised, answer: OriginAnswer, tags: readonly string[], { wall, ranged }: { wall: Ms, ranged: boolean }): StoreTime {
  if (!tagsFit(tags)) return TOO_MANY_TAGS
  return storeTime({
    method: 'GET', facts: r.facts, route: r.route, status: answer.status, headers: endToEnd(answer.headers),
    askedAt: answer.askedAt, answeredAt: answer.answeredAt, wall, random: parts.random(), ranged
  })
}

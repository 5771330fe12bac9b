/** Whether what an origin answered a GET with may be stored: by the rules, and by all that it is to be purged by. */
import type { Ms } from '../core/types.js'
import { withoutOptions } from '../http/fields.js'
import { mergeTags, responseTags, tagsFit } from '../http/tags.js'
import type { OriginAnswer } from '../origin/contract.js'
import { storeTime, type Refused, type StoreTerms } from '../policy/store-time.js'
import type { Parts } from './parts.js'
import type { Recognised } from './recognise.js'

const TOO_MANY_TAGS: Refused = { kind: 'refuse', why: 'too-many-tags', intrinsic: true }

/** `tags`: of what is stored; of what is not, nobody asks. */
export interface Storable { readonly kind: 'store', readonly time: StoreTerms, readonly tags: readonly string[] }

/** The tags of an answer, beside those its route gives it, or `others`. */
export function tagsOf (r: Recognised, answer: OriginAnswer, others: readonly string[] = r.route.tags): readonly string[] {
  return mergeTags(others, responseTags(answer.headers, r.facts.site))
}

/** `wall`: now, Unix ms. `ranged`: a range was asked for, and nothing but one. `tags`: in place of its route's. */
export function storeVerdict (parts: Parts, r: Recognised, answer: OriginAnswer, { wall, ranged, tags: others }: { wall: Ms, ranged: boolean, tags?: readonly string[] | undefined }): Storable | Refused {
  const time = storeTime({
    method: 'GET', facts: r.facts, route: r.route, status: answer.status, headers: withoutOptions(answer.headers),
    askedAt: answer.askedAt, answeredAt: answer.answeredAt, wall, random: parts.random(), ranged
  })
  if (time.kind === 'refuse') return time
  const tags = tagsOf(r, answer, others)
  return tagsFit(tags) ? { kind: 'store', time, tags } : TOO_MANY_TAGS
}

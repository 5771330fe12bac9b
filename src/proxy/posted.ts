/** The answer to a POST that is the answer to GETs as well (RFC 9110 §9.3.3): given to its client while it is stored. */
import { SeawallError } from '../core/errors.js'
import { nextGeneration } from '../core/generation.js'
import { CLEAN, type ProxyResponse, type Stamp } from '../core/types.js'
import type { Exchange, OriginAnswer } from '../origin/contract.js'
import { answersGets } from '../policy/post.js'
import { fromFill } from './answer.js'
import type { Fill } from './fill.js'
import { keyFor, type Fills } from './fills.js'
import { tagsOf } from './store-verdict.js'
import type { Parts } from './parts.js'
import type { Recognised } from './recognise.js'

/** Whether the answer is to be stored: it says so, and nothing it would be stored as was purged since it was asked for. */
export function storable (parts: Parts, r: Recognised, answer: OriginAnswer, since: Stamp): boolean {
  const { request, facts, route, target, url } = r
  if (request.method !== 'POST' || !answersGets({ route, site: facts.site, target, url, status: answer.status, headers: answer.headers, wall: parts.clock.wall() })) return false
  return parts.log.verdict({ url, tags: tagsOf(r, answer), filledAt: since, checkedAt: undefined }) === CLEAN
}

/** Begins to store it, from the log's head on: right behind its own invalidation, which is not to concern it. */
export function store (parts: Parts, fills: Fills, r: Recognised, exchange: Exchange): Fill {
  const adopted = { exchange, startedAt: parts.log.head, beganAt: parts.clock.now(), generation: nextGeneration() }
  const fill = fills.lead({ r, key: r.primary, entry: undefined, shared: false, last: false, adopted, passKey: keyFor(r, r.primary) })
  fill.claim()
  return fill
}

/** Rejects with what broke the answer before it could be given. */
export async function posted (parts: Parts, r: Recognised, fill: Fill): Promise<ProxyResponse> {
  const head = await fill.head
  if (head.kind === 'answer') return fromFill(r, fill, head, parts.clock.now(), 'pass', { fwd: 'method' })
  fill.release()
  throw head.kind === 'failed' ? head.error : new SeawallError('internal')
}

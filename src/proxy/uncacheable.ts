/**
 * A whole GET of what is remembered as uncacheable: straight to the origin and on to its one client, with no fill between.
 * What comes is judged all the same, since it may have changed its mind; a fill takes over then, with the answer in hand.
 *
 * Invariant: what is stored of it was stamped before the origin was asked, so that a purge meanwhile wins, and so does what
 * was asked for later.
 */
import { SeawallError, toSeawallError } from '../core/errors.js'
import { nextGeneration } from '../core/generation.js'
import type { Ms, PassRecord, ProxyResponse, StoredRecord } from '../core/types.js'
import { fromError, fromFill } from './answer.js'
import type { Adopted } from './fill-plan.js'
import { keyFor, type Fills } from './fills.js'
import { storeVerdict } from './store-verdict.js'
import type { Found } from './lookup.js'
import type { Parts } from './parts.js'
import { passed } from './pass.js'
import type { Recognised } from './recognise.js'
import { passRequest } from './requests.js'

/** What is remembered is remembered anew once this share of its time has passed, not with every answer. */
const RENEWED = 1 / 16

export async function uncacheable (parts: Parts, fills: Fills, r: Recognised, found: Found): Promise<ProxyResponse> {
  const { request } = r
  const startedAt = parts.log.head
  const beganAt = parts.clock.now()
  const generation = nextGeneration()
  const exchange = parts.origins.ask(passRequest(parts, r))
  request.onGone = gone => { exchange.cancel(gone) }
  try {
    const answer = await exchange.answer
    const wall = parts.clock.wall()
    const verdict = storeVerdict(parts, r, answer, { wall, ranged: false })
    if (verdict.kind === 'store') return await changed(parts, fills, r, found, { exchange, startedAt, beganAt, generation })
    if (verdict.intrinsic) remember(parts, r, found, { startedAt, generation }, answer.answeredAt)
    return passed(r, answer, wall, { fwd: 'uri-miss', fwdStatus: answer.status, detail: verdict.why })
  } catch (thrown) {
    exchange.cancel(toSeawallError(thrown))
    return fromError(thrown, request, { fwd: 'uri-miss' })
  }
}

/** It may be stored now. */
async function changed (parts: Parts, fills: Fills, r: Recognised, found: Found, adopted: Adopted): Promise<ProxyResponse> {
  const fill = fills.lead({ r, key: found.key, entry: undefined, shared: false, last: false, passKey: keyFor(r, found.key), adopted })
  fill.claim()
  r.request.onGone = undefined
  const head = await fill.head
  if (head.kind === 'answer') return fromFill(r, fill, head, parts.clock.now(), 'pass', { fwd: 'uri-miss', collapsed: false, detail: 'uncacheable' })
  fill.release()
  throw head.kind === 'failed' ? head.error : new SeawallError('internal')
}

function remember (parts: Parts, r: Recognised, found: Found, { startedAt, generation }: Pick<Adopted, 'startedAt' | 'generation'>, now: Ms): void {
  const key = keyFor(r, found.key)
  const keepUntil = now + r.route.passRecord
  const until = keepUntil - r.route.passRecord * RENEWED
  // others found the same one to be renewed: by now it may be
  if ((key === found.key && lasts(found.record, until)) || lasts(parts.store.peek(key), until)) return
  const record: PassRecord = { kind: 'pass', key, url: r.url, tags: r.route.tags, filledAt: startedAt, checkedAt: undefined, generation, keepUntil }
  parts.store.note(record)
}

function lasts (record: StoredRecord | undefined, until: Ms): boolean {
  return record?.kind === 'pass' && record.keepUntil >= until
}

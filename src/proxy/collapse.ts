/**
 * What only the origin can answer, asked once for all who ask.
 *
 *   a usable fill under way? ── yes ─▶ wait for its head ─┬─ for all, mine ──▶ stream it        (collapsed)
 *        │ no                                            ├─ not for all ────▶ the origin, alone, all in parallel
 *        ▼                                               ├─ another variant, purged, too old ─▶ round again
 *      lead one                                          └─ failed ─▶ one leads again; if that fails too, all share it
 */
import { SeawallError } from '../core/errors.js'
import type { Fwd, Outcome } from '../core/reasons.js'
import { CLEAN, POLICY, type Policy, type Decision, type Entry, type EntryMeta, type Lacking, type ProxyResponse, type StoreKey } from '../core/types.js'
import type { CacheStatus } from '../http/cache-status.js'
import { decide } from '../policy/decide.js'
import { fromEntry, fromError, fromFill, withStatus } from './answer.js'
import { asRanged, type FillHead, type FillPlan } from './fill-plan.js'
import type { Fill } from './fill.js'
import { keyFor, type Fills } from './fills.js'
import type { Found } from './lookup.js'
import type { Parts } from './parts.js'
import { demandsNew, variantOf, type Recognised } from './recognise.js'

/** How often this request was sent round: past the limit it goes alone. */
export interface Round { turns: number, failures: number }
const MAX_TURNS = 3

export type Wanted = Decision & { kind: 'miss' | 'revalidate' }
export type Again = (r: Recognised, round: Round) => Promise<ProxyResponse> | ProxyResponse

export class Collapse {
  private readonly parts: Parts
  private readonly fills: Fills
  private readonly again: Again

  constructor (parts: Parts, fills: Fills, again: Again) {
    this.parts = parts
    this.fills = fills
    this.again = again
  }

  async fetch (r: Recognised, wanted: Wanted, found: Found, round: Round): Promise<ProxyResponse> {
    if (round.turns > MAX_TURNS) return this.alone(r, wanted, found, 'contended')
    // What is never fresh answers nobody else: waiting for another's fetch would be in vain.
    if (wanted.kind === 'revalidate' && momentary(wanted.entry.policy)) return this.lead(r, wanted, found, round, false, undefined)
    const key = this.keyFor(r, found)
    const fill = this.fills.find(key, r)
    const alone = asksRange(r, wanted)
    if (fill !== undefined && (!alone || holdsRanges(fill)) && this.mayWait(fill, r)) return this.join(fill, r, wanted, found, round)
    return this.lead(r, wanted, found, round, !alone, undefined)
  }

  /** A fetch that nobody joins; what it brings is stored all the same if the rules allow. */
  alone (r: Recognised, wanted: Wanted, found: Found, detail: 'uncacheable' | 'contended'): Promise<ProxyResponse> {
    return this.lead(r, wanted, found, { turns: 0, failures: 0 }, false, detail)
  }

  /** A refresh nobody waits for: one a key. */
  refresh (r: Recognised, entry: Entry, found: Found): void {
    if (this.fills.busy(this.keyFor(r, found))) return
    this.parts.counters.backgroundRefreshes++
    this.fills.lead({ ...this.plan(r, found, entry, undefined, true, false), background: true })
  }

  private keyFor (r: Recognised, found: Found): StoreKey {
    const names = found.names ?? this.fills.namesFor(r.primary)
    return names === undefined ? r.primary : variantOf(r, names)
  }

  private plan (r: Recognised, found: Found, entry: Entry | undefined, lacking: Lacking | undefined, shared: boolean, last: boolean): FillPlan {
    const key = this.keyFor(r, found)
    return { r, key, entry, lacking, shared, last, passKey: keyFor(r, key) }
  }

  private async lead (r: Recognised, wanted: Wanted, found: Found, round: Round, shared: boolean, detail: string | undefined): Promise<ProxyResponse> {
    const validated = wanted.kind === 'revalidate' && detail === undefined ? wanted.entry : undefined
    const lacking = wanted.kind === 'miss' && detail === undefined ? wanted.lacking : undefined
    const fill = this.fills.lead(this.plan(r, found, validated, lacking, shared, round.failures > 0))
    fill.claim()
    if (!shared) r.request.onGone = why => { fill.abandon(why) }
    const head = await fill.head
    const stale = this.staleFor(wanted, head)
    if (stale !== undefined) {
      fill.release()
      return this.staleOnError(r, stale, head)
    }
    if (head.kind === 'failed') {
      fill.release()
      return fromError(head.error, r.request, { fwd: fwdOf(wanted) })
    }
    if (head.kind === 'left') {
      fill.release()
      return this.afterLeaving(head, r, wanted, found, round)
    }
    if (shared && round.turns === 0 && this.overtaken(fill, head)) {
      fill.release()
      return this.again(r, { ...round, turns: 1 })
    }
    if (detail !== undefined) return this.serve(r, fill, head, wanted, 'pass', detail)
    return this.serve(r, fill, head, wanted, 'miss', undefined)
  }

  private async join (fill: Fill, r: Recognised, wanted: Wanted, found: Found, round: Round): Promise<ProxyResponse> {
    this.parts.counters.collapsed++
    fill.claim()
    const head = fill.known ?? await fill.head
    if (this.usable(fill, head, r)) return this.serve(r, fill, head, wanted, 'collapsed', undefined)
    fill.release()
    if (head.kind === 'failed' || (head.kind === 'answer' && head.failing)) return this.afterFailure(fill, head, r, wanted, round)
    if (head.kind === 'left') return this.afterLeaving(head, r, wanted, found, round)
    const meta = forOthers(head)
    if (meta === undefined || (head.kind === 'answer' && momentary(meta.policy))) return this.alone(r, wanted, found, 'uncacheable')
    return this.again(r, { ...round, turns: round.turns + 1 })
  }

  /** What another process said of its own fetch. */
  private afterLeaving (head: FillHead & { kind: 'left' }, r: Recognised, wanted: Wanted, found: Found, round: Round): Promise<ProxyResponse> | ProxyResponse {
    return head.why === 'uncacheable' ? this.alone(r, wanted, found, 'uncacheable') : this.again(r, { ...round, turns: round.turns + 1 })
  }

  /** One waiter leads a second try; the failure of that one is everybody's. */
  private afterFailure (fill: Fill, head: FillHead, r: Recognised, wanted: Wanted, round: Round): Promise<ProxyResponse> | ProxyResponse {
    const failures = round.failures + 1
    if (failures < 2 && !fill.plan.last) return this.again(r, { ...round, failures })
    const stale = this.staleFor(wanted, head)
    if (stale !== undefined) return this.staleOnError(r, stale, head)
    const status = { fwd: fwdOf(wanted), collapsed: true }
    if (head.kind !== 'answer') return fromError(head.kind === 'failed' ? head.error : new SeawallError('internal'), r.request, status)
    return withStatus(fromError(new SeawallError('origin_failed'), r.request, { ...status, fwdStatus: head.status }), head.status, head.headers)
  }

  private serve (r: Recognised, fill: Fill, head: FillHead, wanted: Wanted, outcome: Outcome, detail: string | undefined): ProxyResponse {
    const now = this.parts.clock.now()
    const collapsed = outcome === 'collapsed'
    if (head.kind === 'entry') {
      fill.release()
      return fromEntry(r, head.entry, now, 'revalidated', { fwd: fwdOf(wanted), fwdStatus: 304, collapsed })
    }
    if (head.kind === 'shared') {
      fill.release()
      if (!head.waited) return fromEntry(r, head.entry, now, 'hit', { hit: true })
      return fromEntry(r, head.entry, now, 'collapsed', { fwd: fwdOf(wanted), collapsed: true })
    }
    if (head.kind === 'failed') throw head.error
    if (head.kind === 'left') throw new SeawallError('internal')
    const status: CacheStatus = { fwd: fwdOf(wanted), collapsed }
    if (detail !== undefined) status.detail = detail
    return fromFill(r, fill, head, now, outcome, status)
  }

  /** Before the head is known: could this fill's answer be this request's? */
  private mayWait (fill: Fill, r: Recognised): boolean {
    if (fill.failedForAll) return true
    if (!fill.joinable || asRanged(fill.plan) || this.parts.log.verdict(fill.judged) !== CLEAN || this.parts.log.trusted(fill.beganAt) === 'no') return false
    if (demandsNew(r) && r.request.arrivedAt > fill.beganAt) return false
    return fill.known?.kind !== 'answer' || this.usable(fill, fill.known, r)
  }

  /** It may be stored, it is this request's variant, no purge lies in between, and as a stored response it would answer. */
  private usable (fill: Fill, head: FillHead, r: Recognised): boolean {
    const meta = forOthers(head)
    if (meta === undefined || this.parts.log.verdict(fill.judged) !== CLEAN) return false
    if (head.kind !== 'entry') {
      const key = fill.vary.length === 0 ? r.primary : variantOf(r, fill.vary)
      if (key !== meta.key) return false
    }
    // What was asked for after the request came satisfies whatever the request demands of age.
    const route = r.request.arrivedAt <= fill.beganAt ? { ...r.route, clientDirectives: 'ignore' as const } : r.route
    // What was fresh when both had been asked for is not stale for having been waited for: a lifetime shorter than the
    // origin's delay would otherwise send the whole herd.
    const now = Math.min(this.parts.clock.now(), Math.max(r.request.arrivedAt, meta.policy.askedAt))
    const answer = decide({
      method: r.request.method, facts: r.facts, route, now, verdict: CLEAN,
      trusted: this.parts.log.trusted(fill.beganAt)
    }, 'entry' in head ? head.entry : { ...meta, body: [], length: 0 }, 'uri-miss')
    return answer.kind === 'hit' || answer.kind === 'stale'
  }

  /** Purged while the origin was asked, or perhaps: the purge may have been answered by now. Asked for again once. */
  private overtaken (fill: Fill, head: FillHead): boolean {
    const { log } = this.parts
    return forOthers(head) !== undefined && (log.verdict(fill.judged).kind === 'hard' || log.trusted(fill.beganAt) === 'no')
  }

  private staleFor (wanted: Wanted, head: FillHead): Entry | undefined {
    if (wanted.kind !== 'revalidate' || !wanted.staleOnError) return undefined
    const failed = head.kind === 'failed' || (head.kind === 'answer' && FAILURES.has(head.status))
    // purged since it was looked up, it stands in for nothing
    if (!failed) return undefined
    const { kind } = this.parts.log.verdict(wanted.entry)
    return kind === 'hard' || (kind === 'unsure' && this.parts.strictPurge) ? undefined : wanted.entry
  }

  private staleOnError (r: Recognised, entry: Entry, head: FillHead): ProxyResponse {
    const fwdStatus = head.kind === 'answer' ? { fwdStatus: head.status } : {}
    return fromEntry(r, entry, this.parts.clock.now(), 'stale', { fwd: 'stale', ...fwdStatus, detail: 'stale-if-error' })
  }
}

/** What may answer others than the request it was fetched for. */
function forOthers (head: FillHead): EntryMeta | undefined {
  if (head.kind === 'answer') return head.meta
  if (head.kind === 'shared') return head.entry
  return head.kind === 'entry' && head.storable ? head.entry : undefined
}

/** What goes to the origin as a range, which answers no other: of what is not stored, or not whole. */
function asksRange (r: Recognised, wanted: Wanted): boolean {
  return r.request.method === 'GET' && r.facts.range !== undefined && (wanted.kind === 'miss' || wanted.entry.part !== undefined)
}

/** Ranges can be taken from it as it comes. */
function holdsRanges ({ known }: Fill): boolean {
  return known?.kind === 'answer' && known.status === 200 && known.length !== undefined
}

/** Never fresh, not even as it was asked for: every request has to be validated by itself (RFC 9111 §4.2.4, §5.2.2.4). */
function momentary (policy: Policy): boolean {
  return (policy.flags & POLICY.noCache) !== 0 || policy.swrUntil <= policy.askedAt
}

/** What stale-if-error stands in for (RFC 5861 §4). */
const FAILURES = new Set([500, 502, 503, 504])

function fwdOf (wanted: Wanted): Fwd {
  return wanted.kind === 'miss' ? wanted.why : wanted.why === 'request' ? 'request' : 'stale'
}

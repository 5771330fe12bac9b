/**
 * One origin fetch for one key, with many readers.
 *
 *   (its turn) ──▶ asking ──head──▶ streaming ──whole──▶ done (stored, or not)
 *      │             │                 │
 *      │             └──── error ──────┴──▶ failed
 *      └─ another process brought it, or will ──▶ done
 *
 * Invariants: `startedAt` is the log's head before the origin was asked, so a purge meanwhile wins; `head` settles once
 * and never rejects; nothing is committed unless the body's end was verified and no hard purge came in between; the
 * fetch outlives its readers while it may be stored, and ends with them when it cannot.
 */
import { NOWHERE } from '../core/crowd.js'
import { SeawallError, toSeawallError } from '../core/errors.js'
import { nextGeneration } from '../core/generation.js'
import type { FillEnd } from '../core/reasons.js'
import type { RouteRules } from '../core/route.js'
import type { BodyReader, Entry, EntryMeta, Judged, Lacking, Ms, RawHeaders, Stamp } from '../core/types.js'
import { fieldValue } from '../http/fields.js'
import { responseHeaders } from '../policy/forward.js'
import type { Exchange, OriginAnswer } from '../origin/contract.js'
import { combined, type Completed } from './completion.js'
import { asIs, asRanged, type FillHead, type Filling, type FillPlan } from './fill-plan.js'
import { describes, freshened } from './freshened.js'
import { Keeping } from './keeping.js'
import { bodyLength, newMeta, passRecord } from './records.js'
import type { Parts } from './parts.js'
import { variantOf } from './recognise.js'
import { fillRequest } from './requests.js'
import { SharedBody } from './shared-body.js'
import { storeVerdict, type Storable } from './store-verdict.js'
import { Turn, type Outcome as TurnOutcome } from './turn.js'

/** Answers to the range that was asked for, or to conditions, where the request may have asked for neither. */
const OF_THE_RANGE: ReadonlySet<number> = new Set([206, 304, 412, 416])

export class Fill implements Filling {
  readonly plan: FillPlan
  startedAt: Stamp
  beganAt: Ms
  readonly generation: number
  /** Among the fills under way. */
  place = NOWHERE
  readonly head: Promise<FillHead>
  /** `head`'s value once it is known, for those who decide without waiting. */
  known: FillHead | undefined
  /** What the log judges: tags are known with the head. */
  judged: Judged
  /** The request fields the answer varies on; empty until it is known to be storable. */
  vary: readonly string[] = []
  /** The origin was asked for the range of the request it is led by. */
  asRanged = false
  /** Since when nobody reads it or is going to. */
  unattended: Ms | undefined
  /** Requests that will open a reader or `release` their claim. */
  private claims = 0
  private readonly parts: Parts
  private readonly body: SharedBody
  private readonly settleHead: (head: FillHead) => void
  private readonly onHead: (fill: Fill) => void
  private readonly onEnd: (fill: Fill) => void
  private exchange: Exchange | undefined
  private readonly keeping: Keeping
  private readonly turn: Turn
  private ended = false

  constructor (parts: Parts, plan: FillPlan, onHead: (fill: Fill) => void, onEnd: (fill: Fill) => void) {
    this.parts = parts
    this.plan = plan
    this.onHead = onHead
    this.onEnd = onEnd
    this.generation = plan.adopted?.generation ?? nextGeneration()
    this.startedAt = plan.adopted?.startedAt ?? parts.log.head
    this.beganAt = plan.adopted?.beganAt ?? parts.clock.now()
    this.unattended = plan.background === true ? this.beganAt : undefined
    this.judged = this.unanswered()
    let settle!: (head: FillHead) => void
    this.head = new Promise(resolve => { settle = resolve })
    this.settleHead = settle
    this.body = new SharedBody(parts.clock, () => this.left())
    this.keeping = new Keeping(parts, this)
    this.turn = new Turn(parts, plan)
    parts.counters.fillsInFlight++
    void this.run()
  }

  /** A request says it will open a reader, or release. */
  claim (): void {
    this.claims++
    this.unattended = undefined
  }

  /** Turns a claim into a reader from the first byte. */
  open (): BodyReader {
    const reader = this.body.open()
    this.claims--
    this.settleClaims()
    return reader
  }

  /** Gives a claim up. */
  release (): void {
    this.claims--
    this.settleClaims()
    this.left()
  }

  /** The one request it is for is gone. Once the head is known, its reader says so. */
  abandon (why: Error): void {
    if (this.known === undefined) this.exchange?.cancel(why)
  }

  get mayStore (): boolean {
    return this.known === undefined || this.keeping.active
  }

  /** It was the second try and failed as the first had: everybody's answer, also of those who ask a moment later. */
  get failedForAll (): boolean {
    return this.plan.last && (this.known?.kind === 'failed' || (this.known?.kind === 'answer' && this.known.failing))
  }

  /** Whether one more request may claim it and still read it from the first byte, or be told that it failed. */
  get joinable (): boolean {
    return this.failedForAll || (!this.ended && (this.known === undefined || this.keeping.active || this.known.kind !== 'answer'))
  }

  // ---- the fetch

  private async run (): Promise<void> {
    try {
      const turn = this.turn.take()
      if (turn !== undefined && this.decided(await turn)) return
      if (this.plan.lacking !== undefined) return await this.complete(this.plan.lacking)
      const answer = await this.ask(this.plan.entry)
      if (answer.status !== 304 || asIs(this.plan)) await this.answered(answer)
      else if (this.plan.entry !== undefined && conditional(this.plan.entry)) await this.validated(answer, this.plan.entry)
      else throw new SeawallError('origin_invalid', { detail: 'It sent 304 to a request without conditions.' })
    } catch (thrown) {
      this.fail(toSeawallError(thrown))
    }
  }

  private unanswered (): Judged {
    const { r, lacking } = this.plan
    return { url: r.url, tags: lacking?.entry.tags ?? r.route.tags, filledAt: this.startedAt, checkedAt: undefined }
  }

  /** Whether the turn ended without one of ours. Otherwise the fetch begins now, whatever was purged while it waited. */
  private decided (turn: TurnOutcome): boolean {
    if (turn.kind === 'ours') {
      this.startedAt = this.parts.log.head
      this.beganAt = this.parts.clock.now()
      this.judged = this.unanswered()
      return false
    }
    if (turn.kind === 'stored') {
      this.vary = turn.names
      this.judged = turn.entry
      this.beganAt = turn.entry.policy.askedAt
    }
    this.reveal(turn.kind === 'left' ? turn : { kind: 'shared', entry: turn.entry, waited: turn.waited })
    this.body.end()
    this.done(turn.kind === 'left' ? 'abandoned' : 'shared')
    return true
  }

  /** Never throws: what fails fails the fill, once it is listed. */
  private async ask (entry: Entry | undefined, lacking?: Lacking): Promise<OriginAnswer> {
    this.asRanged = lacking === undefined && asRanged(this.plan)
    this.exchange = this.plan.adopted?.exchange ?? this.parts.origins.ask(fillRequest(this.parts, this, entry, lacking))
    return this.exchange.answer
  }

  /** What a stored part lacks (RFC 9111 §3.4). What cannot be combined with it says nothing of what was asked for: ask for that. */
  private async complete (lacking: Lacking): Promise<void> {
    const answer = await this.ask(undefined, lacking)
    const both = combined(lacking, answer)
    if (both !== undefined) return this.answered(both.answer, both)
    if (!OF_THE_RANGE.has(answer.status)) return this.answered(answer)
    answer.body.cancel(new SeawallError('abandoned'))
    await this.answered(await this.unconditional())
  }

  /** 304 (RFC 9111 §4.3.3, §4.3.4). One that names another representation validates nothing: ask without conditions. */
  private async validated (answer: OriginAnswer, entry: Entry): Promise<void> {
    await answer.body.read()
    if (!describes(answer.headers, entry)) return this.answered(await this.unconditional())
    const headers = responseHeaders(answer.headers, stripped(this.plan.r.route, true), this.parts.clock.wall())
    const fresh = freshened(this.parts, this, entry, headers, answer)
    this.judged = fresh.entry
    const kept = await this.keeping.refresh(entry, fresh, this.turn.lease)
    this.reveal({ kind: 'entry', entry: kept ?? fresh.entry, storable: fresh.fate === 'kept' })
    this.body.end()
    this.done('freshened')
  }

  private async unconditional (): Promise<OriginAnswer> {
    const answer = await this.ask(undefined)
    if (answer.status === 304) throw new SeawallError('origin_invalid', { detail: 'It sent 304 to a request without conditions.' })
    return answer
  }

  private async answered (answer: OriginAnswer, completed?: Completed): Promise<void> {
    const { r, entry } = this.plan
    const wall = this.parts.clock.wall()
    const ranged = completed !== undefined || (this.asRanged && r.facts.ifRange === undefined)
    const verdict = storeVerdict(this.parts, r, answer, { wall, ranged, tags: completed?.tags })
    const headers = responseHeaders(answer.headers, stripped(r.route, verdict.kind === 'store'), wall)
    const failing = answer.status >= 500 && (verdict.kind === 'refuse' || entry !== undefined)
    const meta = verdict.kind === 'store' && !failing ? this.metaOf(answer, headers, verdict) : undefined
    this.judged = meta ?? this.judged
    if (meta !== undefined && verdict.kind === 'store') this.vary = verdict.time.vary
    const refusal = verdict.kind === 'refuse' ? verdict.why : meta === undefined ? undefined : this.keeping.begin(meta, answer, bodyLength(answer, verdict.time), this.turn.lease)
    // of what is too large, smaller parts may be stored yet
    const uncacheable = (verdict.kind === 'refuse' && (verdict.intrinsic || this.provoked(answer.status))) ||
      (refusal === 'too-large' && meta?.part === undefined) || refusal === 'authorization'
    // what a POST brought says nothing of what a GET would
    if (uncacheable && !failing && r.request.method !== 'POST') this.parts.store.note(passRecord(this, answer.answeredAt))
    this.reveal({
      kind: 'answer', status: answer.status, fwdStatus: completed === undefined ? answer.status : 206, headers,
      part: completed?.part, asRanged: this.asRanged, upstreamAge: fieldValue(answer.headers, 'age'), length: answer.length,
      bodiless: answer.framing === 'none', meta, storing: this.keeping.active, refusal, failing
    })
    this.turn.announce(this.keeping.active, uncacheable, refusal)
    await this.pump(answer)
  }

  /**
   * An error that this request may have caused, so that it must not take the place of anything; where there is nothing, the
   * next thousand need not wait for one another to be told the same.
   */
  private provoked (status: number): boolean {
    return status >= 400 && status < 500 && this.plan.shared && this.parts.store.peek(this.plan.passKey) === undefined
  }

  private metaOf (answer: OriginAnswer, headers: RawHeaders, { time, tags }: Storable): EntryMeta {
    const { r } = this.plan
    const key = time.vary.length === 0 ? r.primary : variantOf(r, time.vary)
    return newMeta(this, { key, status: answer.status, headers, verdict: time, tags })
  }

  private async pump (answer: OriginAnswer): Promise<void> {
    for (;;) {
      const chunk = await answer.body.read()
      if (chunk === null) break
      this.keeping.write(chunk)
      this.body.push(chunk)
      this.settleClaims()
      const room = this.body.room()
      if (room !== undefined) await room
    }
    this.turn.whole()
    const stored = this.keeping.commit()
    this.body.end()
    this.done(await stored === undefined ? 'not-stored' : 'stored')
  }

  // ---- its ends

  private reveal (head: FillHead): void {
    this.known = head
    this.onHead(this)
    this.settleHead(head)
    this.settleClaims()
  }

  /** What is not being stored is held only for its readers, and fetched only while it has some. */
  private settleClaims (): void {
    if (this.known?.kind !== 'answer' || this.claims > 0 || this.keeping.active) return
    this.body.release()
    this.unread()
  }

  /** One who read it, or was going to, does so no more. */
  private left (): void {
    if (this.claims === 0 && this.body.readers === 0) this.unattended ??= this.parts.clock.now()
    this.unread()
  }

  private unread (): void {
    if (this.ended || this.known?.kind !== 'answer' || this.claims > 0 || this.body.readers > 0 || this.keeping.active) return
    this.exchange?.cancel(new SeawallError('abandoned'))
  }

  private fail (error: SeawallError): void {
    this.keeping.abort()
    this.exchange?.cancel(error)
    if (this.known === undefined) this.reveal({ kind: 'failed', error })
    this.body.fail(error)
    this.done(error.code === 'abandoned' || error.side === 'client' ? 'abandoned' : 'failed', error)
  }

  private done (end: FillEnd, error?: SeawallError): void {
    if (this.ended) return
    this.ended = true
    this.turn.end()
    this.settleClaims()
    this.parts.counters.fillsInFlight--
    this.parts.counters.fills[end]++
    if (error?.code === 'internal') this.parts.logger.error({ err: error.cause, url: this.plan.r.url }, 'a fill failed inside the proxy')
    this.onEnd(this)
  }
}

/** What is taken off: where the route strips them, cookies of one client off what answers others too. */
export function stripped ({ setCookie, stripResponse }: RouteRules, stored: boolean): readonly string[] {
  return stored && setCookie === 'strip' ? [...stripResponse, 'set-cookie'] : stripResponse
}

function conditional (entry: Entry): boolean {
  return entry.etag !== undefined || entry.lastModified !== undefined
}

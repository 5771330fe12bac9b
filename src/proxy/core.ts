/**
 * A request's way: recognise → look up → decide → one path a decision.
 *
 *   recognise ─▶ lookup ─▶ decide ─┬─ hit ────────▶ answer from the entry
 *       │                          ├─ stale ──────▶ answer from the entry, refresh behind it
 *       └─ no route: 421           ├─ revalidate ─┐
 *                                  ├─ miss ───────┴▶ collapse: lead or join a fill
 *                                  ├─ pass ───────▶ the origin, unstored
 *                                  └─ refuse ─────▶ 504
 *
 * `tryHit` is the same way for what fresh memory can answer, without a promise. Every failure is an answer.
 */
import { SeawallError } from '../core/errors.js'
import { CLEAN, type Decision, type Ms, type ProxyCore, type ProxyRequest, type ProxyResponse, type ProxyTunnel } from '../core/types.js'
import { decide } from '../policy/decide.js'
import { looped } from '../policy/loop.js'
import { Again, mayRepeat } from './again.js'
import { fromEntry, fromError, ofThisServer } from './answer.js'
import { Collapse, type Round } from './collapse.js'
import { equivalent } from './equivalent.js'
import { credentialed, type Fills } from './fills.js'
import { lookup, peek, type Found } from './lookup.js'
import type { Parts } from './parts.js'
import { pass } from './pass.js'
import { factsOf, recognise, type Recognised } from './recognise.js'
import { tunnel } from './tunnel.js'
import { uncacheable } from './uncacheable.js'

export function createCore (parts: Parts, fills: Fills): ProxyCore {
  return new Core(parts, fills)
}

class Core implements ProxyCore {
  private readonly parts: Parts
  private readonly fills: Fills
  private readonly collapse: Collapse
  private readonly again: Again

  constructor (parts: Parts, fills: Fills) {
    this.parts = parts
    this.fills = fills
    this.collapse = new Collapse(parts, fills, (r, round) => this.serve(r, round))
    this.again = new Again(parts)
  }

  tryHit (request: ProxyRequest, now: Ms): ProxyResponse | undefined {
    const get = request.method === 'GET'
    if ((!get && request.method !== 'HEAD') || request.body !== undefined) return undefined
    const facts = factsOf(request)
    const repeats = get && mayRepeat(facts)
    const given = repeats ? this.again.find(request, facts, now) : undefined
    if (given !== undefined) return given
    const r = recognise(request, this.parts.route)
    if (r === undefined) return undefined
    const found = peek(this.parts, r)
    if (found.record?.kind !== 'entry') return undefined
    const decision = this.decided(r, found, now)
    if (decision.kind !== 'hit' || decision.how !== 'fresh' || decision.renew === true) return undefined
    const answer = fromEntry(r, decision.entry, now, 'hit', { hit: true })
    if (repeats) this.again.keep(r, found, decision.entry, answer, now)
    return answer
  }

  async handle (request: ProxyRequest): Promise<ProxyResponse> {
    if (request.target === '*') return ofThisServer(this.parts.clock.wall())
    let r: Recognised | undefined
    try {
      r = recognise(request, this.parts.route)
      if (r === undefined) return fromError(new SeawallError('misdirected'), request, {})
      if (looped(request.fields.raw, this.parts.id)) return fromError(new SeawallError('loop_detected'), request, {})
      return await this.serve(r, { turns: 0, failures: 0 })
    } catch (thrown) {
      this.parts.logger.error({ err: thrown, url: r?.url }, 'a request failed inside the proxy')
      return fromError(thrown, request, {})
    }
  }

  async upgrade (request: ProxyRequest): Promise<ProxyTunnel | ProxyResponse> {
    const r = recognise(request, this.parts.route)
    if (r === undefined) return fromError(new SeawallError('misdirected'), request, {})
    if (looped(request.fields.raw, this.parts.id)) return fromError(new SeawallError('loop_detected'), request, {})
    return tunnel(this.parts, r)
  }

  /** Only a store that processes share is waited for. */
  private serve (r: Recognised, round: Round): ProxyResponse | Promise<ProxyResponse> {
    const { parts } = this
    if (parts.leases === undefined) return this.serveFound(r, peek(parts, r), round)
    return lookup(parts, r).then(found => this.serveFound(r, latest(parts, r, found), round))
  }

  private serveFound (r: Recognised, found: Found, round: Round): ProxyResponse | Promise<ProxyResponse> {
    const { parts, fills, collapse } = this
    const elsewhere = found.record === undefined ? this.fromEquivalent(r) : undefined
    if (elsewhere !== undefined) return elsewhere
    const decision = this.decided(r, found)
    switch (decision.kind) {
      case 'hit':
        if (decision.renew === true) collapse.refresh(r, decision.entry, found)
        return this.fromHit(r, decision)
      case 'stale':
        collapse.refresh(r, decision.entry, found)
        return fromEntry(r, decision.entry, parts.clock.now(), 'stale', { hit: true, detail: 'stale-while-revalidate' })
      case 'revalidate':
        return collapse.fetch(r, decision, found, round)
      case 'miss':
        if (this.remembered(r, found)) return wholeGet(r) ? uncacheable(parts, fills, r, found) : collapse.alone(r, decision, found, 'uncacheable')
        return collapse.fetch(r, decision, found, round)
      case 'pass':
        // Remembered as uncacheable, yet what a plain GET brings is still looked at: it may have changed its mind.
        if (decision.why === 'uncacheable' && wholeGet(r)) return uncacheable(parts, fills, r, found)
        return pass(parts, fills, r, decision.why)
      case 'refuse':
        return fromError(new SeawallError(decision.code), r.request, {})
    }
  }

  private decided (r: Recognised, found: Found, now = this.parts.clock.now()): Decision {
    const { record } = found
    const { request, facts, route } = r
    const { log, strictPurge } = this.parts
    return decide({
      method: request.method, facts, route, now,
      verdict: record === undefined ? CLEAN : log.verdict(record),
      trusted: record?.kind === 'entry' ? log.trusted(record.policy.askedAt) : 'yes',
      strict: strictPurge,
      hasBody: request.body !== undefined
    }, record, found.names === undefined ? 'uri-miss' : 'vary-miss')
  }

  /** What credentials turned out uncacheable for is remembered beside what anybody gets. */
  private remembered (r: Recognised, found: Found): boolean {
    if (!r.facts.authorization) return false
    const record = this.parts.store.peek(credentialed(found.key))
    return record?.kind === 'pass' && this.parts.log.verdict(record) === CLEAN
  }

  /** What is stored for an equivalent URL answers while it is fresh, and is not refreshed for the sake of this one. */
  private fromEquivalent (r: Recognised): ProxyResponse | undefined {
    const found = equivalent(this.parts, r)
    const decision = found && this.decided(r, found)
    return decision?.kind === 'hit' ? this.fromHit(r, decision) : undefined
  }

  private fromHit (r: Recognised, { entry, how }: Decision & { kind: 'hit' }): ProxyResponse {
    return fromEntry(r, entry, this.parts.clock.now(), 'hit', how === 'fresh' ? { hit: true } : { hit: true, detail: how })
  }
}

/** While a slower tier was looked in, a fill may have come and gone. */
function latest (parts: Parts, r: Recognised, found: Found): Found {
  const held = peek(parts, r)
  return held.record === undefined ? found : held
}

function wholeGet (r: Recognised): boolean {
  return r.request.method === 'GET' && r.facts.range === undefined
}

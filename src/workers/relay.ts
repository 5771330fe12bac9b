/**
 * A worker's own end: each key has one worker that asks the origin for it, its owner; the others ask the owner.
 *
 *   tryHit ── fresh here, own or copied ─▶ answered here
 *   handle ─┬─ own key, no cache's business, known to be uncacheable ─▶ here
 *           └─ another's key ─▶ its owner ─┬─ answered ─▶ passed on; what is hot is copied for a while
 *                                          └─ gone, quiet, or behind in the log ─▶ here
 *
 * Invariant: what a worker has applied of the log, the owner has too before it answers: it is told where the log stood.
 */
import type { Clock } from '../core/clock.js'
import { SeawallError } from '../core/errors.js'
import { nextGeneration } from '../core/generation.js'
import { OUTCOMES, type Outcome } from '../core/reasons.js'
import { type BodyReader, type Ms, type ProxyCore, type ProxyRequest, type ProxyResponse } from '../core/types.js'
import { endToEnd, fieldValue } from '../http/fields.js'
import { headText } from '../http/head.js'
import type { SharedLog } from '../invalidation/shared-log.js'
import type { OriginAnswer, Origins } from '../origin/contract.js'
import { fromError } from '../proxy/answer.js'
import { keyFor } from '../proxy/fills.js'
import type { Parts } from '../proxy/parts.js'
import { recognise, type Recognised } from '../proxy/recognise.js'
import type { EntryWriter } from '../store/contract.js'
import type { Copies } from './copies.js'
import { bare, isReceipt, put, QUIET, take, type Answered } from './envelope.js'
import { nameOf, ownerOf } from './owners.js'

export interface RelayOptions {
  /** This worker's own core. */
  readonly core: ProxyCore
  readonly parts: Parts
  /** The other workers, by `nameOf`. */
  readonly owners: Origins
  readonly self: number
  readonly count: number
  readonly copies: Copies
  readonly log: Pick<SharedLog, 'head' | 'pends'>
  readonly clock: Clock
}

export function createRelay ({ core, parts, owners, self, count, copies, log, clock }: RelayOptions): ProxyCore {
  /** Of each owner that said nothing: until when it is not asked. */
  const quiet = new Map<number, Ms>()

  /** The key's owner, where that is another worker and has a say. */
  function otherOwner (request: ProxyRequest): { r: Recognised, owner: number } | undefined {
    if ((request.method !== 'GET' && request.method !== 'HEAD') || request.body !== undefined || request.target === '*') return undefined
    const r = recognise(request, parts.route)
    // a write of ours that the owner cannot know of yet must not be answered from its store; who names no host would be
    // given one on the way
    if (r === undefined || !fieldValue(request.fields.raw, 'host') || !r.route.cache || log.pends(r.url)) return undefined
    const owner = ownerOf(r.url, count)
    if (owner === self || isPassed(r) || clock.now() < (quiet.get(owner) ?? -Infinity)) return undefined
    return { r, owner }
  }

  function isPassed (r: Recognised): boolean {
    const key = keyFor(r, r.primary)
    return parts.store.peek(key)?.kind === 'pass'
  }

  async function passOn (request: ProxyRequest, r: Recognised, owner: number): Promise<ProxyResponse | undefined> {
    const since = clock.now()
    const plain = request.method === 'GET' && r.facts.plain
    const { epoch, seq } = log.head
    const headers = [
      ...endToEnd(request.fields.raw).filter((_, i, all) => all[i & ~1]!.toLowerCase() !== 'expect'),
      ...put('request', { peer: request.peer, version: request.version, epoch, seq, copy: plain && copies.wanted(r.primary) })
    ]
    const exchange = owners.ask({
      origin: nameOf(owner), method: request.method, target: request.target, headers, body: undefined,
      onInterim: (status, raw) => {
        waiting.heard()
        if (!isReceipt(raw)) request.interim(status, endToEnd(raw))
      }
    })
    const waiting = unlessHeard(clock, () => {
      quiet.set(owner, clock.now() + QUIET)
      exchange.cancel(new SeawallError('abandoned'))
    })
    request.onGone = why => { exchange.cancel(why) }
    try {
      const answer = await exchange.answer
      const said = take<Answered>('answer', answer.headers)
      if (said !== undefined && said.behind !== true) return answered(r, answer, said, since)
      answer.body.cancel(new SeawallError('abandoned'))
    } catch (thrown) {
      // a client that left needs no other answer; an owner that is gone leaves its part to whoever asks
      if (thrown instanceof SeawallError && thrown.side === 'client') throw thrown
      parts.logger.debug({ err: thrown, owner }, 'the owner of a key does not answer')
    } finally {
      waiting.heard()
    }
    request.onGone = undefined
    return undefined
  }

  function answered (r: Recognised, answer: OriginAnswer, said: Answered, since: Ms): ProxyResponse {
    parts.counters.relayed++
    const headers = bare('answer', endToEnd(answer.headers)).filter((_, i, all) => all[i & ~1]!.toLowerCase() !== 'content-length')
    const writer = said.copy === undefined || answer.length === undefined ? undefined : copies.begin(said.copy, headers, answer.length, since)
    if (said.pass !== undefined) note(r, said.pass)
    const age = fieldValue(headers, 'age')
    const bodiless = answer.framing === 'none'
    return {
      status: answer.status, head: headText(answer.status, headers), tail: '',
      body: bodiless ? { kind: 'none', length: answer.length } : { kind: 'stream', reader: writer === undefined ? answer.body : kept(answer.body, writer), length: answer.length },
      outcome: outcomeOf(said.outcome),
      ...(age === undefined ? {} : { age: Number(age) }), ...(said.code === undefined ? {} : { code: said.code })
    }
  }

  function note (r: Recognised, left: Ms): void {
    const key = keyFor(r, r.primary)
    parts.store.note({
      kind: 'pass', key, url: r.url, tags: r.route.tags, filledAt: log.head, checkedAt: undefined, generation: nextGeneration(),
      keepUntil: clock.now() + left
    })
  }

  return {
    tryHit: (request, now) => core.tryHit(request, now),
    async handle (request) {
      const found = otherOwner(request)
      try {
        const response = found && await passOn(request, found.r, found.owner)
        return response ?? await core.handle(request)
      } catch (thrown) {
        return fromError(thrown, request, {})
      }
    },
    upgrade: request => core.upgrade(request)
  }
}

/** Calls `onQuiet` once, unless something is heard within `QUIET`. */
function unlessHeard (clock: Clock, onQuiet: () => void): { heard (): void } {
  let over = false
  const timer = clock.after(QUIET, () => {
    // where this process was late itself, what has arrived is read first
    setImmediate(() => { if (!over) onQuiet() })
  })
  return {
    heard () {
      over = true
      timer.cancel()
    }
  }
}

/** Stores what is read on its way. A copy that fails costs the copying only. */
function kept (reader: BodyReader, writer: EntryWriter): BodyReader {
  return {
    async read () {
      const chunk = await reader.read()
      if (chunk === null) await writer.commit()
      else writer.write(chunk)
      return chunk
    },
    cancel (why) {
      writer.abort()
      reader.cancel(why)
    }
  }
}

function outcomeOf (said: string): Outcome {
  return OUTCOMES.find(outcome => outcome === said) ?? 'miss'
}

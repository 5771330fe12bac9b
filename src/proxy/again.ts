/**
 * How a GET was answered out of the store a moment ago, by site and target: one that repeats it needs no keys, routes or
 * decisions, and where it is repeated often not even an answer of its own.
 *
 * Invariants: an entry answers again only a request that every step would lead to it: it is fresh and stored under the same
 * Vary, the log finds both clean and is trusted, and what the request adds to its URL is the same. An answer is given
 * again only while nothing it says of its age has changed. At most BYTES of answers, and of what they were made of, are
 * remembered, or an eighth of the store where that is less; those not asked for lately go first.
 */
import type { RouteRules } from '../core/route.js'
import { CLEAN, type Entry, type Judged, type Ms, type ProxyRequest, type ProxyResponse, type RequestFacts, type VaryRecord } from '../core/types.js'
import { selection } from '../policy/key.js'
import { fromEntry } from './answer.js'
import type { Found } from './lookup.js'
import type { Parts } from './parts.js'
import { Recent } from './recent.js'
import type { Recognised } from './recognise.js'

const BYTES = 32 * 1024 * 1024
/** Larger answers gain little. */
const LARGEST = 16 * 1024
/** What one costs besides its bytes. */
const OVERHEAD = 512
/** Entries given less often than this are not worth remembering. */
const LATELY: Ms = 2_000
/** Answers given less often than this are cheaper made anew: kept ones outlive the nursery, and are cold when they are read. */
const OFTEN: Ms = 5

/** What led to an answer, and the answer. */
interface Given {
  readonly entry: Entry
  readonly vary: VaryRecord | undefined
  /** Both, to the log: they have one URL, and a Vary has no tags. */
  readonly judged: Judged
  /** How `vary` is compared, and what the request added to its URL by it. */
  readonly rule: RouteRules['vary']
  readonly selection: string
  /** As sent; undefined: none. An If-None-Match is answered alike only while it is the same. */
  readonly ifNoneMatch: string | undefined
  /** In bytes, once for the entry, and once for the answer when one is kept. */
  readonly size: number
  kept: boolean
  /** When it was given last. */
  at: Ms
  response: ProxyResponse | undefined
  /** The next instant at which the answer would read otherwise. */
  until: Ms
}

export class Again {
  private readonly parts: Parts
  private readonly recent: Recent<Given>

  constructor (parts: Parts) {
    this.parts = parts
    this.recent = new Recent(Math.min(BYTES, parts.store.stats().limit / 8))
  }

  /** `request`: a GET without content that `mayRepeat`. */
  find (request: ProxyRequest, facts: RequestFacts, now: Ms): ProxyResponse | undefined {
    const given = this.recent.get(facts.site, request.target)
    if (given === undefined || given.ifNoneMatch !== facts.ifNoneMatch || !this.stands(given, facts, now)) return undefined
    const often = now - given.at <= OFTEN
    given.at = now
    if (now < given.until) return given.response
    const response = fromEntry({ request, facts }, given.entry, now, 'hit', { hit: true })
    if (often) this.ready(given, response, now)
    else given.response = undefined
    return response
  }

  /** Remembers what a GET that `mayRepeat` is answered with out of a fresh entry. */
  keep (r: Recognised, { record, key }: Found, entry: Entry, response: ProxyResponse, now: Ms): void {
    const { facts, route } = r
    const added = r.request.target.length + (facts.ifNoneMatch?.length ?? 0) + (entry.key.length - entry.primary.length)
    const size = OVERHEAD + added + response.head.length + (response.body.kind === 'bytes' ? response.body.length : 0)
    // what another variant was chosen for, or what a route adds to the key, is looked up each time
    if (size > LARGEST || record !== entry || key !== entry.key || entry.primary !== r.url || entry.part !== undefined) return
    const before = entry.givenAt
    entry.givenAt = now
    if (before === undefined || now - before > LATELY) return
    const vary = this.varyOf(entry)
    const judged = this.judgedAs(entry, vary)
    if (judged === undefined) return
    const given: Given = {
      entry, vary, judged, rule: route.vary, selection: vary === undefined ? '' : selection(facts, vary.names, route.vary),
      ifNoneMatch: facts.ifNoneMatch, size, kept: false, at: now, response: undefined, until: -Infinity
    }
    this.recent.set(facts.site, r.request.target, given, size)
    if (now - before <= OFTEN) this.ready(given, response, now)
  }

  /** Whether every step would lead to the entry, and find it fresh. */
  private stands ({ entry, vary, judged, rule, selection: selected }: Given, facts: RequestFacts, now: Ms): boolean {
    const { store, log } = this.parts
    if (now >= entry.policy.freshUntil) return false
    if (vary !== undefined && (selection(facts, vary.names, rule) !== selected || !store.holds(vary, now))) return false
    return store.holds(entry, now) && log.verdict(judged) === CLEAN && log.trusted(entry.policy.askedAt) === 'yes'
  }

  /** From now on. Undefined: one of them is not clean. */
  private judgedAs (entry: Entry, vary: VaryRecord | undefined): Judged | undefined {
    const { log } = this.parts
    const clean = log.verdict(entry) === CLEAN && (vary === undefined || (vary.tags.length === 0 && log.verdict(vary) === CLEAN))
    return clean ? { url: entry.url, tags: entry.tags, filledAt: entry.filledAt, checkedAt: log.head } : undefined
  }

  private varyOf (entry: Entry): VaryRecord | undefined {
    const record = entry.key === entry.primary ? undefined : this.parts.store.peek(entry.primary)
    return record?.kind === 'vary' ? record : undefined
  }

  /** The answer is given again until it would read otherwise. */
  private ready (given: Given, response: ProxyResponse, now: Ms): void {
    if (!given.kept) this.recent.grow(given.size)
    given.kept = true
    given.response = response
    given.until = changesAt(given.entry, now)
    response.again = { wire: undefined }
  }
}

/** Nothing but its URL, what Vary names, and If-None-Match decides how such a request is answered. */
export function mayRepeat (facts: RequestFacts): boolean {
  return facts.plain || facts.validates
}

/** When Age or ttl counts on, at the latest when it is fresh no more. */
function changesAt ({ policy: { bornAt, freshUntil } }: Entry, now: Ms): Ms {
  const nextAge = bornAt + Math.floor(Math.max(0, now - bornAt) / 1000 + 1) * 1000
  const nextTtl = freshUntil - Math.floor((freshUntil - now) / 1000) * 1000
  return Math.min(nextAge, nextTtl)
}

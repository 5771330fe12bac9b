/**
 * Answers that `tryHit` gave a moment ago, by site and target: a repeated GET needs two looks into the store and no keys,
 * heads or decisions.
 *
 * Invariants: an answer is given again only to a request that every step would lead to it: the same entry is stored under
 * the same Vary, the log finds both clean and is trusted, nothing the answer says of its age has changed, and what the
 * request adds to its URL is the same. At most BYTES of answers are kept ready, or a sixteenth of the store where that is
 * less; those not asked for lately go first.
 */
import type { RouteRules } from '../core/route.js'
import { CLEAN, type Entry, type Ms, type ProxyRequest, type ProxyResponse, type RequestFacts, type VaryRecord } from '../core/types.js'
import { selection } from '../policy/key.js'
import type { Found } from './lookup.js'
import type { Parts } from './parts.js'
import type { Recognised } from './recognise.js'

const BYTES = 16 * 1024 * 1024
/** Larger answers gain little. */
const LARGEST = 16 * 1024
/** What one costs besides its bytes. */
const OVERHEAD = 512
/** Entries given less often than this are not worth a copy: it would outlive the nursery and be dropped unused. */
const OFTEN: Ms = 100

/** What led to an answer. */
interface Given {
  readonly entry: Entry
  readonly vary: VaryRecord | undefined
  /** How `vary` is compared, and what the request added to its URL by it. */
  readonly rule: RouteRules['vary']
  readonly selection: string
  /** The next instant at which the answer would read otherwise. */
  readonly until: Ms
  /** As sent; undefined: none. An If-None-Match is answered alike only while it is the same. */
  readonly ifNoneMatch: string | undefined
  readonly response: ProxyResponse
}

type Generation = Map<string, Map<string, Given>>

export class Again {
  private readonly parts: Parts
  private readonly half: number
  private young: Generation = new Map()
  private old: Generation = new Map()
  /** Of the young. */
  private bytes = 0

  constructor (parts: Parts) {
    this.parts = parts
    this.half = Math.min(BYTES, parts.store.stats().limit / 16) / 2
  }

  /** `request`: a GET without content. */
  find ({ target }: ProxyRequest, facts: RequestFacts, now: Ms): ProxyResponse | undefined {
    const given = this.young.get(facts.site)?.get(target) ?? this.old.get(facts.site)?.get(target)
    if (given === undefined || now >= given.until || given.ifNoneMatch !== facts.ifNoneMatch) return undefined
    const { store, log } = this.parts
    const { entry, vary } = given
    if (vary !== undefined) {
      if (selection(facts, vary.names, given.rule) !== given.selection) return undefined
      if (!store.holds(vary, now) || log.verdict(vary) !== CLEAN) return undefined
    }
    if (!store.holds(entry, now) || log.verdict(entry) !== CLEAN || log.trusted(entry.policy.askedAt) !== 'yes') return undefined
    return given.response
  }

  /** Keeps what a GET that `mayRepeat` is answered with out of a fresh entry. */
  keep (r: Recognised, { record, key }: Found, entry: Entry, response: ProxyResponse, now: Ms): void {
    const size = OVERHEAD + response.head.length + (response.body.kind === 'bytes' ? response.body.length : 0)
    // what another variant was chosen for, or what a route adds to the key, is looked up each time
    if (size > LARGEST || record !== entry || key !== entry.key || entry.primary !== r.url || entry.part !== undefined) return
    const { givenAt } = entry
    entry.givenAt = now
    if (givenAt === undefined || now - givenAt > OFTEN) return
    const vary = this.varyOf(entry)
    const rule = r.route.vary
    response.again = { wire: undefined }
    this.put(r, size, {
      entry, vary, rule, selection: vary === undefined ? '' : selection(r.facts, vary.names, rule),
      until: changesAt(entry, now), ifNoneMatch: r.facts.ifNoneMatch, response
    })
  }

  private varyOf (entry: Entry): VaryRecord | undefined {
    const record = entry.key === entry.primary ? undefined : this.parts.store.peek(entry.primary)
    return record?.kind === 'vary' ? record : undefined
  }

  private put (r: Recognised, size: number, given: Given): void {
    if (this.bytes + size > this.half) {
      this.old = this.young
      this.young = new Map()
      this.bytes = 0
    }
    this.bytes += size
    const { site } = r.facts
    let table = this.young.get(site)
    if (table === undefined) this.young.set(site, table = new Map())
    table.set(r.request.target, given)
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

/**
 * What is to be done with a request, decided once and nowhere else (RFC 9111 §4). Pure: the same question has the same
 * answer. Total: every request and every record has one.
 */
import type { RouteRules } from '../core/route.js'
import {
  POLICY, type Decision, type Entry, type Ms, type Part, type RequestDirectives, type RequestFacts, type StoredRecord, type Trust, type Verdict
} from '../core/types.js'
import { useOfPart } from './partial.js'

export interface Question {
  readonly method: string
  readonly facts: RequestFacts
  readonly route: RouteRules
  readonly now: Ms
  /** The invalidation log's, of the record found. */
  readonly verdict: Verdict
  /** Whether the invalidation log may be relied on for it (`InvalidationLog.trusted`). */
  readonly trusted: Trust
  /** What the log cannot vouch for does not stand in for an error either. */
  readonly strict?: boolean
  /** The request has content. */
  readonly hasBody?: boolean
}

/** An entry's instants, a soft purge taken into account. */
interface Stale { readonly freshUntil: Ms, readonly swrUntil: Ms, readonly sieUntil: Ms }

const IGNORED: RequestDirectives = { noCache: false, noStore: false, onlyIfCached: false }
const PASS_METHOD: Decision = { kind: 'pass', why: 'method' }
const PASS_ROUTE: Decision = { kind: 'pass', why: 'route' }
const PASS_AMBIGUOUS: Decision = { kind: 'pass', why: 'ambiguous-path' }
const ONLY_IF_CACHED: Decision = { kind: 'refuse', code: 'only_if_cached' }

/**
 * `found` is what is stored for the request's variant, or else for its URL; `miss` says which of the two was looked up
 * in vain where it is undefined.
 */
export function decide (q: Question, found: StoredRecord | undefined, miss: 'uri-miss' | 'vary-miss'): Decision {
  if (q.method !== 'GET' && q.method !== 'HEAD') return PASS_METHOD
  if (!q.route.cache) return q.route.ambiguous === true ? PASS_AMBIGUOUS : PASS_ROUTE
  const directives = q.route.clientDirectives === 'ignore' ? IGNORED : q.facts.directives
  const decision = fromStore(q, directives, found, miss)
  // RFC 9111 §5.2.1.7
  if (directives.onlyIfCached && decision.kind !== 'hit' && decision.kind !== 'stale') return ONLY_IF_CACHED
  return decision
}

function fromStore (q: Question, directives: RequestDirectives, found: StoredRecord | undefined, miss: 'uri-miss' | 'vary-miss'): Decision {
  // RFC 9110 §9.3.1: content in a GET has no defined meaning but may have one to the origin
  if (q.hasBody === true) return { kind: 'pass', why: 'request-body' }
  // RFC 9110 §13.1.1, §13.1.4: for the origin to judge, by its current representation
  if (q.facts.precondition) return { kind: 'pass', why: 'precondition' }
  if (directives.noStore) return { kind: 'pass', why: 'no-store' } // RFC 9111 §5.2.1.5
  if (found === undefined || q.verdict.kind === 'hard' || expired(found, q.now)) return unanswered(q, miss)
  switch (found.kind) {
    case 'entry': return found.part === undefined ? fromEntry(q, directives, found) : fromPart(q, directives, found, found.part)
    case 'pass': return { kind: 'pass', why: 'uncacheable' }
    case 'vary': return unanswered(q, 'vary-miss')
    case 'search': return unanswered(q, miss)
  }
}

/** Nothing usable is stored. A HEAD leads no fill: it goes to the origin as it is. */
function unanswered (q: Question, why: 'uri-miss' | 'vary-miss' | 'partial'): Decision {
  return q.method === 'HEAD' ? { kind: 'pass', why: 'head' } : { kind: 'miss', why }
}

/**
 * RFC 9111 §3.3: a part answers what lies in it, as an entry would, and is asked the rest of by what does not. Without a
 * strong validator that rest cannot be combined with it, but an origin that knows no ranges sends the whole at once.
 */
function fromPart (q: Question, directives: RequestDirectives, entry: Entry, part: Part): Decision {
  const use = useOfPart(q.method, q.facts, entry, part)
  if (use.kind === 'nothing') return unanswered(q, 'partial')
  const decision = fromEntry(q, directives, entry)
  if (use.kind === 'answers') return q.method === 'HEAD' && decision.kind === 'revalidate' ? unanswered(q, 'partial') : decision
  if (use.lacking.ifRange === undefined && decision.kind !== 'hit') return unanswered(q, 'partial')
  return { kind: 'miss', why: 'partial', lacking: use.lacking }
}

function expired (record: StoredRecord, now: Ms): boolean {
  return now >= (record.kind === 'entry' ? record.policy.keepUntil : record.keepUntil)
}

function fromEntry (q: Question, directives: RequestDirectives, entry: Entry): Decision {
  const { now, verdict, trusted } = q
  const { flags, bornAt } = entry.policy
  const until = verdict.kind === 'soft' ? stalenessSince(entry, verdict.since) : entry.policy
  if (trusted === 'no' || verdict.kind === 'unsure') return validate(q, directives, entry, until, 'stale')
  // RFC 9111 §5.2.1.4, §5.2.1.1, §5.2.1.3
  const unwanted = directives.noCache ||
    (directives.maxAge !== undefined && now - bornAt > directives.maxAge) ||
    (directives.minFresh !== undefined && now < until.freshUntil && until.freshUntil - now < directives.minFresh)
  const unvalidated = (flags & POLICY.noCache) !== 0 // RFC 9111 §5.2.2.4
  if (!unwanted && !unvalidated) {
    if (now < until.freshUntil) return trusted === 'yes' ? { kind: 'hit', entry, how: 'fresh' } : { kind: 'hit', entry, how: 'fresh', renew: true }
    // RFC 9111 §5.2.1.1, §5.2.1.3: either of them asks for a fresh response, unless max-stale says otherwise
    const wantsFresh = (directives.maxAge !== undefined || directives.minFresh !== undefined) && directives.maxStale === undefined
    if (now < until.swrUntil && !wantsFresh) return { kind: 'stale', entry } // RFC 5861 §3
    if (maxStaleAllows(q, directives, flags, until)) return { kind: 'hit', entry, how: 'max-stale' }
  }
  return validate(q, directives, entry, until, unwanted ? 'request' : 'stale')
}

/** From `since` on the entry is stale, and its windows, as long as they were, count from there: never later than before. */
function stalenessSince (entry: Entry, since: Ms): Stale {
  const { freshUntil, swrUntil, sieUntil } = entry.policy
  const earlier = Math.max(0, freshUntil - since)
  return { freshUntil: freshUntil - earlier, swrUntil: swrUntil - earlier, sieUntil: sieUntil - earlier }
}

/** RFC 9111 §5.2.1.2, §4.2.4: never past what forbids stale use, nor past a purge, which nobody had when they asked. */
function maxStaleAllows (q: Question, directives: RequestDirectives, flags: number, until: Stale): boolean {
  return directives.maxStale !== undefined && q.verdict.kind === 'clean' &&
    (flags & (POLICY.noCache | POLICY.mustRevalidate)) === 0 && q.now - until.freshUntil <= directives.maxStale
}

function validate (q: Question, directives: RequestDirectives, entry: Entry, until: Stale, why: 'stale' | 'request'): Decision {
  const staleOnError = mayReplaceError(q, directives, entry, until)
  // A HEAD gains from a conditional GET only if that can end in 304, or if the entry can stand in for an error.
  const validator = entry.etag !== undefined || entry.lastModified !== undefined
  if (q.method === 'HEAD' && !validator && !staleOnError) return unanswered(q, 'uri-miss')
  return { kind: 'revalidate', entry, staleOnError, why }
}

/**
 * RFC 5861 §4, in responses and requests; a request's not past a purge, which nobody had when they asked. A window must
 * have been given: an entry that is fresh but may not be used unvalidated is no stand-in by itself.
 */
function mayReplaceError (q: Question, directives: RequestDirectives, entry: Entry, until: Stale): boolean {
  if (q.strict === true && (q.trusted === 'no' || q.verdict.kind === 'unsure')) return false
  if (until.sieUntil > until.freshUntil && q.now < until.sieUntil) return true
  return directives.staleIfError !== undefined && q.verdict.kind === 'clean' && (entry.policy.flags & (POLICY.noCache | POLICY.mustRevalidate)) === 0 &&
    q.now < until.freshUntil + directives.staleIfError
}

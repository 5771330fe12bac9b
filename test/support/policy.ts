/** What the policy tests build their questions from. */
import type { RouteRules } from '../../src/core/route.js'
import type { Entry, Peer, Policy, RawHeaders, RequestFacts, RequestFields, StoreKey } from '../../src/core/types.js'
import { readFacts } from '../../src/policy/request.js'
import { storeTime, type StoreTime, type StoreTimeInput } from '../../src/policy/store-time.js'

export const PEER: Peer = { address: '192.0.2.7', secure: false, trusted: false }
export const TRUSTED: Peer = { ...PEER, trusted: true }

/** Wall time of every answer: a whole second. */
export const WALL = Date.parse('Sun, 06 Nov 2022 08:49:37 GMT')
/** Monotonic time of every answer. */
export const NOW = 5_000_000

export function httpDate (offsetSeconds: number): string {
  return new Date(WALL + offsetSeconds * 1000).toUTCString()
}

export function fieldsOf (raw: RawHeaders = [], host = 'example.com'): RequestFields {
  return { raw, host, framing: { kind: 'none' }, connection: 'unsaid', expectsContinue: false, websocket: false, facts: undefined }
}

export function factsOf (raw: RawHeaders = [], peer = PEER): RequestFacts {
  return readFacts(fieldsOf(raw), peer)
}

interface RouteChanges extends Partial<Omit<RouteRules, 'freshness' | 'stale' | 'key'>> {
  readonly freshness?: Partial<RouteRules['freshness']>
  readonly stale?: Partial<RouteRules['stale']>
  readonly key?: Partial<RouteRules['key']>
}

export function routeOf (changes: RouteChanges = {}): RouteRules {
  const { freshness, stale, key, ...rest } = changes
  return {
    match: '/*', hosts: [], origin: 'default', cache: true,
    freshness: { default: undefined, negative: undefined, heuristic: 0, jitter: 0, max: undefined, override: undefined, ...freshness },
    stale: { whileRevalidate: 0, ifError: 0, ...stale },
    key: { query: { ignore: [], only: undefined, sort: false }, headers: [], cookies: [], ...key },
    vary: 'exact', setCookie: 'refuse', storePost: false, clientDirectives: 'honor', tags: [], keepStale: 3_600_000, passRecord: 120_000, stripResponse: [], targets: ['cdn-cache-control'],
    ...rest
  }
}

/** Judges an answer to a plain GET that came at once. */
export function judge (headers: RawHeaders, changes: Partial<StoreTimeInput> = {}): StoreTime {
  return storeTime({
    method: 'GET', facts: factsOf(), route: routeOf(), status: 200, headers, askedAt: NOW, answeredAt: NOW, wall: WALL, random: 0, ...changes
  })
}

/** The policy of what must have been stored. */
export function stored (headers: RawHeaders, changes: Partial<StoreTimeInput> = {}): Policy {
  const verdict = judge(headers, changes)
  if (verdict.kind === 'refuse') throw new Error(`refused: ${verdict.why}`)
  return verdict.policy
}

/** How long from now an answer is fresh, in seconds. */
export function freshFor (headers: RawHeaders, changes: Partial<StoreTimeInput> = {}): number {
  return (stored(headers, changes).freshUntil - NOW) / 1000
}

/** Why an answer was refused, `!` before what is intrinsic; `stored` where it was not. */
export function refusal (headers: RawHeaders, changes: Partial<StoreTimeInput> = {}): string {
  const verdict = judge(headers, changes)
  return verdict.kind === 'store' ? 'stored' : `${verdict.intrinsic ? '!' : ''}${verdict.why}`
}

export function entryOf (policy: Partial<Policy> = {}, validators: Partial<Pick<Entry, 'etag' | 'lastModified'>> = {}): Entry {
  const key = 'http://example.com/' as StoreKey
  const freshUntil = policy.freshUntil ?? NOW + 60_000
  return {
    kind: 'entry', key, primary: key, url: key, status: 200, head: new Uint8Array(), body: [], length: 0, tags: [],
    etag: undefined, lastModified: undefined, ...validators,
    filledAt: { epoch: 1, seq: 1 }, checkedAt: undefined, generation: 1,
    policy: { bornAt: NOW, freshUntil, swrUntil: freshUntil, sieUntil: freshUntil, keepUntil: NOW + 1e9, askedAt: NOW, flags: 0, ...policy }
  }
}

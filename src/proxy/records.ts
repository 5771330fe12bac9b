/** What a fill leaves in the store, each stamped with the fill's start. */
import { CLEAN, type RawHeaders, type EntryMeta, type PassRecord, type StoredRecord, type StoreKey, type Ms, type VaryRecord } from '../core/types.js'
import { encodeHead } from '../http/head.js'
import type { OriginAnswer } from '../origin/contract.js'
import { contentLanguage } from '../policy/negotiation.js'
import { storedAs } from '../policy/partial.js'
import { selectingValue } from '../policy/selecting.js'
import type { StoreTerms } from '../policy/store-time.js'
import type { Filling, FillPlan } from './fill-plan.js'
import type { Parts } from './parts.js'

/** Languages a vary record remembers. */
const MAX_LANGUAGES = 32

interface Stored {
  readonly key: StoreKey
  readonly status: number
  readonly headers: RawHeaders
  readonly verdict: StoreTerms
  readonly tags: readonly string[]
}

/** What brings a record: a fill, or less. */
export type Source = Pick<Filling, 'startedAt' | 'generation'> & { readonly plan: Pick<FillPlan, 'r'> }

export function newMeta (fill: Source, s: Stored): EntryMeta {
  const { url, primary } = fill.plan.r
  const { policy, etag, lastModified, range } = s.verdict
  const { status, headers, part } = range === undefined ? { status: s.status, headers: s.headers, part: undefined } : storedAs(s.headers, range)
  return {
    kind: 'entry', key: s.key, primary, url, status, policy, head: encodeHead(status, headers), etag, lastModified, tags: s.tags,
    filledAt: fill.startedAt, checkedAt: undefined, generation: fill.generation, part
  }
}

/** The record that leads from the primary key to this fill's variant; it lives as long as any variant it leads to. */
export function varyRecord (fill: Filling, present: StoredRecord | undefined): VaryRecord | undefined {
  const known = fill.known
  if (fill.vary.length === 0 || known?.kind !== 'answer' || known.meta === undefined) return undefined
  const { url, primary } = fill.plan.r
  const keepUntil = present?.kind === 'vary' ? Math.max(present.keepUntil, known.meta.policy.keepUntil) : known.meta.policy.keepUntil
  const record: VaryRecord = {
    kind: 'vary', key: primary, url, tags: [], names: fill.vary, filledAt: fill.startedAt, checkedAt: undefined,
    generation: fill.generation, keepUntil
  }
  return fill.plan.r.route.vary === 'exact' ? record : { ...record, languages: languages(fill, known.headers, present) }
}

/** `present` as it must be in order not to end before an entry it leads to. Undefined: it is as it must be. */
export function extended (fill: Filling, present: StoredRecord | undefined, keepUntil: Ms): VaryRecord | undefined {
  if (present?.kind !== 'vary' || present.keepUntil >= keepUntil) return undefined
  return { ...present, generation: fill.generation, keepUntil }
}

/** What is known of the languages of variants, the newest first, and what this fill adds. */
function languages (fill: Filling, headers: RawHeaders, present: StoredRecord | undefined): NonNullable<VaryRecord['languages']> {
  const known = present?.kind === 'vary' && present.names.join() === fill.vary.join() ? present.languages ?? [] : []
  const { facts, route } = fill.plan.r
  const language = fill.vary.includes('accept-language') ? contentLanguage(headers) : undefined
  const selecting = selectingValue('accept-language', facts.value('accept-language'), route.vary)
  if (language === undefined || selecting === undefined) return known
  return [[language, selecting] as const, ...known.filter(([other]) => other !== language)].slice(0, MAX_LANGUAGES)
}

export function passRecord (fill: Filling, now: Ms): PassRecord {
  const { r, passKey } = fill.plan
  return {
    kind: 'pass', key: passKey, url: r.url, tags: fill.judged.tags, filledAt: fill.startedAt, checkedAt: undefined,
    generation: fill.generation, keepUntil: now + r.route.passRecord
  }
}

/** Of the body to be stored, as far as the head tells: of a 206 at any rate. */
export function bodyLength ({ framing, length }: OriginAnswer, { range }: StoreTerms): number | undefined {
  if (framing === 'none') return 0
  return length ?? (range && range.last + 1 - range.first)
}

/** A part never takes the place of the whole, as long as that is fresh. */
export function besideWhole (parts: Parts, { known }: Filling): boolean {
  if (known?.kind !== 'answer' || known.meta?.part === undefined) return false
  const held = parts.store.peek(known.meta.key)
  return held?.kind === 'entry' && held.part === undefined && parts.clock.now() < held.policy.freshUntil && parts.log.verdict(held) === CLEAN
}

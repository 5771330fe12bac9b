/** What a fill leaves in the store, each stamped with the fill's start. */
import type { RawHeaders, EntryMeta, PassRecord, StoredRecord, StoreKey, Ms, VaryRecord } from '../core/types.js'
import { encodeHead } from '../http/head.js'
import { contentLanguage } from '../policy/negotiation.js'
import { selectingValue } from '../policy/selecting.js'
import type { StoreTime } from '../policy/store-time.js'
import type { FillPlan } from './fill-plan.js'
import type { Fill } from './fill.js'

/** Languages a vary record remembers. */
const MAX_LANGUAGES = 32

interface Stored {
  readonly key: StoreKey
  readonly status: number
  readonly headers: RawHeaders
  readonly verdict: StoreTime & { kind: 'store' }
  readonly tags: readonly string[]
}

/** What brings a record: a fill, or less. */
export type Source = Pick<Fill, 'startedAt' | 'generation'> & { readonly plan: Pick<FillPlan, 'r'> }

export function newMeta (fill: Source, s: Stored): EntryMeta {
  const { url, primary } = fill.plan.r
  return {
    kind: 'entry', key: s.key, primary, url, status: s.status, policy: s.verdict.policy, head: encodeHead(s.status, s.headers),
    etag: s.verdict.etag, lastModified: s.verdict.lastModified, tags: s.tags,
    filledAt: fill.startedAt, checkedAt: undefined, generation: fill.generation
  }
}

/** The record that leads from the primary key to this fill's variant; it lives as long as any variant it leads to. */
export function varyRecord (fill: Fill, present: StoredRecord | undefined): VaryRecord | undefined {
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
export function extended (fill: Fill, present: StoredRecord | undefined, keepUntil: Ms): VaryRecord | undefined {
  if (present?.kind !== 'vary' || present.keepUntil >= keepUntil) return undefined
  return { ...present, generation: fill.generation, keepUntil }
}

/** What is known of the languages of variants, the newest first, and what this fill adds. */
function languages (fill: Fill, headers: RawHeaders, present: StoredRecord | undefined): NonNullable<VaryRecord['languages']> {
  const known = present?.kind === 'vary' && present.names.join() === fill.vary.join() ? present.languages ?? [] : []
  const { facts, route } = fill.plan.r
  const language = fill.vary.includes('accept-language') ? contentLanguage(headers) : undefined
  const selecting = selectingValue('accept-language', facts.value('accept-language'), route.vary)
  if (language === undefined || selecting === undefined) return known
  return [[language, selecting] as const, ...known.filter(([other]) => other !== language)].slice(0, MAX_LANGUAGES)
}

export function passRecord (fill: Fill, now: Ms): PassRecord {
  const { r, passKey } = fill.plan
  return {
    kind: 'pass', key: passKey, url: r.url, tags: fill.judged.tags, filledAt: fill.startedAt, checkedAt: undefined,
    generation: fill.generation, keepUntil: now + r.route.passRecord
  }
}

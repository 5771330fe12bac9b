/** What a fill leaves in the store, each stamped with the fill's start. */
import type { RawHeaders, EntryMeta, PassRecord, StoredRecord, StoreKey, Ms, VaryRecord } from '../core/types.js'
import { encodeHead } from '../http/head.js'
import type { StoreTime } from '../policy/store-time.js'
import type { Fill } from './fill.js'

interface Stored {
  readonly key: StoreKey
  readonly status: number
  readonly headers: RawHeaders
  readonly verdict: StoreTime & { kind: 'store' }
  readonly tags: readonly string[]
}

export function newMeta (fill: Fill, s: Stored): EntryMeta {
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
  return { kind: 'vary', key: primary, url, tags: [], names: fill.vary, filledAt: fill.startedAt, checkedAt: undefined, generation: fill.generation, keepUntil }
}

export function passRecord (fill: Fill, now: Ms): PassRecord {
  const { r, passKey } = fill.plan
  return {
    kind: 'pass', key: passKey, url: r.url, tags: fill.judged.tags, filledAt: fill.startedAt, checkedAt: undefined,
    generation: fill.generation, keepUntil: now + r.route.passRecord
  }
}

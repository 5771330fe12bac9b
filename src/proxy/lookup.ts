/** Step two: from keys to what is stored under them. A vary record leads on to the variant this request selects. */
import { CLEAN, type StoredRecord, type StoreKey, type VaryRecord } from '../core/types.js'
import { preferredLanguage } from '../policy/negotiation.js'
import { variantKey } from '../policy/key.js'
import type { Store } from '../store/contract.js'
import type { Parts } from './parts.js'
import { variantOf, type Recognised } from './recognise.js'

export interface Found {
  readonly record: StoredRecord | undefined
  /** Where an answer to this request belongs, as far as its Vary is known. */
  readonly key: StoreKey
  /** The request fields that select the variant; undefined while no Vary is known. */
  readonly names: readonly string[] | undefined
}

/** Memory only, no I/O: the hit path. */
export function peek (parts: Parts, r: Recognised): Found {
  const record = parts.store.peek(r.primary)
  if (record === undefined || record.kind !== 'vary') return { record, key: r.primary, names: undefined }
  if (purged(parts, record)) return { record: undefined, key: r.primary, names: undefined }
  const key = variantOf(r, record.names)
  const found = parts.store.peek(key)
  const other = found === undefined && record.languages !== undefined ? preferred(r, record) : undefined
  return { record: other === undefined ? found : parts.store.peek(other), key, names: record.names }
}

/** Every tier. */
export function lookup (parts: Parts, r: Recognised): Promise<Found> {
  return through(parts, r, key => parts.store.get(key))
}

/** Every tier, also past what this process holds: another may have stored something newer. */
export function reread (parts: Parts, r: Recognised): Promise<Found> {
  return through(parts, r, key => parts.store.reread(key))
}

async function through (parts: Parts, r: Recognised, get: Store['get']): Promise<Found> {
  const record = await get(r.primary)
  if (record === undefined || record.kind !== 'vary') return { record, key: r.primary, names: undefined }
  if (purged(parts, record)) return { record: undefined, key: r.primary, names: undefined }
  const key = variantOf(r, record.names)
  const found = await get(key)
  const other = found === undefined && record.languages !== undefined ? preferred(r, record) : undefined
  return { record: other === undefined ? found : await get(other), key, names: record.names }
}

/**
 * The variant in the language the request prefers to all others, where it differs in Accept-Language alone from one that
 * was given it (RFC 9111 §4.1: what is preferred by the request's own criteria).
 */
function preferred (r: Recognised, record: VaryRecord): StoreKey | undefined {
  const wanted = preferredLanguage(r.facts.value('accept-language'))
  const given = record.languages?.find(([language]) => language === wanted)
  if (given === undefined) return undefined
  const value = (name: string): string | undefined => name === 'accept-language' ? given[1] : r.facts.value(name)
  return variantKey(r.primary, record.names, { value }, r.route.vary)
}

function purged (parts: Parts, record: VaryRecord): boolean {
  const verdict = parts.log.verdict(record)
  return verdict !== CLEAN && verdict.kind === 'hard'
}

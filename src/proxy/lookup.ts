/** Step two: from keys to what is stored under them. A vary record leads on to the variant this request selects. */
import { CLEAN, type StoredRecord, type StoreKey, type VaryRecord } from '../core/types.js'
import { variantKey } from '../policy/key.js'
import type { Parts } from './parts.js'
import type { Recognised } from './recognise.js'

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
  const key = variantKey(r.primary, record.names, r.facts)
  return { record: parts.store.peek(key), key, names: record.names }
}

/** Every tier. */
export async function lookup (parts: Parts, r: Recognised): Promise<Found> {
  const record = await parts.store.get(r.primary)
  if (record === undefined || record.kind !== 'vary') return { record, key: r.primary, names: undefined }
  if (purged(parts, record)) return { record: undefined, key: r.primary, names: undefined }
  const key = variantKey(r.primary, record.names, r.facts)
  return { record: await parts.store.get(key), key, names: record.names }
}

function purged (parts: Parts, record: VaryRecord): boolean {
  const verdict = parts.log.verdict(record)
  return verdict !== CLEAN && verdict.kind === 'hard'
}

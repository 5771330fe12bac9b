/**
 * What a record costs. Counted: the memory its bytes lie in (whole allocations, used or not), its strings, and a
 * measured constant for the objects around them, so that `bytes` follows what the process really holds.
 */
import type { Entry, EntryMeta, StoredRecord } from '../core/types.js'
import { GHOST_BYTES } from './ghosts.js'
import { SHARE, WORD } from './slabs.js'

/** Objects, index and queue rows of one entry, in bytes of resident memory (test/bench/memory-records.mjs measures it). */
const ENTRY_OVERHEAD = 1300
/** What a variant adds: its share of its primary's list. */
const VARIANT_OVERHEAD = 250
/** The same for a vary or pass record. */
const RECORD_OVERHEAD = 550
/** A packed record's row: what of it lies on the JavaScript heap (index, references), and its numbers outside. */
const ROW_HEAP = 90
const ROW_COLUMNS = 40
/** What a packed variant adds: its share of the list of its primary's. */
const PACKED_VARIANT = 50
/** Header of a string on the heap, with rounding. */
const STRING = 20

/** Bytes of an entry without its head and body. */
export function frameSize (meta: EntryMeta): number {
  const variant = meta.primary === meta.key ? 0 : VARIANT_OVERHEAD + STRING + meta.primary.length
  return ENTRY_OVERHEAD + variant + keySize(meta) + stringSize(meta.etag) + stringSize(meta.lastModified)
}

/** Bytes that count against the limit, and those of them that lie on the JavaScript heap. */
export interface Size { readonly size: number, readonly heap: number }

/** Of a record in `length` bytes of a slab. */
export function packedSize (record: StoredRecord, length: number): Size {
  const variant = record.kind === 'entry' && record.primary !== record.key ? PACKED_VARIANT : 0
  const heap = ROW_HEAP + STRING + record.key.length + variant
  return { size: heap + ROW_COLUMNS + GHOST_BYTES + Math.ceil((length + WORD - 1) * SHARE), heap }
}

/** Of a record that is held as an object. */
export function sizeOf (record: StoredRecord): Size {
  const heap = record.kind === 'entry' ? frameSize(record) : noteSize(record)
  return { size: record.kind === 'entry' ? heap + heldBytes(record) : heap, heap }
}

function noteSize (record: Exclude<StoredRecord, Entry>): number {
  let size = RECORD_OVERHEAD + keySize(record)
  if (record.kind === 'search') size += stringSize(record.leadsTo)
  if (record.kind === 'vary') {
    for (const name of record.names) size += STRING + name.length
    for (const [language, selecting] of record.languages ?? []) size += 3 * STRING + language.length + selecting.length
  }
  return size
}

function keySize (record: StoredRecord | EntryMeta): number {
  let size = STRING + record.key.length + (record.url === record.key ? 0 : STRING + record.url.length)
  for (const tag of record.tags) size += STRING + tag.length
  return size
}

function stringSize (value: string | undefined): number {
  return value === undefined ? 0 : STRING + value.length
}

/** The allocations behind head and body; the two may share one. */
function heldBytes (entry: Entry): number {
  let size = entry.head.buffer.byteLength
  for (const part of entry.body) if (part.buffer !== entry.head.buffer) size += part.buffer.byteLength
  return size
}

/**
 * Records as one binary value each, for a store that processes share.
 *
 *   SW1 kind | order: epoch seq start | copy | crc | lengths, flags | meta (JSON) | head | body
 *
 * The first 68 bytes are ASCII of fixed width, so that a script can compare them without decoding anything.
 *
 * Invariants: what does not decode whole, bit for bit, is undefined, never a record and never an exception; instants travel
 * as durations from the moment of writing, which is told by the shared store's clock alone, so that no clock of one machine
 * is compared with another's.
 */
import { crc32 } from 'node:zlib'
import type { Entry, Ms, Part, PassRecord, SearchRecord, Stamp, StoredRecord, StoreKey, VaryRecord } from '../core/types.js'

const MAGIC = 'SW1'
const KINDS = { entry: 'e', vary: 'v', pass: 'p', search: 's' } as const
const DIGITS = 16
const ORDER_AT = 4
const COPY_AT = ORDER_AT + 3 * DIGITS
/** Of the part that scripts read. */
export const PREFIX = COPY_AT + DIGITS
const CRC_AT = PREFIX
const LENGTHS_AT = CRC_AT + 4
const FLAGS_AT = LENGTHS_AT + 12
const META_AT = FLAGS_AT + 1
const PACKED = 1

/** A moment as this process and as the shared store have it (Unix ms). */
export interface Moment { readonly here: Ms, readonly there: Ms }

/** What orders and names a copy. `start`: µs of the shared store's clock when the right to fetch it was obtained. */
export interface Naming { readonly start: number, readonly copy: string }

/** `packed`: the body is compressed; `length` is what it comes to. */
export interface Decoded { readonly record: StoredRecord, readonly packed: boolean, readonly length: number }

type EntryMeta = readonly [
  key: string, primary: string | 0, url: string | 0, status: number, age: Ms, fresh: Ms, swr: Ms, sie: Ms, keep: Ms, asked: Ms, flags: number,
  etag: string | null, lastModified: string | null, tags: readonly string[], part: readonly [number, number | null] | null, length: number,
  written: Ms
]
const ENTRY_FIELDS = 17
const OTHER_FIELDS = 6
type OtherMeta = readonly [key: string, url: string | 0, keep: Ms, tags: readonly string[], more: unknown, written: Ms]

/** `epoch`, `seq` and `start` as fixed digits: compared as text they are compared as numbers. */
export function orderOf ({ epoch, seq }: Stamp, start: number): string {
  return digits(epoch) + digits(seq) + digits(start)
}

/** What is left of a record's life. */
export function lifeLeft (record: StoredRecord, now: Ms): Ms {
  return Math.floor((record.kind === 'entry' ? record.policy.keepUntil : record.keepUntil) - now)
}

/** `now`, as the shared store has it, is that or a little before. `packed`: the body compressed, in place of the record's own. */
export function encode (record: StoredRecord, now: Moment, { start, copy }: Naming, packed?: Uint8Array): Buffer {
  const meta = Buffer.from(JSON.stringify(record.kind === 'entry' ? entryMeta(record, now) : otherMeta(record, now)))
  const head = record.kind === 'entry' ? record.head : new Uint8Array()
  const body = record.kind !== 'entry' ? [] : packed === undefined ? record.body : [packed]
  const length = body.reduce((sum, part) => sum + part.length, 0)
  const value = Buffer.allocUnsafe(META_AT + meta.length + head.length + length)
  value.write(MAGIC + KINDS[record.kind] + orderOf(record.filledAt, start) + copy.padStart(DIGITS, '0'), 'latin1')
  value.writeUInt32BE(meta.length, LENGTHS_AT)
  value.writeUInt32BE(head.length, LENGTHS_AT + 4)
  value.writeUInt32BE(length, LENGTHS_AT + 8)
  value[FLAGS_AT] = packed === undefined ? 0 : PACKED
  let at = META_AT
  for (const part of [meta, head, ...body]) {
    value.set(part, at)
    at += part.length
  }
  value.writeUInt32BE(checksum(value), CRC_AT)
  return value
}

/**
 * The record of `key` in `value`, which may be over by now; its bytes are views of `value`. `now`, as the shared store has
 * it, is that or a little after. Undefined: it is none, or another's, or was written after now.
 */
export function decode (value: Buffer, key: StoreKey, now: Moment, generation: number): Decoded | undefined {
  const prefix = value.toString('latin1', 0, PREFIX)
  if (value.length < META_AT || !prefix.startsWith(MAGIC) || value.readUInt32BE(CRC_AT) !== checksum(value)) return undefined
  const metaEnd = META_AT + value.readUInt32BE(LENGTHS_AT)
  const headEnd = metaEnd + value.readUInt32BE(LENGTHS_AT + 4)
  if (headEnd + value.readUInt32BE(LENGTHS_AT + 8) !== value.length) return undefined
  const meta = parsed(value.toString('utf8', META_AT, metaEnd))
  if (meta?.[0] !== key) return undefined
  const filledAt: Stamp = { epoch: number(prefix, ORDER_AT), seq: number(prefix, ORDER_AT + DIGITS) }
  const kind = prefix[3]!
  if (kind !== KINDS.entry) {
    const record = otherRecord(kind, meta as OtherMeta, key, now, { filledAt, generation })
    return record && { record, packed: false, length: 0 }
  }
  const policy = policyOf(meta as EntryMeta, now)
  if (policy === undefined) return undefined
  const [, primary, url, status, , , , , , , , etag, lastModified, tags, part, length] = meta as EntryMeta
  const body = value.subarray(headEnd)
  const record: Entry = {
    kind: 'entry', key, primary: (primary === 0 ? key : primary) as StoreKey, url: (url === 0 ? key : url) as StoreKey, status, policy,
    head: value.subarray(metaEnd, headEnd), body: body.length === 0 ? [] : [body], length: body.length,
    etag: etag ?? undefined, lastModified: lastModified ?? undefined, tags, filledAt, checkedAt: undefined, generation,
    part: partOf(part), copy: prefix.slice(COPY_AT)
  }
  return { record, packed: value[FLAGS_AT] === PACKED, length }
}

/** The checksum shows that it is as it was written, not by whom: another version may have written otherwise. */
function isEntryMeta (meta: readonly unknown[]): meta is EntryMeta {
  if (meta.length !== ENTRY_FIELDS) return false
  const [, primary, url, status, ...rest] = meta
  const [etag, lastModified, tags, part, ...last] = rest.slice(7)
  return isName(primary) && isName(url) && Number.isInteger(status) && (status as number) >= 200 && (status as number) <= 599 &&
    [...rest.slice(0, 7), ...last].every(isNumber) && isText(etag) && isText(lastModified) && isList(tags) && (part === null || Array.isArray(part))
}

function isOtherMeta (meta: readonly unknown[]): meta is OtherMeta {
  const [, url, keep, tags, , written] = meta
  return meta.length === OTHER_FIELDS && isName(url) && isNumber(keep) && isNumber(written) && isList(tags)
}

const isNumber = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER
const isName = (value: unknown): boolean => value === 0 || typeof value === 'string'
const isText = (value: unknown): boolean => value === null || typeof value === 'string'
const isList = (value: unknown): value is string[] => Array.isArray(value) && value.every(member => typeof member === 'string')

function parsed (json: string): EntryMeta | OtherMeta | undefined {
  try {
    const meta: unknown = JSON.parse(json)
    return Array.isArray(meta) && (isEntryMeta(meta) || isOtherMeta(meta)) ? meta : undefined
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

function digits (n: number): string {
  return String(n).padStart(DIGITS, '0')
}

function number (prefix: string, at: number): number {
  return Number(prefix.slice(at, at + DIGITS))
}

/** Of everything but itself. */
function checksum (value: Buffer): number {
  return crc32(value.subarray(LENGTHS_AT), crc32(value.subarray(0, CRC_AT)))
}

/** Ages are rounded up, what is left is rounded down. */
function entryMeta (entry: Entry, { here, there }: Moment): EntryMeta {
  const { key, primary, url, status, policy, etag, lastModified, tags, part, length } = entry
  const left = (until: Ms): Ms => Math.floor(until - here)
  return [
    key, primary === key ? 0 : primary, url === key ? 0 : url, status, Math.ceil(here - policy.bornAt), left(policy.freshUntil), left(policy.swrUntil),
    left(policy.sieUntil), left(policy.keepUntil), Math.ceil(here - policy.askedAt), policy.flags, etag ?? null, lastModified ?? null, tags,
    part === undefined ? null : [part.first, part.total ?? null], length, Math.floor(there)
  ]
}

/** The instant of writing by this process's clock, or a little before; undefined: it would lie ahead. */
function writtenAt (written: Ms, { here, there }: Moment): Ms | undefined {
  return written <= there ? here - (there - written) : undefined
}

function policyOf (meta: EntryMeta, now: Moment): Entry['policy'] | undefined {
  const [, , , , age, fresh, swr, sie, keep, asked, flags] = meta
  const at = writtenAt(meta[16], now)
  if (at === undefined) return undefined
  return { bornAt: at - age, freshUntil: at + fresh, swrUntil: at + swr, sieUntil: at + sie, keepUntil: at + keep, askedAt: at - asked, flags }
}

function partOf (part: EntryMeta[14]): Part | undefined {
  return part === null ? undefined : { first: part[0], total: part[1] ?? undefined }
}

function otherMeta (record: VaryRecord | PassRecord | SearchRecord, { here, there }: Moment): OtherMeta {
  const { key, url, keepUntil, tags } = record
  const more = record.kind === 'vary' ? [record.names, record.languages ?? null] : record.kind === 'search' ? record.leadsTo : null
  return [key, url === key ? 0 : url, Math.floor(keepUntil - here), tags, more, Math.floor(there)]
}

function otherRecord (
  kind: string, [, url, keep, tags, more, written]: OtherMeta, key: StoreKey, now: Moment, stamped: { filledAt: Stamp, generation: number }
): StoredRecord | undefined {
  const at = writtenAt(written, now)
  if (at === undefined) return undefined
  const common = { key, url: (url === 0 ? key : url) as StoreKey, tags, ...stamped, checkedAt: undefined, keepUntil: at + keep }
  switch (kind) {
    case KINDS.pass: return { kind: 'pass', ...common }
    case KINDS.search: return typeof more === 'string' ? { kind: 'search', ...common, leadsTo: more } : undefined
    case KINDS.vary: {
      const [names, languages] = Array.isArray(more) ? more as [unknown, NonNullable<VaryRecord['languages']> | null] : []
      if (!isList(names) || (languages !== null && !Array.isArray(languages))) return undefined
      return { kind: 'vary', ...common, names, ...(languages === null ? {} : { languages }) }
    }
    default: return undefined
  }
}

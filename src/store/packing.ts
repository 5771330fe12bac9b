/**
 * Records as bytes in a slab, and back.
 *
 * Packed are entries with little content and vary records without languages, which is what there is many of. What no
 * slab can say stays an object: parts, longer content, keys that are not made of their url, characters beyond latin1.
 * Unpacking copies: what it returns shares no memory with a slab.
 *
 * An entry, in words: 0 row, length, kind · 1 keepUntil · 2 generation · 3 bornAt · 4 freshUntil · 5 swrUntil ·
 * 6 sieUntil · 7 askedAt · 8 lengths of head and body · 9 status, flags, lengths of primary and url · 10 lengths of
 * etag, lastModified, copy and tags, each plus one, 0 where there is none · then these four, head and body.
 * A vary record: 0, 1, 2 as above · 3 length of url, length of names · names.
 */
import type { Entry, Policy, Stamp, StoreKey, VaryRecord } from '../core/types.js'
import type { Bytes } from './assembly.js'
import { WORD, type Slab } from './slabs.js'

export const PACKED = { entry: 1, vary: 2 } as const

const ENTRY_WORDS = 11
const VARY_WORDS = 4
/** Lengths are 16 bits. */
const LONGEST = 2 ** 16 - 2
const LATIN1 = /^[\0-\xff]*$/
const NUL = '\0'

/** How a record would be packed. */
export interface Plan { readonly kind: 1 | 2, readonly length: number, readonly text: string }

/** Where a packed record lies: a slab and the word it begins with. */
export interface Place { readonly slab: Slab, readonly word: number }

/** What is known of a packed record beside its bytes. */
export interface Known { readonly key: StoreKey, readonly filledAt: Stamp, readonly checkedAt: Stamp | undefined }

/** `undefined`: it cannot be packed into `longest` bytes. */
export function planEntry (entry: Entry, longest: number): Plan | undefined {
  const { key, primary, url, tags } = entry
  const content = entry.head.length + entry.length
  if (entry.part !== undefined || content > longest || key.length > LONGEST) return undefined
  if (!key.startsWith(primary) || !primary.startsWith(url)) return undefined
  const joined = tags.join(NUL)
  const text = `${entry.etag ?? ''}${entry.lastModified ?? ''}${entry.copy ?? ''}${joined}`
  const length = ENTRY_WORDS * WORD + text.length + content
  if (length > longest || !LATIN1.test(text) || (tags.length > 0 && joined.split(NUL).length !== tags.length)) return undefined
  return { kind: PACKED.entry, length, text }
}

export function planVary ({ key, url, tags, names, languages }: VaryRecord, longest: number): Plan | undefined {
  const text = names.join(NUL)
  const length = VARY_WORDS * WORD + text.length
  if (languages !== undefined || tags.length > 0 || names.length === 0 || !key.startsWith(url)) return undefined
  if (length > longest || text.split(NUL).length !== names.length || !LATIN1.test(text)) return undefined
  return { kind: PACKED.vary, length, text }
}

export function packEntry ({ slab, word }: Place, entry: Entry, text: string): void {
  const { words, halves, quarters, bytes } = slab
  writePolicy({ slab, word }, entry.policy)
  words[word + 2] = entry.generation
  halves[(word + 8) * 2] = entry.head.length
  halves[(word + 8) * 2 + 1] = entry.length
  const q = (word + 9) * 4
  quarters[q] = entry.status
  quarters[q + 2] = entry.primary.length
  quarters[q + 3] = entry.url.length
  quarters[q + 4] = lengthOf(entry.etag)
  quarters[q + 5] = lengthOf(entry.lastModified)
  quarters[q + 6] = lengthOf(entry.copy)
  quarters[q + 7] = entry.tags.length === 0 ? 0 : 1 + text.length - spoken(quarters[q + 4]!) - spoken(quarters[q + 5]!) - spoken(quarters[q + 6]!)
  let at = (word + ENTRY_WORDS) * WORD
  at += bytes.write(text, at, 'latin1')
  bytes.set(entry.head, at)
  at += entry.head.length
  for (const part of entry.body) {
    bytes.set(part, at)
    at += part.length
  }
}

export function packVary ({ slab, word }: Place, record: VaryRecord, text: string): void {
  slab.words[word + 1] = record.keepUntil
  slab.words[word + 2] = record.generation
  slab.halves[(word + 3) * 2] = record.url.length
  slab.halves[(word + 3) * 2 + 1] = text.length
  slab.bytes.write(text, (word + VARY_WORDS) * WORD, 'latin1')
}

export function writePolicy ({ slab: { words, quarters }, word }: Place, policy: Policy): void {
  words[word + 1] = policy.keepUntil
  words[word + 3] = policy.bornAt
  words[word + 4] = policy.freshUntil
  words[word + 5] = policy.swrUntil
  words[word + 6] = policy.sieUntil
  words[word + 7] = policy.askedAt
  quarters[(word + 9) * 4 + 1] = policy.flags
}

/** The same word in either kind. */
export function keepUntilAt ({ slab, word }: Place): number {
  return slab.words[word + 1]!
}

export function generationAt ({ slab, word }: Place): number {
  return slab.words[word + 2]!
}

/** Of an entry. */
export function primaryLengthAt ({ slab, word }: Place): number {
  return slab.quarters[(word + 9) * 4 + 2]!
}

/** Bytes of an entry's head and body. */
export function contentLengthAt ({ slab, word }: Place): number {
  return slab.halves[(word + 8) * 2]! + slab.halves[(word + 8) * 2 + 1]!
}

/** `copy`: memory of the content's length, to be the entry's own; none: the entry comes without its bytes. */
export function unpackEntry ({ slab, word }: Place, { key, filledAt, checkedAt }: Known, copy: Uint8Array | undefined): Entry {
  const { words, halves, quarters, bytes } = slab
  const q = (word + 9) * 4
  const primary = quarters[q + 2] === key.length ? key : key.slice(0, quarters[q + 2]) as StoreKey
  const url = quarters[q + 3] === primary.length ? primary : key.slice(0, quarters[q + 3]) as StoreKey
  const [e, m, c, t] = [quarters[q + 4]!, quarters[q + 5]!, quarters[q + 6]!, quarters[q + 7]!]
  const start = (word + ENTRY_WORDS) * WORD
  const end = start + spoken(e) + spoken(m) + spoken(c) + spoken(t)
  const text = end === start ? '' : bytes.toString('latin1', start, end)
  const afterEtag = spoken(e)
  const afterModified = afterEtag + spoken(m)
  const afterCopy = afterModified + spoken(c)
  const policy: Policy = {
    bornAt: words[word + 3]!, freshUntil: words[word + 4]!, swrUntil: words[word + 5]!, sieUntil: words[word + 6]!,
    keepUntil: words[word + 1]!, askedAt: words[word + 7]!, flags: quarters[q + 1]!
  }
  const length = halves[(word + 8) * 2 + 1]!
  const { head, body } = copy === undefined ? NO_BYTES : copied(bytes, end, halves[(word + 8) * 2]!, length, copy)
  return {
    kind: 'entry', key, primary, url, status: quarters[q]!, policy, head, body, length,
    etag: e === 0 ? undefined : text.slice(0, afterEtag), lastModified: m === 0 ? undefined : text.slice(afterEtag, afterModified),
    tags: t === 0 ? NO_TAGS : text.slice(afterCopy).split(NUL), filledAt, checkedAt, generation: words[word + 2]!, part: undefined,
    copy: c === 0 ? undefined : text.slice(afterModified, afterCopy)
  }
}

export function unpackVary ({ slab, word }: Place, { key, filledAt, checkedAt }: Known): VaryRecord {
  const urlLength = slab.halves[(word + 3) * 2]!
  const at = (word + VARY_WORDS) * WORD
  const names = slab.bytes.toString('latin1', at, at + slab.halves[(word + 3) * 2 + 1]!).split(NUL)
  const url = urlLength === key.length ? key : key.slice(0, urlLength) as StoreKey
  return { kind: 'vary', key, url, tags: NO_TAGS, names, filledAt, checkedAt, generation: slab.words[word + 2]!, keepUntil: slab.words[word + 1]! }
}

const NO_TAGS: readonly string[] = []
const NO_BYTES: Pick<Bytes, 'head' | 'body'> = { head: new Uint8Array(0), body: [] }

function copied (bytes: Buffer, from: number, head: number, length: number, copy: Uint8Array): Pick<Bytes, 'head' | 'body'> {
  bytes.copy(copy, 0, from, from + head + length)
  return { head: copy.subarray(0, head), body: length === 0 ? [] : [copy.subarray(head)] }
}

function lengthOf (value: string | undefined): number {
  return value === undefined ? 0 : value.length + 1
}

/** The length behind a stored one. */
function spoken (stored: number): number {
  return stored === 0 ? 0 : stored - 1
}

/**
 * Records as bytes in a slab, and back.
 *
 * Packed are entries with little content and vary records without languages, which is what there is many of. What no
 * slab can say stays an object: parts, longer content, keys that are not made of their url, characters beyond latin1.
 * Unpacking copies: what it returns shares no memory with a slab.
 *
 * An entry, in words: 0 row, length, kind · 1 keepUntil · 2 generation · 3 bornAt · 4 freshUntil · 5 swrUntil ·
 * 6 sieUntil · 7 askedAt · 8 lengths of head and body, where in the head etag and lastModified stand, plus one, 0 where
 * they do not · 9 status, flags, lengths of primary and url · 10 lengths of etag, lastModified, copy and tags, each plus
 * one, 0 where there is none · then these four, as far as they are not in the head, head and body.
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

/** How a record would be packed: `text` is what of it is written as characters. */
export interface Plan { readonly kind: 1 | 2, readonly length: number, readonly text: string, readonly etagAt: number, readonly modifiedAt: number }

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
  const etag = entry.etag ?? ''
  const modified = entry.lastModified ?? ''
  const rest = `${entry.copy ?? ''}${joined}`
  if (!LATIN1.test(`${etag}${modified}${rest}`) || tags.some(tag => tag.includes(NUL))) return undefined
  const head = Buffer.from(entry.head.buffer, entry.head.byteOffset, entry.head.length)
  const etagAt = etag === '' ? 1 : head.indexOf(etag, 0, 'latin1') + 1
  const modifiedAt = modified === '' ? 1 : head.indexOf(modified, 0, 'latin1') + 1
  const text = `${etagAt > 0 ? '' : etag}${modifiedAt > 0 ? '' : modified}${rest}`
  const length = ENTRY_WORDS * WORD + text.length + content
  return length > longest ? undefined : { kind: PACKED.entry, length, text, etagAt, modifiedAt }
}

export function planVary ({ key, url, tags, names, languages }: VaryRecord, longest: number): Plan | undefined {
  const text = names.join(NUL)
  const length = VARY_WORDS * WORD + text.length
  if (languages !== undefined || tags.length > 0 || names.length === 0 || !key.startsWith(url)) return undefined
  if (length > longest || text.split(NUL).length !== names.length || !LATIN1.test(text)) return undefined
  return { kind: PACKED.vary, length, text, etagAt: 0, modifiedAt: 0 }
}

export function packEntry ({ slab, word }: Place, entry: Entry, { text, etagAt, modifiedAt }: Plan): void {
  const { words, quarters, bytes } = slab
  writePolicy({ slab, word }, entry.policy)
  words[word + 2] = entry.generation
  const q = (word + 8) * 4
  quarters[q] = entry.head.length
  quarters[q + 1] = entry.length
  quarters[q + 2] = etagAt
  quarters[q + 3] = modifiedAt
  quarters[q + 4] = entry.status
  quarters[q + 6] = entry.primary.length
  quarters[q + 7] = entry.url.length
  quarters[q + 8] = lengthOf(entry.etag)
  quarters[q + 9] = lengthOf(entry.lastModified)
  quarters[q + 10] = lengthOf(entry.copy)
  quarters[q + 11] = entry.tags.length === 0 ? 0 : 1 + text.length - tagsFrom({ slab, word })
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
  return slab.quarters[(word + 8) * 4]! + slab.quarters[(word + 8) * 4 + 1]!
}

/** `copy`: memory of the content's length, to be the entry's own; none: the entry comes without its bytes. */
export function unpackEntry ({ slab, word }: Place, { key, filledAt, checkedAt }: Known, copy: Uint8Array | undefined): Entry {
  const { words, quarters, bytes } = slab
  const q = (word + 8) * 4
  const primary = quarters[q + 6] === key.length ? key : key.slice(0, quarters[q + 6]) as StoreKey
  const url = quarters[q + 7] === primary.length ? primary : key.slice(0, quarters[q + 7]) as StoreKey
  const [headLength, length, etagAt, modifiedAt] = [quarters[q]!, quarters[q + 1]!, quarters[q + 2]!, quarters[q + 3]!]
  const [etagLength, modifiedLength, copyLength, tagsLength] = [quarters[q + 8]!, quarters[q + 9]!, quarters[q + 10]!, quarters[q + 11]!]
  const start = (word + ENTRY_WORDS) * WORD
  const modifiedFrom = start + (etagAt > 0 ? 0 : spoken(etagLength))
  const tags = start + tagsFrom({ slab, word })
  const content = tags + spoken(tagsLength)
  const read = (stored: number, from: number): string | undefined => stored === 0 ? undefined : bytes.toString('latin1', from, from + stored - 1)
  const policy: Policy = {
    bornAt: words[word + 3]!, freshUntil: words[word + 4]!, swrUntil: words[word + 5]!, sieUntil: words[word + 6]!,
    keepUntil: words[word + 1]!, askedAt: words[word + 7]!, flags: quarters[q + 5]!
  }
  const { head, body } = copy === undefined ? NO_BYTES : copied(bytes, content, headLength, length, copy)
  return {
    kind: 'entry', key, primary, url, status: quarters[q + 4]!, policy, head, body, length,
    etag: read(etagLength, etagAt > 0 ? content + etagAt - 1 : start),
    lastModified: read(modifiedLength, modifiedAt > 0 ? content + modifiedAt - 1 : modifiedFrom),
    tags: read(tagsLength, tags)?.split(NUL) ?? NO_TAGS, filledAt, checkedAt, generation: words[word + 2]!, part: undefined,
    copy: read(copyLength, tags - spoken(copyLength)), row: undefined, givenAt: undefined
  }
}

export function unpackVary ({ slab, word }: Place, { key, filledAt, checkedAt }: Known): VaryRecord {
  const urlLength = slab.halves[(word + 3) * 2]!
  const at = (word + VARY_WORDS) * WORD
  const names = namesOf(slab.bytes.toString('latin1', at, at + slab.halves[(word + 3) * 2 + 1]!))
  const url = urlLength === key.length ? key : key.slice(0, urlLength) as StoreKey
  return { kind: 'vary', key, url, tags: NO_TAGS, names, filledAt, checkedAt, generation: slab.words[word + 2]!, keepUntil: slab.words[word + 1]!, row: undefined }
}

/** Lists of names, so that those of one Vary are one object: there are few, unless somebody makes many. */
const NAMES = new Map<string, readonly string[]>()
const MOST_NAMES = 1_000

function namesOf (text: string): readonly string[] {
  let names = NAMES.get(text)
  if (names !== undefined) return names
  if (NAMES.size === MOST_NAMES) NAMES.clear()
  NAMES.set(text, names = text.split(NUL))
  return names
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

/** Where in an entry's text its tags begin. */
function tagsFrom ({ slab: { quarters }, word }: Place): number {
  const q = (word + 8) * 4
  const etag = quarters[q + 2]! > 0 ? 0 : spoken(quarters[q + 8]!)
  const modified = quarters[q + 3]! > 0 ? 0 : spoken(quarters[q + 9]!)
  return etag + modified + spoken(quarters[q + 10]!)
}

/** The length behind a stored one. */
function spoken (stored: number): number {
  return stored === 0 ? 0 : stored - 1
}

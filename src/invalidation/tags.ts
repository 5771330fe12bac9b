/**
 * The tags a response carries, from the header of whichever convention its origin follows. Tags are data: they are
 * compared byte for byte, case included, and never used as property names.
 */
import type { RawHeaders } from '../core/types.js'
import { fieldValue } from '../http/fields.js'
import { readStrings } from '../http/structured.js'

/** Tags of one record; what an origin sends beyond is not heard. A header block of undici's 16 KiB holds fewer. */
export const MAX_TAGS = 1024
/** Bytes of one tag; a longer one is not heard. */
export const MAX_TAG_BYTES = 1024

const SPACES = /[ \t]+/
const COMMAS = /[ \t]*,[ \t]*/
const EITHER = /[ \t,]+/

/** How the headers that carry tags, by their lower-case names, separate them. */
const SEPARATORS = { 'surrogate-key': SPACES, 'cache-tag': COMMAS, xkey: EITHER } as const

export type TagHeader = keyof typeof SEPARATORS

/**
 * Everything a response may be purged by: its tags, and its cache groups (RFC 9875 §2). `site` as `RequestFacts` has it:
 * groups of one name at two origins are two (§2.1).
 */
export function responseTags (headers: RawHeaders, site: string): string[] {
  return [...readTags(headers), ...groupTags(headers, 'cache-groups', site)]
}

/**
 * The groups a field lists, as tags that no header of tags can spell. A field that is no List of Strings lists none;
 * parameters mean nothing (RFC 9875 §2, §3).
 */
export function groupTags (headers: RawHeaders, field: 'cache-groups' | 'cache-group-invalidation', site: string): string[] {
  const value = fieldValue(headers, field)
  return (value === undefined ? undefined : readStrings(value))?.map(group => `group:${site}\n${group}`) ?? []
}

/** The tags of a response, in order, without repeats, at most `MAX_TAGS`. */
export function readTags (headers: RawHeaders): string[] {
  const tags = new Set<string>()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    if (isTagHeader(name)) collect(tags, splitTags(name, headers[i + 1]!))
  }
  return [...tags]
}

/** The tags one value lists, repeats kept, in the convention of `header`. */
export function splitTags (header: TagHeader, value: string): string[] {
  return value.trim().split(SEPARATORS[header]).filter(tag => tag !== '')
}

/** Both lists as one, without repeats. `first` is kept whole before the cap cuts into `second`. */
export function mergeTags (first: readonly string[], second: readonly string[]): readonly string[] {
  if (second.length === 0) return first
  if (first.length === 0) return second
  const tags = new Set<string>()
  collect(tags, first)
  collect(tags, second)
  return [...tags]
}

function isTagHeader (name: string): name is TagHeader {
  return Object.hasOwn(SEPARATORS, name)
}

function collect (into: Set<string>, tags: readonly string[]): void {
  for (const tag of tags) if (tag.length <= MAX_TAG_BYTES && into.size < MAX_TAGS) into.add(tag)
}

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

/**
 * What is a tag in the headers that carry them, by their lower-case names. Blanks are these two alone: a value is bytes,
 * and what Unicode calls a space may be part of a letter. None begins with what may stand between tags, so that time is
 * linear.
 */
const TAGS = { 'surrogate-key': /[^ \t]+/g, 'cache-tag': /[^ \t,](?:[^,]*[^ \t,])?/g, xkey: /[^ \t,]+/g } as const

export type TagHeader = keyof typeof TAGS

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

/** The tags of a response, in order, without repeats, at most `MAX_TAGS`; of one line its first so many, repeats counted. */
export function readTags (headers: RawHeaders): string[] {
  const tags = new Set<string>()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    if (isTagHeader(name)) collect(tags, splitTags(name, headers[i + 1]!, MAX_TAGS))
  }
  return [...tags]
}

/** The tags one value lists, repeats kept, in the convention of `header`; no more than `most`. */
export function splitTags (header: TagHeader, value: string, most = Infinity): string[] {
  const tags: string[] = []
  for (const [tag] of value.matchAll(TAGS[header])) {
    if (tags.length === most) break
    tags.push(tag)
  }
  return tags
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
  return Object.hasOwn(TAGS, name)
}

function collect (into: Set<string>, tags: readonly string[]): void {
  for (const tag of tags) if (tag.length <= MAX_TAG_BYTES && into.size < MAX_TAGS) into.add(tag)
}

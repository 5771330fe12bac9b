/**
 * The tags a response carries, from the header of whichever convention its origin follows. Tags are data: they are
 * compared byte for byte, case included, and never used as property names.
 */
import type { RawHeaders } from '../core/types.js'
import { fieldValue } from './fields.js'
import { FieldNames } from './names.js'
import { readStrings } from './structured.js'

/** Tags of one record. A response with more, or a longer one, is not stored: it could not be purged by all that it says. */
export const MAX_TAGS = 1024
/** Bytes of one tag. */
export const MAX_TAG_BYTES = 1024

/**
 * What is a tag in the headers that carry them, by their lower-case names. Blanks are these two alone: a value is bytes,
 * and what Unicode calls a space may be part of a letter. None begins with what may stand between tags, so that time is
 * linear.
 */
const TAGS = { 'surrogate-key': /[^ \t]+/g, 'cache-tag': /[^ \t,](?:[^,]*[^ \t,])?/g, xkey: /[^ \t,]+/g } as const
const TAG_HEADERS = new FieldNames(Object.keys(TAGS))

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

/** The tags of a response, in order, without repeats. */
export function readTags (headers: RawHeaders): string[] {
  const tags = new Set<string>()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!
    if (TAG_HEADERS.has(name)) for (const tag of splitTags(name.toLowerCase() as TagHeader, headers[i + 1]!)) tags.add(tag)
  }
  return [...tags]
}

/** The tags one value lists, repeats kept, in the convention of `header`. */
export function splitTags (header: TagHeader, value: string): string[] {
  return value.match(TAGS[header]) ?? []
}

/** Both lists as one, without repeats. */
export function mergeTags (first: readonly string[], second: readonly string[]): readonly string[] {
  if (second.length === 0) return first
  if (first.length === 0) return second
  return [...new Set([...first, ...second])]
}

/** Whether a record may carry them all. */
export function tagsFit (tags: readonly string[]): boolean {
  return tags.length <= MAX_TAGS && tags.every(tag => tag.length <= MAX_TAG_BYTES)
}

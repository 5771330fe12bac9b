/**
 * Structured Fields (RFC 9651), as far as fields that caches read are any. The only importer of structured-headers.
 *
 * Invariant: a field that cannot be read, whole and to the letter, is as if it were not there (§4.2); nothing throws, and
 * time is linear in the field.
 */
import { parseDictionary, parseList, type BareItem, type InnerList, type Item } from 'structured-headers'

/** Longer fields are not read: those that caches need hold less. */
const LONGEST = 8192

/** A member of a Dictionary: an item, or an Inner List of items. Parameters are left out. */
export type Member = BareItem | readonly BareItem[]

/** The members of a Dictionary (§3.2) by their names; undefined where it is malformed. */
export function readDictionary (value: string): ReadonlyMap<string, Member> | undefined {
  const dictionary = read(parseDictionary, value)
  return dictionary === undefined ? undefined : new Map([...dictionary].map(([name, member]) => [name, bare(member)]))
}

/** The members of a List (§3.1) of Strings (§3.3.3); undefined where it is malformed, or holds anything else. */
export function readStrings (value: string): string[] | undefined {
  const members = read(parseList, value)?.map(bare)
  return members?.every(member => typeof member === 'string') === true ? members : undefined
}

function read<T> (parse: (value: string) => T, value: string): T | undefined {
  if (value.length > LONGEST) return undefined
  try {
    return parse(value)
  } catch {
    return undefined // §4.2: as if the field were not there
  }
}

function bare ([value]: Item | InnerList): Member {
  return Array.isArray(value) ? value.map(([item]) => item) : value
}

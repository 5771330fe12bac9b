/**
 * Conditional requests answered from the store (RFC 9110 §13). A malformed condition never holds, so that whoever sent
 * it receives the whole representation.
 */
import type { RequestFacts } from '../core/types.js'
import { parseHttpDate } from './date.js'

const ENTITY_TAG = /^(W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/
const ANY = /^[\t ]*\*[\t ]*$/
const LIST_MEMBER = /[\t ,]*(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")[\t ]*(?=,|$)/gy
const LIST_END = /^[\t ,]*$/

/** Same opaque tag, either may be weak (RFC 9110 §8.8.3.2). What is no entity-tag matches nothing. */
export function weakMatch (a: string, b: string): boolean {
  const opaque = opaqueTag(a)
  return opaque !== undefined && opaque === opaqueTag(b)
}

/** Same opaque tag, neither weak (RFC 9110 §8.8.3.2). */
export function strongMatch (a: string, b: string): boolean {
  return a === b && a.startsWith('"') && ENTITY_TAG.test(a)
}

/**
 * Whether a GET or HEAD that the stored response answers is to be told 304 (RFC 9110 §13.1.2, §13.1.3, §13.2.2).
 * If-None-Match, even a malformed one, hides If-Modified-Since. `date`: of a response without any Last-Modified, what
 * stands in for it (RFC 9111 §4.3.2).
 */
export function notModified (
  facts: Pick<RequestFacts, 'ifNoneMatch' | 'ifModifiedSince'>,
  stored: { readonly etag: string | undefined, readonly lastModified: string | undefined, readonly date?: string | undefined }
): boolean {
  if (facts.ifNoneMatch !== undefined) return noneMatchFails(facts.ifNoneMatch, stored.etag)
  const changed = stored.lastModified ?? stored.date
  if (facts.ifModifiedSince === undefined || changed === undefined) return false
  const since = parseHttpDate(facts.ifModifiedSince)
  const modified = parseHttpDate(changed)
  return since !== undefined && modified !== undefined && modified <= since
}

/**
 * Whether a range may be taken from the stored response (RFC 9110 §13.1.5). Only strong validators do; Last-Modified is
 * one when Date is at least a second later (§8.8.2.2), and must then be repeated to the letter.
 */
export function ifRangeHolds (
  ifRange: string,
  stored: { readonly etag: string | undefined, readonly lastModified: string | undefined, readonly date: string | undefined }
): boolean {
  if (ifRange !== stored.lastModified) return stored.etag !== undefined && strongMatch(ifRange, stored.etag)
  const modified = parseHttpDate(ifRange)
  const date = stored.date === undefined ? undefined : parseHttpDate(stored.date)
  return modified !== undefined && date !== undefined && date - modified >= 1000
}

/**
 * What may be sent in If-Range to have the stored response completed (RFC 9110 §13.1.5): its entity-tag, unless weak, or
 * Last-Modified where it has none and that is strong.
 */
export function strongValidator (
  stored: { readonly etag: string | undefined, readonly lastModified: string | undefined, readonly date: string | undefined }
): string | undefined {
  const validator = stored.etag ?? stored.lastModified
  return validator !== undefined && ifRangeHolds(validator, stored) ? validator : undefined
}

function opaqueTag (tag: string): string | undefined {
  return ENTITY_TAG.exec(tag)?.[2]
}

function noneMatchFails (ifNoneMatch: string, etag: string | undefined): boolean {
  if (ANY.test(ifNoneMatch)) return true
  const opaque = etag === undefined ? undefined : opaqueTag(etag)
  return opaque !== undefined && listHolds(ifNoneMatch, opaque)
}

/** Whether a well-formed list of entity-tags holds one with this opaque tag. */
function listHolds (list: string, opaque: string): boolean {
  let found = false
  let end = 0
  for (const member of list.matchAll(LIST_MEMBER)) {
    found ||= member[1] === opaque
    end = member.index + member[0].length
  }
  return found && LIST_END.test(list.slice(end))
}

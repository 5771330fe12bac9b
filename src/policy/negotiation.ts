/**
 * The lists by which clients say what they would rather have (RFC 9110 §12.5), read for routes that normalise them.
 * Their members are ranked by weight alone, whatever their order; some origins make something of the order even so,
 * which is why nothing here applies unless a route says so.
 */
import type { RawHeaders } from '../core/types.js'
import { TCHAR, fieldLines, listMembers } from '../http/fields.js'

/** RFC 9110 §12.4.2 */
const WEIGHT = String.raw`(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?`
/** RFC 4647 §2.1 */
const LANGUAGE = '[a-z]{1,8}(?:-[a-z0-9]{1,8})*'
const LANGUAGE_RANGE = new RegExp(`^(${LANGUAGE}|\\*)${WEIGHT}$`, 'i')
const LANGUAGE_TAG = new RegExp(`^${LANGUAGE}$`, 'i')
/** Parameters are kept to the letter: what their case means is the media type's to say (RFC 9110 §8.3.1). */
const MEDIA_RANGE = new RegExp(`^(${TCHAR}+/${TCHAR}+)((?:[ \\t]*;[ \\t]*${TCHAR}+=${TCHAR}+)*)$`)
const BLANKS = /[ \t]+/g

interface Ranked { readonly range: string, readonly weight: number }

/** An Accept-Language independent of order, case and blanks (§12.5.4). What is malformed differs in blanks alone. */
export function normalLanguages (value: string): string {
  const ranges = languages(value)
  if (ranges === undefined) return listMembers(value).join(',')
  return ranges.map(({ range, weight }) => weight === 1 ? range : `${range};q=${weight}`).sort().join(',')
}

/** An Accept independent of order, blanks and the case of types (§12.5.1). What is malformed differs in blanks alone. */
export function normalMedia (value: string): string {
  const members = listMembers(value)
  const ranges = members.map(member => MEDIA_RANGE.exec(member))
  if (!ranges.every(range => range !== null)) return members.join(',')
  return ranges.map(([, type, parameters]) => type!.toLowerCase() + parameters!.replace(BLANKS, '')).sort().join(',')
}

/** The one language an Accept-Language puts before all others, lower-case; undefined where there is none, or it is `*`. */
export function preferredLanguage (value: string | undefined): string | undefined {
  const ranges = value === undefined ? undefined : languages(value)
  if (ranges === undefined) return undefined
  const most = ranges.reduce((most, { weight }) => Math.max(most, weight), 0)
  const [first, second] = ranges.filter(({ weight }) => weight === most)
  return first === undefined || second !== undefined || most === 0 || first.range === '*' ? undefined : first.range
}

/** The language of a response in exactly one (RFC 9110 §8.5), lower-case. */
export function contentLanguage (headers: RawHeaders): string | undefined {
  const [tag, another] = fieldLines(headers, 'content-language')
  return tag !== undefined && another === undefined && LANGUAGE_TAG.test(tag) ? tag.toLowerCase() : undefined
}

/** Undefined where a member is malformed. */
function languages (value: string): Ranked[] | undefined {
  const ranges: Ranked[] = []
  for (const member of listMembers(value)) {
    const parts = LANGUAGE_RANGE.exec(member)
    if (parts === null) return undefined
    ranges.push({ range: parts[1]!.toLowerCase(), weight: Number(parts[2] ?? 1) })
  }
  return ranges
}

/** A response's fields as the rules read them, once, when it is judged for storing. Times in ms, dates in wall ms. */
import type { Ms, RawHeaders } from '../core/types.js'
import { expiresLifetime, parseAge } from '../http/age.js'
import { parseCacheControl, readResponseDirectives, responseDirectives, type ResponseDirectives } from '../http/cache-control.js'
import { weakMatch } from '../http/conditional.js'
import { parseHttpDate } from '../http/date.js'
import { fieldLines, fieldValue } from '../http/fields.js'
import { parseTargeted } from '../http/targeted.js'
import { varyNames } from './vary.js'

export interface ResponseRead {
  readonly status: number
  readonly directives: ResponseDirectives
  /** Date, or when the response was received where it has none that can be read (RFC 9110 §6.6.1). */
  readonly date: Ms
  /** Whether Date could be read. */
  readonly dated: boolean
  /** The Age field; what cannot be read is older than any lifetime. */
  readonly age: Ms
  /** The lifetime Expires gives. */
  readonly expires: Ms | undefined
  readonly modifiedAt: Ms | undefined
  readonly vary: readonly string[] | '*' | 'bad'
  readonly setsCookie: boolean
  /** The validators, where they are well-formed and come once: only these are sent back. */
  readonly etag: string | undefined
  readonly lastModified: string | undefined
}

/** Never throws. `receivedAt`: wall ms. `targets`: lower-case names of the fields that speak to us before Cache-Control does. */
export function readResponse (status: number, headers: RawHeaders, receivedAt: Ms, targets: readonly string[]): ResponseRead {
  const targeted = targetedDirectives(headers, targets)
  const dateField = fieldValue(headers, 'date')
  const date = dateField === undefined ? undefined : parseHttpDate(dateField, receivedAt)
  const lastModified = single(headers, 'last-modified')
  const modifiedAt = lastModified === undefined ? undefined : parseHttpDate(lastModified, receivedAt)
  const etag = single(headers, 'etag')
  return {
    status,
    directives: targeted ?? plainDirectives(headers),
    date: date ?? receivedAt,
    dated: date !== undefined,
    age: parseAge(fieldLines(headers, 'age')) ?? 0,
    // RFC 9213 §2.2: a targeted field stands in for Expires too
    expires: targeted !== undefined ? undefined : expiresLifetime(fieldLines(headers, 'expires'), dateField, receivedAt),
    modifiedAt,
    vary: varyNames(fieldValue(headers, 'vary')),
    setsCookie: fieldLines(headers, 'set-cookie').length > 0,
    // a list or a `*` sent back in If-None-Match would match what is not stored
    etag: etag !== undefined && weakMatch(etag, etag) ? etag : undefined,
    lastModified: modifiedAt === undefined ? undefined : lastModified
  }
}

function single (headers: RawHeaders, name: string): string | undefined {
  const lines = fieldLines(headers, name)
  return lines.length === 1 ? lines[0] : undefined
}

/** RFC 9213 §2.2: the first of the list that is there and can be read replaces Cache-Control. */
function targetedDirectives (headers: RawHeaders, targets: readonly string[]): ResponseDirectives | undefined {
  for (const name of targets) {
    const value = fieldValue(headers, name)
    const said = value === undefined ? undefined : parseTargeted(name, value)
    if (said !== undefined) return responseDirectives(said)
  }
  return undefined
}

/** RFC 9111 §5.4 leaves Pragma in responses undefined; origins that send it alone mean no-cache, so it is taken so. */
function plainDirectives (headers: RawHeaders): ResponseDirectives {
  const cacheControl = fieldValue(headers, 'cache-control')
  const directives = readResponseDirectives(cacheControl)
  if (cacheControl !== undefined || !parseCacheControl(fieldValue(headers, 'pragma')).has('no-cache')) return directives
  return { ...directives, noCache: true }
}

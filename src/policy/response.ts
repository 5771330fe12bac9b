/** A response's fields as the rules read them, once, when it is judged for storing. Times in ms, dates in wall ms. */
import type { Ms, RawHeaders } from '../core/types.js'
import { expiresLifetime, parseAge } from '../http/age.js'
import { parseCacheControl, readResponseDirectives, responseDirectives, type ResponseDirectives } from '../http/cache-control.js'
import { weakMatch } from '../http/conditional.js'
import { parseHttpDate } from '../http/date.js'
import { fieldLines, fieldValue } from '../http/fields.js'
import { parseTargeted } from '../http/targeted.js'
import { varyNames } from './vary.js'

/** What it says of who may have it: read first, since what says no is asked nothing else. */
export interface ResponseSaid {
  readonly status: number
  readonly directives: ResponseDirectives
  /** A field that speaks to us before Cache-Control does has spoken. */
  readonly targeted: boolean
  readonly vary: readonly string[] | '*' | 'bad'
  readonly setsCookie: boolean
}

export interface ResponseRead extends ResponseSaid {
  /** Date, or when the response was received where it has none that can be read (RFC 9110 §6.6.1). */
  readonly date: Ms
  /** Whether Date could be read. */
  readonly dated: boolean
  /** The Age field; what cannot be read is older than any lifetime. */
  readonly age: Ms
  /** The lifetime Expires gives. */
  readonly expires: Ms | undefined
  readonly modifiedAt: Ms | undefined
  /** The validators, where they are well-formed and come once: only these are sent back. */
  readonly etag: string | undefined
  readonly lastModified: string | undefined
}

/** Never throws. `targets`: lower-case names of the fields that speak to us before Cache-Control does. */
export function readSaid (status: number, headers: RawHeaders, targets: readonly string[]): ResponseSaid {
  const targeted = targetedDirectives(headers, targets)
  return {
    status,
    directives: targeted ?? plainDirectives(headers),
    targeted: targeted !== undefined,
    vary: varyNames(fieldValue(headers, 'vary')),
    setsCookie: fieldLines(headers, 'set-cookie').length > 0
  }
}

/** Never throws. `receivedAt`: wall ms. */
export function readRest (said: ResponseSaid, headers: RawHeaders, receivedAt: Ms): ResponseRead {
  const dateField = fieldValue(headers, 'date')
  const date = dateField === undefined ? undefined : parseHttpDate(dateField, receivedAt)
  const lastModified = single(headers, 'last-modified')
  const modifiedAt = lastModified === undefined ? undefined : parseHttpDate(lastModified, receivedAt)
  const etag = single(headers, 'etag')
  return {
    status: said.status,
    directives: said.directives,
    targeted: said.targeted,
    vary: said.vary,
    setsCookie: said.setsCookie,
    date: date ?? receivedAt,
    dated: date !== undefined,
    age: parseAge(fieldLines(headers, 'age')) ?? 0,
    // RFC 9213 §2.2: a targeted field stands in for Expires too
    expires: said.targeted ? undefined : expiresLifetime(fieldLines(headers, 'expires'), dateField, receivedAt),
    modifiedAt,
    // a list or a `*` sent back in If-None-Match would match what is not stored
    etag: etag !== undefined && weakMatch(etag, etag) ? etag : undefined,
    lastModified: modifiedAt === undefined ? undefined : lastModified
  }
}

export function readResponse (status: number, headers: RawHeaders, receivedAt: Ms, targets: readonly string[]): ResponseRead {
  return readRest(readSaid(status, headers, targets), headers, receivedAt)
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

/**
 * Reading Cache-Control (RFC 9111 §5.2).
 *
 * Invariant: nothing malformed makes a response more reusable. A member that is not `token [= token / quoted-string]`
 * grants nothing; every token in it counts as a directive with a malformed argument, so `private; max-age=60` is still
 * private. Where a quote stands in such a member, nobody can tell what was meant to be quoted, and the whole field is read
 * that way. A lifetime whose argument is malformed is 0; of a directive given twice the stricter counts, which is never
 * fresher than either reading RFC 9111 §4.2.1 allows.
 */
import type { Ms, RequestDirectives } from '../core/types.js'
import { wholeSeconds } from './age.js'
import { TCHAR } from './fields.js'

/** Lower-case name to argument as sent, quotes kept; `true` without one, `''` where it is malformed. */
export type Directives = ReadonlyMap<string, string | true>

/** Times in ms; absent where the response does not say. `no-cache` and `private` with field names count as without. */
export interface ResponseDirectives {
  readonly noStore: boolean, readonly noCache: boolean, readonly private: boolean, readonly public: boolean
  readonly mustRevalidate: boolean, readonly proxyRevalidate: boolean
  readonly mustUnderstand: boolean, readonly immutable: boolean
  readonly maxAge?: Ms, readonly sMaxage?: Ms, readonly staleWhileRevalidate?: Ms, readonly staleIfError?: Ms
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const SEPARATORS = /[\t ,]*/y
const MEMBER = new RegExp(String.raw`(${TCHAR}+)(?:=(${TCHAR}*|"(?:[^"\\]|\\[^])*"))?[\t ]*(?=,|$)`, 'y')
const UP_TO_QUOTE_OR_COMMA = /[^",]*/y
const TOKENS = new RegExp(`${TCHAR}+`, 'g')
/** The argument of a directive that has one it must not have, or cannot be read. */
export const MALFORMED = ''
const NONE: Directives = new Map()
const NO_REQUEST_DIRECTIVES: RequestDirectives = { noCache: false, noStore: false, onlyIfCached: false }
const NO_RESPONSE_DIRECTIVES: ResponseDirectives = {
  noStore: false, noCache: false, private: false, public: false,
  mustRevalidate: false, proxyRevalidate: false, mustUnderstand: false, immutable: false
}

/** The directives of a field value, its lines joined with commas. Linear time. */
export function parseCacheControl (value: string | undefined): Directives {
  if (value === undefined) return NONE
  const directives = new Map<string, string | true>()
  for (let i = after(SEPARATORS, value, 0); i < value.length; i = after(SEPARATORS, value, i)) {
    MEMBER.lastIndex = i
    const member = MEMBER.exec(value)
    if (member === null) i = addMalformed(directives, value, i)
    else {
      add(directives, member[1]!.toLowerCase(), member[2] ?? true)
      i = MEMBER.lastIndex
    }
  }
  return directives
}

/** Seconds of an argument, quoted or not (RFC 9111 §1.2.2); what exceeds 2^31 is 2^31; undefined when malformed. */
export function deltaSeconds (value: string | true | undefined): number | undefined {
  if (value === undefined || value === true) return undefined
  const quoted = value.startsWith('"') && value.endsWith('"')
  return wholeSeconds(quoted ? value.slice(1, -1) : value)
}

/** RFC 9111 §5.2.1. Pragma: no-cache counts only where Cache-Control is absent (§5.4). */
export function readRequestDirectives (cacheControl: string | undefined, pragma: string | undefined): RequestDirectives {
  if (cacheControl === undefined) {
    return parseCacheControl(pragma).has('no-cache') ? { ...NO_REQUEST_DIRECTIVES, noCache: true } : NO_REQUEST_DIRECTIVES
  }
  const said = parseCacheControl(cacheControl)
  const read: Mutable<RequestDirectives> = {
    noCache: said.has('no-cache'), noStore: said.has('no-store'), onlyIfCached: said.get('only-if-cached') === true
  }
  readTime(said, 'max-age', read, 'maxAge')
  readTime(said, 'min-fresh', read, 'minFresh', Infinity)
  if (said.get('max-stale') === true) read.maxStale = Infinity
  else readTime(said, 'max-stale', read, 'maxStale')
  readTime(said, 'stale-if-error', read, 'staleIfError')
  return read
}

/** What was read last: one answer after the other says the same. */
let lastRead: { readonly value: string, readonly directives: ResponseDirectives } | undefined

/** RFC 9111 §5.2.2, RFC 5861, RFC 8246. */
export function readResponseDirectives (cacheControl: string | undefined): ResponseDirectives {
  if (cacheControl === undefined) return NO_RESPONSE_DIRECTIVES
  if (lastRead?.value === cacheControl) return lastRead.directives
  const directives = responseDirectives(parseCacheControl(cacheControl))
  lastRead = { value: cacheControl, directives }
  return directives
}

/** The same of directives parsed from whichever field. */
export function responseDirectives (said: Directives): ResponseDirectives {
  const mustUnderstand = said.get('must-understand')
  const read: Mutable<ResponseDirectives> = {
    // must-understand both forbids and, over no-store, permits: malformed, it can only forbid
    noStore: said.has('no-store') || (mustUnderstand !== undefined && mustUnderstand !== true),
    noCache: said.has('no-cache'),
    private: said.has('private'),
    public: said.get('public') === true,
    mustRevalidate: said.has('must-revalidate'),
    proxyRevalidate: said.has('proxy-revalidate'),
    mustUnderstand: mustUnderstand === true,
    immutable: said.get('immutable') === true
  }
  readTime(said, 'max-age', read, 'maxAge')
  readTime(said, 's-maxage', read, 'sMaxage')
  readTime(said, 'stale-while-revalidate', read, 'staleWhileRevalidate')
  readTime(said, 'stale-if-error', read, 'staleIfError')
  return read
}

/** Sets `key` to a directive's time in ms, to `malformed` where its argument is; leaves it out where the directive is. */
function readTime<K extends string> (said: Directives, name: string, read: { [P in K]?: Ms }, key: K, malformed: Ms = 0): void {
  const argument = said.get(name)
  if (argument === undefined) return
  const seconds = deltaSeconds(argument)
  read[key] = seconds === undefined ? malformed : seconds * 1000
}

/** Adds every token of the malformed member at `start` and returns where it ends: after a quote, where the field does. */
function addMalformed (directives: Map<string, string | true>, value: string, start: number): number {
  const stop = after(UP_TO_QUOTE_OR_COMMA, value, start)
  const quoted = value[stop] === '"'
  const end = quoted ? value.length : stop
  for (const token of value.slice(start, end).toLowerCase().match(TOKENS) ?? []) add(directives, token, MALFORMED)
  if (quoted) for (const name of directives.keys()) directives.set(name, MALFORMED)
  return end
}

/** Where the match of a sticky expression that always matches ends. */
function after (expression: RegExp, value: string, from: number): number {
  expression.lastIndex = from
  expression.test(value)
  return expression.lastIndex
}

function add (directives: Map<string, string | true>, name: string, argument: string | true): void {
  const earlier = directives.get(name)
  directives.set(name, earlier === undefined || earlier === argument ? argument : stricter(name, earlier, argument))
}

function stricter (name: string, a: string | true, b: string | true): string | true {
  const [x, y] = [deltaSeconds(a), deltaSeconds(b)]
  if (x === undefined || y === undefined) return MALFORMED
  return (name === 'min-fresh' ? x > y : x < y) ? a : b
}

/**
 * The cache key. Scheme, host, path and query byte for byte, independent of the method, and what the route or Vary adds.
 *
 * Invariants: no two different requests share a key; what is forwarded is what was keyed. A site holds no slash after
 * `scheme://` and a target begins with one, so their concatenation can be taken apart only one way; a target holds no
 * line feed, and every part after one carries its length.
 */
import type { QueryRules, RouteRules } from '../core/route.js'
import type { RequestFacts, StoreKey } from '../core/types.js'
import { selectingValue } from './selecting.js'

type KeyRules = RouteRules['key']

/** The target after the route's query rules; the identical string where none applies. Names are compared as sent. */
export function forwardTarget (target: string, rules: QueryRules): string {
  if (rules.ignore.length === 0 && rules.only === undefined && !rules.sort) return target
  const mark = target.indexOf('?')
  if (mark < 0) return target
  const query = target.slice(mark + 1)
  const params = query.split('&')
  const kept = params.filter(param => keeps(rules, paramName(param)))
  if (rules.sort) kept.sort(byName)
  const ruled = kept.join('&')
  if (ruled === query) return target
  return kept.length === 0 ? target.slice(0, mark) : `${target.slice(0, mark)}?${ruled}`
}

/** What a URL is known by to the store and to purges. `site` as `RequestFacts` has it, `target` after the query rules. */
export function urlKey (site: string, target: string): StoreKey {
  return site + target as StoreKey
}

/** The key before any Vary is known: the URL, and what the route keys besides. */
export function primaryKey (url: StoreKey, rules: KeyRules, facts: RequestFacts): StoreKey {
  if (rules.headers.length === 0 && rules.cookies.length === 0) return url
  let key: string = url
  for (const name of rules.headers) key += part('h', name, facts.value(name))
  if (rules.cookies.length > 0) key += cookieParts(rules.cookies, facts.value('cookie'))
  return key as StoreKey
}

/** The key of the variant a request selects (RFC 9111 §4.1). `names` as `varyNames` gives them, `vary` as the route says. */
export function variantKey (
  primary: StoreKey, names: readonly string[], facts: Pick<RequestFacts, 'value'>, vary: RouteRules['vary']
): StoreKey {
  let key: string = primary
  for (const name of names) key += part('v', name, selectingValue(name, facts.value(name), vary))
  return key as StoreKey
}

/** What `variantKey` adds for a request; kept with its facts for the list of names asked for last. */
export function selection (facts: RequestFacts, names: readonly string[], rule: RouteRules['vary']): string {
  const { selected } = facts
  if (selected !== undefined && selected.rule === rule && equal(selected.names, names)) return selected.text
  const text: string = variantKey('' as StoreKey, names, facts, rule)
  facts.selected = { names, rule, text }
  return text
}

function equal (a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]))
}

/** Absent is not empty, and lengths keep neighbouring parts apart. */
function part (kind: string, name: string, value: string | undefined): string {
  const named = `\n${kind}${name.length}:${name}`
  return value === undefined ? `${named}-` : `${named}=${value.length}:${value}`
}

function paramName (param: string): string {
  const equals = param.indexOf('=')
  return equals < 0 ? param : param.slice(0, equals)
}

function keeps (rules: QueryRules, name: string): boolean {
  if (rules.only !== undefined && !names(rules.only, name)) return false
  return !names(rules.ignore, name)
}

function names (patterns: readonly string[], name: string): boolean {
  return patterns.some(pattern => pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern)
}

/** Parameters of one name keep their order: it may mean something. */
function byName (a: string, b: string): number {
  const [x, y] = [paramName(a), paramName(b)]
  return x < y ? -1 : x > y ? 1 : 0
}

/** Cookies are not made of these (RFC 6265 §4.1.1). */
const NO_COOKIE = /[",\s\x85]/
const LEADING_BLANKS = /^[ \t]+/

/**
 * Every pair of a picked name: origins differ in which of several they take. Where something stands in the field that
 * cookies are not made of they differ even in where a pair ends and what its name is, so then all of it is keyed.
 */
function cookieParts (picked: readonly string[], field: string | undefined): string {
  const pairs = field === undefined ? [] : field.split(';').map(pair => pair.replace(LEADING_BLANKS, ''))
  let parts = pairs.some(pair => NO_COOKIE.test(pair)) ? part('q', '', field) : ''
  for (const name of picked) {
    const own = pairs.filter(pair => paramName(pair) === name)
    if (own.length === 0) parts += part('c', name, undefined)
    for (const pair of own) parts += part('c', name, pair)
  }
  return parts
}

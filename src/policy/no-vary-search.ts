/**
 * No-Vary-Search (draft-ietf-httpbis-no-vary-search): which parts of the query an answer does not depend on.
 *
 * Invariant: two targets are given one canonical target only if the draft calls them equivalent under the rule. Where
 * origins may read a query in more than one way, they are not: what counts is compared byte for byte, and what cannot be
 * decoded counts.
 */
import { readDictionary } from '../http/structured.js'

export interface SearchRule {
  /** Whether parameters count that are not named, while those named do not; or the other way round. */
  readonly others: boolean
  /** Decoded. */
  readonly named: ReadonlySet<string>
  /** Whether the order of names counts. */
  readonly ordered: boolean
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The rule of a field value ("parse a URL search variance"); undefined where it is malformed, or all of the query counts. */
export function readSearchRule (value: string): SearchRule | undefined {
  const said = readDictionary(value)
  const keyOrder = said?.get('key-order') ?? false
  const params = said?.get('params') ?? false
  const except = said?.get('except')
  if (typeof keyOrder !== 'boolean' || (except !== undefined && params !== true)) return undefined
  const others = params !== true
  const named = names(others ? params : except ?? [])
  if (named === undefined || (others && named.size === 0 && !keyOrder)) return undefined
  return { others, named, ordered: !keyOrder }
}

/** What stands for all targets that are equivalent to `target` under the rule. Never longer than it by more than one. */
export function canonicalTarget (rule: SearchRule, target: string): string {
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? '' : target.slice(mark + 1)
  const kept: { param: string, name: string }[] = []
  for (const param of query.split('&')) {
    const sent = /^[^=]*/.exec(param)![0]
    const name = decoded(sent)
    if (param !== '' && (name === undefined || rule.named.has(name) !== rule.others)) kept.push({ param, name: name ?? sent })
  }
  if (!rule.ordered) kept.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  return `${path}?${kept.map(({ param }) => param).join('&')}`
}

/** Undefined where it is no Inner List of Strings that can be decoded. `false` names none. */
function names (member: unknown): ReadonlySet<string> | undefined {
  if (member === false) return new Set()
  if (!Array.isArray(member)) return undefined
  const read = member.map(item => typeof item === 'string' ? decoded(item) : undefined)
  return read.every(name => name !== undefined) ? new Set(read) : undefined
}

/** The name of a parameter as application/x-www-form-urlencoded has it; undefined where that is not UTF-8. */
function decoded (sent: string): string | undefined {
  const bytes = sent.replaceAll('+', ' ').replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  try {
    return UTF8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined // what it means is the origin's own
  }
}

/**
 * Stored answers to other URLs that say themselves that they answer this one too (No-Vary-Search). Looked for only where
 * nothing is stored for the URL itself.
 *
 *   site and path ─▶ the rule said last ─▶ canonical target ─▶ the URL stored last under it ─▶ its entry
 *
 * Invariant: the entry's own field decides; the records only lead to it. It answers a URL only if no purge named that URL
 * or the one it was stored for since it was filled, nor one the log has forgotten.
 */
import { CLEAN, type Entry, type SearchRecord, type StoreKey } from '../core/types.js'
import { fieldValue } from '../http/fields.js'
import { decodeHead } from '../http/head.js'
import { primaryKey, urlKey } from '../policy/key.js'
import { canonicalTarget, readSearchRule, type SearchRule } from '../policy/no-vary-search.js'
import type { Filling } from './fill-plan.js'
import { peek, type Found } from './lookup.js'
import type { Parts } from './parts.js'
import { pathOf, type Recognised } from './recognise.js'

const FIELD = 'no-vary-search'

/** What is stored for an equivalent URL, for `decide` to judge. Memory only: a fill that ends meanwhile must not be missed. */
export function equivalent (parts: Parts, r: Recognised): Found | undefined {
  const { request: { method }, facts, route, target } = r
  if (!route.cache || (method !== 'GET' && method !== 'HEAD')) return undefined
  const rule = ruleOf(said(parts, ruleKey(facts.site, target)))
  const other = rule && said(parts, classKey(facts.site, rule, target))
  if (other === undefined || other === target) return undefined
  const url = urlKey(facts.site, other)
  const found = peek(parts, { ...r, target: other, url, primary: primaryKey(url, route.key, facts) })
  if (found.record?.kind !== 'entry' || !covers(found.record, other, target)) return undefined
  const here = { url: r.url, tags: [], filledAt: found.record.filledAt, checkedAt: undefined }
  return parts.log.verdict(here) === CLEAN ? found : undefined
}

/** The records that lead from equivalent URLs to the entry a fill has stored. */
export function searchRecords (fill: Filling, entry: Entry): SearchRecord[] {
  const { facts: { site }, target } = fill.plan.r
  const says = fieldValue(decodeHead(entry.head).headers, FIELD)
  const rule = ruleOf(says)
  if (says === undefined || rule === undefined) return []
  const record = (key: StoreKey, leadsTo: string): SearchRecord => ({
    kind: 'search', key, url: entry.url, tags: [], filledAt: entry.filledAt, checkedAt: undefined, generation: entry.generation,
    keepUntil: entry.policy.keepUntil, leadsTo
  })
  return [record(ruleKey(site, target), says), record(classKey(site, rule, target), target)]
}

function ruleOf (says: string | undefined): SearchRule | undefined {
  return says === undefined ? undefined : readSearchRule(says)
}

function covers (entry: Entry, own: string, target: string): boolean {
  const rule = ruleOf(fieldValue(decodeHead(entry.head).headers, FIELD))
  return rule !== undefined && canonicalTarget(rule, own) === canonicalTarget(rule, target)
}

function said (parts: Parts, key: StoreKey): string | undefined {
  const record = parts.store.peek(key)
  return record?.kind === 'search' ? record.leadsTo : undefined
}

/** No part that `policy/key` adds begins like these. */
function ruleKey (site: string, target: string): StoreKey {
  return `${urlKey(site, pathOf(target))}\nsearch` as StoreKey
}

function classKey (site: string, rule: SearchRule, target: string): StoreKey {
  return `${urlKey(site, canonicalTarget(rule, target))}\nsearch` as StoreKey
}

/** What is wrong, in one line each: where in the file, what was found, what is allowed. */
import type { z } from 'zod'
import { formatPath, isObject, valueAt, type Path } from './path.js'
import { jsonSchema } from './schema.js'

export interface Problem { readonly path: Path, readonly text: string }

/** The problems behind one zod issue. `templates`: see `expandEnv`. */
export function problemsOf (issue: z.core.$ZodIssue, raw: unknown, templates: ReadonlyMap<string, string>): Problem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownKey(issue.path, key))
  if (issue.code === 'invalid_key') {
    return [{ path: issue.path, text: `found the name ${JSON.stringify(String(issue.path.at(-1)))}; allowed: ${issue.issues[0]!.message}` }]
  }
  const branch = issue.code === 'invalid_union' ? meant(issue.errors) : undefined
  if (branch !== undefined) {
    return branch.flatMap(inner => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, raw, templates))
  }
  const found = describeFound(issue.path, valueAt(raw, issue.path), templates)
  return [{ path: issue.path, text: `${found}; allowed: ${allowed(issue)}` }]
}

/** Of alternatives of which none fits, the one whose shape does: something inside it is wrong. */
function meant (alternatives: readonly z.core.$ZodIssue[][]): readonly z.core.$ZodIssue[] | undefined {
  return alternatives.find(issues => issues.every(issue => issue.path.length > 0 || issue.code === 'unrecognized_keys' || issue.code === 'too_small'))
}

export function unknownKey (path: Path, key: string): Problem {
  const keys = keysAt(path)
  const near = nearest(key, keys)
  const meant = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`
  return { path: [...path, key], text: `unknown key${meant}${keys.length === 0 ? '' : `; allowed: ${keys.join(', ')}`}` }
}

/** The one of `names` that `name` is a slip of, if any. */
export function nearest (name: string, names: readonly string[]): string | undefined {
  const distances = names.map(candidate => ({ candidate, d: distance(name.toLowerCase(), candidate.toLowerCase()) }))
  const best = distances.sort((a, b) => a.d - b.d)[0]
  return best !== undefined && best.d <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined
}

/** Where our schema names nothing of its own, zod's word for the type is put in JSON's. */
function allowed (issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map(value => JSON.stringify(value)).join(' or ')
  if (!issue.message.startsWith('Invalid input')) return issue.message
  const expected = issue.code === 'invalid_type' ? issue.expected : 'object'
  return { object: 'an object', record: 'an object', array: 'a list', boolean: 'true or false', string: 'a string' }[expected as string] ?? expected
}

function describeFound (path: Path, value: unknown, templates: ReadonlyMap<string, string>): string {
  const template = templates.get(formatPath(path))
  if (template !== undefined) return `found what ${JSON.stringify(template)} is in the environment`
  if (path.at(-1) === 'token' && typeof value === 'string') return 'found a string that is not shown'
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'found a list'
  if (isObject(value)) return 'found an object'
  const text = typeof value === 'string' ? value.replace(/\/\/[^/]*@/, '//…@') : value
  return `found ${JSON.stringify(typeof text === 'string' && text.length > 80 ? `${text.slice(0, 80)}…` : text)}`
}

interface Node { properties?: Record<string, Node>, additionalProperties?: Node | false, items?: Node, anyOf?: Node[] }

/** The keys an object at `path` may have; none where names are free. */
function keysAt (path: Path): string[] {
  let node: Node | undefined = jsonSchema() as Node
  for (const step of path) node = alternatives(node).map(each => below(each, step)).find(child => child !== undefined)
  return alternatives(node).flatMap(each => Object.keys(each.properties ?? {})).filter(key => key !== '$schema')
}

function alternatives (node: Node | undefined): readonly Node[] {
  return node === undefined ? [] : node.anyOf ?? [node]
}

function below (node: Node, step: PropertyKey): Node | undefined {
  return typeof step === 'number' ? node.items : node.properties?.[String(step)] ?? (node.additionalProperties || undefined)
}

/** Levenshtein's. */
function distance (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}

/**
 * The values by which Vary selects (RFC 9111 §4.1): requests that would select the same variant are given the same
 * value. Fields without a rule of their own select byte for byte, their lines joined.
 */
import type { RouteRules } from '../core/route.js'
import { listMembers } from '../http/fields.js'
import { normalLanguages, normalMedia } from './negotiation.js'

type Normalise = (value: string) => string

const ALWAYS: ReadonlyMap<string, Normalise> = new Map([['accept-encoding', remembered(acceptedCodings)]])
/** Where the route says that its origin makes nothing of order, case and blanks. */
const NORMALISED: ReadonlyMap<string, Normalise> = new Map([
  ['accept-language', remembered(normalLanguages)],
  ['accept', remembered(normalMedia)],
  // no lists: a comma in them is part of a value
  ['cookie', asSent],
  ['authorization', asSent]
])

/** `name` is lower-case. Undefined (absent) stays undefined: absence selects too. Its own result is given itself. */
export function selectingValue (name: string, value: string | undefined, vary: RouteRules['vary']): string | undefined {
  if (value === undefined) return undefined
  const normalise = ALWAYS.get(name) ?? (vary === 'exact' ? asSent : NORMALISED.get(name) ?? unspaced)
  return normalise(value)
}

function asSent (value: string): string {
  return value
}

/** RFC 9110 §5.6.1: blanks around the commas of a list, and empty members, mean nothing. */
function unspaced (value: string): string {
  return listMembers(value).join(',')
}

/** RFC 9110 §8.4.1: recipients treat these as equal. */
const ALIASES: ReadonlyMap<string, string> = new Map([['x-gzip', 'gzip'], ['x-compress', 'compress']])

/** `coding` or `coding;q=weight` (RFC 9110 §12.4.2, §12.5.3). */
const MEMBER = /^([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i

/**
 * The set of codings an Accept-Encoding accepts (RFC 9110 §12.5.3), independent of order, case and preference: `br,gzip`.
 * Refusals are named where they say something: `!identity`, and beside `*` whatever it does not cover. What is malformed
 * or contradicts itself stands for itself alone.
 */
export function acceptedCodings (value: string): string {
  const accepts = new Map<string, boolean>()
  for (const member of listMembers(value)) {
    const parts = MEMBER.exec(member)
    if (parts === null) return `?${value}`
    const sent = parts[1]!.toLowerCase()
    const coding = ALIASES.get(sent) ?? sent
    const accepted = Number(parts[2] ?? 1) > 0
    if ((accepts.get(coding) ?? accepted) !== accepted) return `?${value}`
    accepts.set(coding, accepted)
  }
  const rest = accepts.get('*')
  const identity = accepts.get('identity') ?? rest !== false
  accepts.delete('identity')
  accepts.delete('*')
  const set = identity ? [] : ['!identity']
  // beside `*` only refusals tell something, without it only what is accepted
  if (rest === true) set.push('*')
  for (const [coding, accepted] of accepts) if (accepted !== (rest === true)) set.push(accepted ? coding : `!${coding}`)
  return set.sort().join(',')
}

/** Clients send few different values: most are worked out once. Bounded in number and length. */
function remembered (normalise: Normalise): Normalise {
  const known = new Map<string, string>()
  return value => {
    const before = known.get(value)
    if (before !== undefined) return before
    const normal = normalise(value)
    if (value.length <= 128) {
      if (known.size >= 512) known.clear()
      known.set(value, normal)
    }
    return normal
  }
}

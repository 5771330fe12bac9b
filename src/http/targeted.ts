/**
 * Cache directives meant for caches like us alone: fields targeted by name (RFC 9213), and Surrogate-Control (Edge
 * Architecture 1.0), which is older and has a syntax of its own.
 *
 * Invariant: a field that cannot be read, or is empty, does not count: it never makes anything more reusable.
 */
import { MALFORMED, parseCacheControl, type Directives } from './cache-control.js'
import { readDictionary } from './structured.js'

/** How we are named in Surrogate-Capability, and in the targets of Surrogate-Control. */
export const SURROGATE_TOKEN = 'seawall'

/** Longer ones are not read: they hold nothing a cache needs. */
const LONGEST = 4096

/** The directives of a targeted field; undefined where it is to be ignored whole. `name` is lower-case. */
export function parseTargeted (name: string, value: string): Directives | undefined {
  const directives = value.length > LONGEST ? undefined : name === 'surrogate-control' ? surrogate(value) : targeted(value)
  return directives === undefined || directives.size === 0 ? undefined : directives
}

/** RFC 9213 §2.1: a Dictionary; times are Integers, what takes no argument is true, parameters mean nothing. */
function targeted (value: string): Directives | undefined {
  const dictionary = readDictionary(value)
  if (dictionary === undefined) return undefined
  const directives = new Map<string, string | true>()
  for (const [name, item] of dictionary) {
    if (item === true) directives.set(name, true)
    else if (typeof item === 'number' && Number.isInteger(item) && item >= 0) directives.set(name, String(item))
    // ?0 says that a directive does not apply; any other type is not the one it is defined with
    else if (item !== false) directives.set(name, MALFORMED)
  }
  return directives
}

/** `max-age=60+30` is fresh for 60 s and may be used stale for 30 more; `;name` is for the device of that name only. */
function surrogate (value: string): Directives {
  const own = value.split(',').flatMap(member => {
    const [directive = '', ...targets] = member.split(';').map(part => part.trim())
    return targets.every(target => target === SURROGATE_TOKEN) ? [directive] : []
  })
  const directives = new Map(parseCacheControl(own.join(',').replace(/(max-age=\d+)\+(\d+)/i, '$1, stale-while-revalidate=$2')))
  if (directives.has('no-store-remote')) directives.set('no-store', true)
  return directives
}

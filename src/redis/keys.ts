/** Under which names things lie in Redis. What belongs to one URL, its variants and leases, shares a slot of a cluster. */
import { createHash } from 'node:crypto'

const LONGEST = 200

export interface KeySpace {
  /** A short name of a store key, the same in every process; it begins with that of the URL. */
  name (key: string): string
  record (name: string): string
  lease (name: string): string
  /** Keys of the invalidation log. */
  log (part: string): string
  /** The channel of hints. */
  readonly channel: string
}

export function keySpace (namespace: string): KeySpace {
  const prefix = `${namespace}:v1:`
  return {
    name (key) {
      // what a route or Vary adds to a URL comes behind a line feed, which no URL has
      const end = key.indexOf('\n')
      return end < 0 ? `{${short(key)}}` : `{${short(key.slice(0, end))}}${short(key.slice(end + 1))}`
    },
    record: name => `${prefix}e:${name}`,
    lease: name => `${prefix}l:${name}`,
    log: part => `${prefix}{log}:${part}`,
    channel: `${prefix}wake`
  }
}

function short (text: string): string {
  return text.length <= LONGEST && /^[!-~\n]*$/.test(text) ? text : `#${createHash('sha256').update(text).digest('base64url')}`
}

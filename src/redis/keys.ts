/** Under which names things lie in Redis. What belongs to one store key shares a slot of a cluster. */
import { createHash } from 'node:crypto'

const LONGEST = 200

export interface KeySpace {
  /** A short name of a store key, the same in every process. */
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
    name: key => key.length <= LONGEST && /^[!-~\n]*$/.test(key) ? key : `#${createHash('sha256').update(key).digest('base64url')}`,
    record: name => `${prefix}{${name}}:e`,
    lease: name => `${prefix}{${name}}:l`,
    log: part => `${prefix}{log}:${part}`,
    channel: `${prefix}wake`
  }
}

/** Why a command of Redis brought nothing: a closed list, for the metrics and the log. */

export type RedisFault =
  | 'down'      // no connection
  | 'open'      // the breaker is open: it was not asked
  | 'timeout'   // no reply within the deadline; it may have been carried out
  | 'cut'       // the connection broke under way; it may have been carried out
  | 'oom' | 'readonly' | 'loading' | 'wrongtype' | 'noscript' | 'denied'
  | 'lost'      // the log of purges was, and is not to begin anew yet
  | 'reply'     // another error reply
export const REDIS_FAULTS: readonly RedisFault[] = ['down', 'open', 'timeout', 'cut', 'oom', 'readonly', 'loading', 'wrongtype', 'noscript', 'denied', 'lost', 'reply']

export class RedisFailure extends Error {
  readonly fault: RedisFault

  constructor (fault: RedisFault, cause?: unknown) {
    super(`Redis: ${fault}${cause instanceof Error ? ` (${cause.message})` : ''}`, cause === undefined ? undefined : { cause })
    this.name = 'RedisFailure'
    this.fault = fault
  }
}

const PREFIXES: readonly (readonly [string, RedisFault])[] = [
  ['OOM', 'oom'], ['READONLY', 'readonly'], ['MASTERDOWN', 'loading'], ['LOADING', 'loading'], ['CLUSTERDOWN', 'loading'], ['TRYAGAIN', 'loading'],
  ['WRONGTYPE', 'wrongtype'], ['NOSCRIPT', 'noscript'], ['LOST', 'lost'], ['NOPERM', 'denied'], ['NOAUTH', 'denied'], ['WRONGPASS', 'denied'],
  ['MISCONF', 'readonly'], ['NOREPLICAS', 'readonly'],
  ['Socket timeout', 'timeout'],
  ["Stream isn't writeable", 'down'], ['Cluster isn', 'down'], ['None of startup nodes', 'down'], ['Connection is closed', 'cut'], ['Reached the max retries', 'cut']
]

/** Any error a command was rejected with, named. */
export function redisFailure (thrown: unknown): RedisFailure {
  if (thrown instanceof RedisFailure) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  // an error inside a script is wrapped: "ERR Error running script … WRONGTYPE …" up to Redis 6, the code itself since
  const found = PREFIXES.find(([prefix]) => message.startsWith(prefix) || message.includes(` ${prefix} `) || message.includes(`-${prefix} `))
  if (found !== undefined) return new RedisFailure(found[1], thrown)
  const reply = thrown instanceof Error && thrown.name === 'ReplyError'
  return new RedisFailure(reply ? 'reply' : 'cut', thrown)
}

/** Whether Redis itself is at fault, so that asking it the next thing would be in vain as well. */
export function isOutage (fault: RedisFault): boolean {
  return fault === 'timeout' || fault === 'cut' || fault === 'loading' || fault === 'readonly'
}

/** What the paths are built from: interfaces only, wired by `app`. */
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/logger.js'
import type { RouteRules } from '../core/route.js'
import type { Entry } from '../core/types.js'
import type { InvalidationLog } from '../invalidation/contract.js'
import type { Origins } from '../origin/contract.js'
import type { Store } from '../store/contract.js'
import type { Leases } from '../store/leases.js'

export interface Parts {
  /** Names this proxy to origins, and no other: its workers share it. */
  readonly id: string
  readonly clock: Clock
  readonly counters: Counters
  readonly logger: Logger
  readonly store: Store
  /** Where processes share the store; undefined: this one shares with nobody. */
  readonly leases?: Leases | undefined
  /** Told of what was stored because a client would not have what was stored before, here or elsewhere. */
  readonly onRefetched?: ((entry: Entry) => void) | undefined
  readonly log: InvalidationLog
  readonly origins: Origins
  /** The first route that serves `host` (lower-case, no port) and `path`. */
  readonly route: (host: string, path: string) => RouteRules | undefined
  /** The Host an origin is to be sent, given the one the client addressed. */
  readonly originHost: (origin: string, host: string) => string
  /** What the invalidation log cannot vouch for is not used even when the origin fails. */
  readonly strictPurge: boolean
  /** [0, 1) */
  readonly random: () => number
}

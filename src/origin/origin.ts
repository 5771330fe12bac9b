/** One origin: its addresses, and the breaker, limit and queue before them. What changes is logged once, when it changes. */
import type { LookupFunction } from 'node:net'
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import { SeawallError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import { Breaker } from './breaker.js'
import { Checks } from './checks.js'
import { Connection } from './client.js'
import { HEADS, type HeadLimits, type OriginConfig, type OriginTimeouts } from './config.js'
import { connector } from './connect.js'
import type { BreakerState, OriginStats } from './contract.js'
import { Gate } from './gate.js'
import { Health } from './health.js'
import { Loan } from './loan.js'
import { Pool } from './pool.js'
import { Targets, type Target } from './targets.js'

export interface OriginsContext {
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Logger
  /** In place of the system's. */
  readonly lookup?: LookupFunction
}

const MAX_CONNECTION_AGE: Ms = 60_000

export class Origin {
  readonly name: string
  readonly timeouts: OriginTimeouts
  readonly heads: HeadLimits
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Logger
  readonly gate: Gate
  private readonly config: OriginConfig
  private readonly breaker: Breaker
  private readonly targets: Targets
  private readonly checks: Checks[] = []
  private unavailable = 0

  /** Throws a RangeError for an address that is not an http or https origin. */
  constructor (name: string, config: OriginConfig, context: OriginsContext) {
    this.name = name
    this.config = config
    this.timeouts = config.timeouts
    this.heads = config.heads ?? HEADS
    this.clock = context.clock
    this.counters = context.counters
    // a rate is known from the first request on only where there was a count before it
    this.counters.originRequests.set(name, 0)
    this.log = context.log
    this.breaker = new Breaker(config.breaker, this.clock, (state, before) => { this.broke(state, before) })
    this.gate = new Gate(config.connections, config.queue, this.clock, busy => { this.busied(busy) })
    this.targets = new Targets(config.urls.map(url => this.target(originUrl(name, url), context)), config.balance)
    for (const check of this.checks) check.start()
  }

  /** Throws `origin_unavailable`: no use in waiting for a turn. */
  check (): void {
    this.refusing(() => { this.breaker.check() })
  }

  /** A connection to an address that is well, for whom the gate let in. Throws `origin_unavailable`. */
  lend (): Loan {
    return this.refusing(() => new Loan(this.breaker, this.targets))
  }

  stats (): OriginStats {
    return {
      breaker: this.breaker.state,
      addresses: this.targets.all.length,
      healthy: this.targets.healthy,
      active: this.gate.active,
      queued: this.gate.queued,
      rejected: { busy: this.gate.refused, unavailable: this.unavailable }
    }
  }

  async close (): Promise<void> {
    await this.gate.close()
    this.stopChecks()
    await Promise.all(this.targets.all.map(target => target.pool.close()))
  }

  destroy (why: Error): void {
    this.stopChecks()
    this.gate.destroy(why)
    for (const target of this.targets.all) target.pool.destroy(why)
  }

  private target (url: URL, context: OriginsContext): Target {
    const { clock, log } = this
    const connect = connector(url, this.timeouts.connect, clock, { lookup: context.lookup, path: this.config.socket })
    const open = (): Connection => new Connection(url, connect, clock, log, this.heads.bytes)
    const health = new Health(this.config.health, clock, healthy => { this.healed(url, healthy) })
    this.checks.push(new Checks(this.config.health, clock, health, open(), url.host))
    return { pool: new Pool(open, MAX_CONNECTION_AGE), health, load: 0 }
  }

  private stopChecks (): void {
    for (const check of this.checks) check.stop(new SeawallError('draining'))
  }

  private refusing<T> (run: () => T): T {
    try {
      return run()
    } catch (thrown) {
      if (thrown instanceof SeawallError && thrown.code === 'origin_unavailable') this.unavailable++
      throw thrown
    }
  }

  /** Probe after probe is one outage: it is logged when it begins and when it ends. */
  private broke (state: BreakerState, before: BreakerState): void {
    const { name: origin, config: { breaker } } = this
    if (state === 'closed') return this.log.info({ origin }, 'origin available again')
    if (before !== 'closed') return this.log.debug({ origin, breaker: state }, 'origin probed')
    this.log.warn({ origin, failures: breaker.failures, probe: breaker.probe }, 'origin unavailable: not asked until a probe is answered')
  }

  private healed ({ origin: address }: URL, healthy: boolean): void {
    // of the only address the breaker tells all there is to tell
    if (this.config.urls.length === 1 && this.config.health.path === undefined) return
    if (healthy) this.log.info({ origin: this.name, address }, 'origin address healthy again')
    else this.log.warn({ origin: this.name, address }, 'origin address unhealthy')
  }

  private busied (busy: boolean): void {
    const { name: origin, config: { connections, queue } } = this
    if (busy) this.log.warn({ origin, connections, queue: queue.length, wait: queue.wait }, 'origin busy: requests are turned away')
    else this.log.info({ origin }, 'origin no longer busy')
  }
}

function originUrl (name: string, text: string): URL {
  const url = new URL(text)
  if (!/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search + url.hash + url.username + url.password !== '') {
    throw new RangeError(`The origin "${name}" is not an http or https origin: ${text}`)
  }
  return url
}

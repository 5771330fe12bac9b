/**
 * One connection's commands, each with a deadline, behind a breaker.
 *
 *   closed ── failures in a row ──▶ open ── after `probe` ──▶ half-open ── it answers ──▶ closed
 *                                    ▲                           │
 *                                    └────── it fails ───────────┘
 *
 * Invariants: a command settles within the deadline, whatever Redis does; while the breaker is open none is sent but one
 * probe at a time; a transition is logged once; what is rejected is a RedisFailure.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import type { RedisClient } from './connect.js'
import type { RedisCounters } from './counters.js'
import { Deadlines, type Batch } from './deadlines.js'
import { isOutage, RedisFailure, redisFailure, type RedisFault } from './failure.js'

/** What Redis answers: nothing is decoded. Errors inside an array are values of it. */
export type Reply = Buffer | number | null | readonly Reply[]
export type Argument = string | number | Uint8Array

export type LinkState = 'ready' | 'down' | 'open'

/** A Lua script; sent whole only where the server does not know it yet. */
export interface Script { readonly lua: string, readonly sha: string }

export function script (lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

export interface LinkOptions {
  readonly client: RedisClient
  /** For the log: what the connection is used for. */
  readonly name: string
  /** How long a reply is waited for. */
  readonly timeout: Ms
  readonly breaker: { readonly failures: number, readonly probe: Ms }
  readonly clock: Clock
  readonly counters: RedisCounters
  readonly log: Logger
}

export class RedisLink {
  private batch: Batch | undefined
  private readonly options: LinkOptions
  private readonly deadlines: Deadlines
  private failures = 0
  /** When the breaker lets a probe through; undefined: it is closed. */
  private probeAt: Ms | undefined
  private wasUsable = true
  private closed = false

  constructor (options: LinkOptions) {
    this.options = options
    this.deadlines = new Deadlines(options.clock, options.timeout)
    options.client.on('ready', () => { this.note(undefined) })
    options.client.on('close', () => { this.note('down') })
  }

  /** Whether a command would be sent. */
  get state (): LinkState {
    if (this.options.client.status !== 'ready') return 'down'
    return this.probeAt === undefined ? 'ready' : 'open'
  }

  /** `keys` come before `args`. Rejects with a RedisFailure. */
  async eval ({ lua, sha }: Script, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    const rest = [keys.length, ...keys, ...args]
    try {
      return await this.call('EVALSHA', sha, ...rest)
    } catch (thrown) {
      if (!(thrown instanceof RedisFailure) || thrown.fault !== 'noscript') throw thrown
      return await this.call('EVAL', lua, ...rest)
    }
  }

  /** Rejects with a RedisFailure. */
  call (command: string, ...args: readonly Argument[]): Promise<Reply> {
    const refusal = this.refusal()
    if (refusal !== undefined) return Promise.reject(this.failure(new RedisFailure(refusal)))
    const { client, clock, counters } = this.options
    const { deadlines } = this
    const batch = this.gather()
    return new Promise((resolve, reject) => {
      const sent = client.callBuffer(command, ...args as (string | Buffer | number)[])
      const deadline = deadlines.begin(batch, () => { reject(this.failure(new RedisFailure('timeout'))) })
      sent.then(
        reply => {
          if (!deadlines.meet(deadline)) return
          counters.roundTrip.observe(clock.now() - batch.sentAt)
          this.answered()
          resolve(reply as Reply)
        },
        (thrown: unknown) => { if (deadlines.meet(deadline)) reject(this.failure(thrown)) }
      )
    })
  }

  /** Ends the connection; commands under way are rejected. */
  close (): void {
    this.closed = true
    this.options.client.disconnect()
  }

  /** One write for all that is asked in one turn of the event loop: a system call for each would cost more than the rest. */
  private gather (): Batch {
    const { client, clock } = this.options
    if (this.batch !== undefined) return this.batch
    const batch: Batch = { sentAt: clock.now() }
    if (!('stream' in client)) return batch
    const { stream } = client
    this.batch = batch
    stream.cork()
    process.nextTick(() => {
      this.batch = undefined
      // deadlines count from here, however busy this process was before
      batch.sentAt = clock.now()
      stream.uncork()
    })
    return batch
  }

  private refusal (): RedisFault | undefined {
    if (this.options.client.status !== 'ready') return 'down'
    if (this.probeAt === undefined) return undefined
    const now = this.options.clock.now()
    if (now < this.probeAt) return 'open'
    // this one is the probe; others wait for its outcome
    this.probeAt = now + this.options.breaker.probe
    return undefined
  }

  private answered (): void {
    this.failures = 0
    this.probeAt = undefined
    this.note(undefined)
  }

  /** Counted, and heard by the breaker. */
  private failure (thrown: unknown): RedisFailure {
    const failure = redisFailure(thrown)
    const { fault } = failure
    this.options.counters.count(fault)
    if (isOutage(fault)) this.failed(fault)
    else if (fault !== 'down' && fault !== 'open') this.answered()
    return failure
  }

  private failed (fault: RedisFault): void {
    const { breaker, clock } = this.options
    this.failures++
    if (this.probeAt === undefined && this.failures < breaker.failures) return
    this.probeAt = clock.now() + breaker.probe
    this.note(fault)
  }

  /** Logs a change from usable to not, and back. */
  private note (fault: RedisFault | undefined): void {
    const usable = fault === undefined
    if (usable === this.wasUsable || this.closed) return
    this.wasUsable = usable
    const { log, name, counters } = this.options
    counters.transitions++
    if (usable) log.info({ connection: name }, 'redis is used again')
    else log.warn({ connection: name, fault }, 'redis is not used until it answers')
  }
}

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

/** What is sent together. */
interface Batch { sentAt: Ms }

export class RedisLink {
  private batch: Batch | undefined
  private readonly options: LinkOptions
  private failures = 0
  /** When the breaker lets a probe through; undefined: it is closed. */
  private probeAt: Ms | undefined
  private wasUsable = true
  private closed = false

  constructor (options: LinkOptions) {
    this.options = options
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
  async call (command: string, ...args: readonly Argument[]): Promise<Reply> {
    const { clock, counters } = this.options
    const refusal = this.refusal()
    if (refusal !== undefined) {
      counters.count(refusal)
      throw new RedisFailure(refusal)
    }
    const sentAt = clock.now()
    try {
      const reply = await this.sent(command, args)
      counters.roundTrip.observe(clock.now() - sentAt)
      this.answered()
      return reply
    } catch (thrown) {
      const failure = redisFailure(thrown)
      counters.count(failure.fault)
      if (isOutage(failure.fault)) this.failed(failure.fault)
      else if (failure.fault !== 'down') this.answered()
      throw failure
    }
  }

  /** Ends the connection; commands under way are rejected. */
  close (): void {
    this.closed = true
    this.options.client.disconnect()
  }

  private sent (command: string, args: readonly Argument[]): Promise<Reply> {
    const { client, timeout } = this.options
    const batch = this.gather()
    return new Promise((resolve, reject) => {
      const late = (): void => {
        const left = timeout - (performance.now() - batch.sentAt)
        if (left > 0) timer = setTimeout(late, left)
        // a reply that this process was too busy to read is not late: what has arrived by now is read first
        else setImmediate(() => { reject(new RedisFailure('timeout')) })
      }
      let timer = setTimeout(late, timeout)
      client.callBuffer(command, ...args as (string | Buffer | number)[]).then(
        reply => {
          clearTimeout(timer)
          resolve(reply as Reply)
        },
        (failure: Error) => {
          clearTimeout(timer)
          reject(failure)
        }
      )
    })
  }

  /** One write for all that is asked in one turn of the event loop: a system call for each would cost more than the rest. */
  private gather (): Batch {
    const { client } = this.options
    if (this.batch !== undefined) return this.batch
    const batch: Batch = { sentAt: performance.now() }
    if (!('stream' in client)) return batch
    const { stream } = client
    this.batch = batch
    stream.cork()
    process.nextTick(() => {
      this.batch = undefined
      // deadlines count from here, however busy this process was before
      batch.sentAt = performance.now()
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

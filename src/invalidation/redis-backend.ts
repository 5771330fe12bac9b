/**
 * The shared log in Redis: a stream of events and a hash beside it, read and written by scripts alone (`scripts.ts`).
 *
 * A connection of its own, so that nothing big stands in the way. What is heard from other processes is only ever a reason
 * to ask.
 */
import { randomInt } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import { openClient } from '../redis/connect.js'
import type { RedisCounters } from '../redis/counters.js'
import { keySpace } from '../redis/keys.js'
import { RedisLink, type Argument } from '../redis/link.js'
import type { Subscriber } from '../redis/subscriber.js'
import type { RedisSettings } from '../redis/target.js'
import type { LogBackend, LogReply, LogRequest, NewEvent } from './backend.js'
import { appendedOf, replyOf } from './redis-reply.js'
import { APPEND, POLL } from './scripts.js'

export interface RedisBackendOptions {
  readonly settings: Pick<RedisSettings, 'target' | 'namespace' | 'timeout' | 'maxLag' | 'breaker'>
  /** Of the same namespace. */
  readonly hints: Pick<Subscriber, 'on'>
  /** Names this process; no two have the same. */
  readonly id: string
  readonly clock: Clock
  readonly counters: RedisCounters
  readonly logger: Logger
  /** Events kept at least; default 50,000. */
  readonly events?: number
}

/** Of a hint: `log ID` says that this process appended. */
const TOPIC = 'log'
const EVENTS = 50_000
/** Events handed out in one answer; fewer with an append, of which there may be many under way. */
const PAGE = 500
const FEW = 10
/** Nobody waits for these as requests do: a page of large events may take its time. */
const SLOWEST: Ms = 1_000

export function createRedisBackend (options: RedisBackendOptions): RedisBackend {
  return new RedisBackend(options)
}

export class RedisBackend implements LogBackend {
  onWake: (() => void) | undefined
  private readonly options: RedisBackendOptions
  private readonly link: RedisLink
  private readonly keys: readonly [meta: string, events: string]
  private readonly channel: string

  constructor (options: RedisBackendOptions) {
    const { clock, counters, logger, id, hints } = options
    const { target, namespace, timeout, maxLag, breaker } = options.settings
    this.options = options
    const space = keySpace(namespace)
    this.keys = [space.log('meta'), space.log('events')]
    this.channel = space.channel
    const deadline = Math.max(timeout, Math.min(SLOWEST, maxLag / 2))
    const client = openClient(target, { name: `${namespace}-log`, silence: 2 * deadline, counters, log: logger })
    this.link = new RedisLink({ client, name: 'log', timeout: deadline, breaker, clock, counters, log: logger })
    client.on('ready', () => this.onWake?.())
    hints.on(TOPIC, writer => { if (writer !== id) this.onWake?.() })
  }

  async poll (request: LogRequest): Promise<LogReply> {
    return replyOf(await this.link.eval(POLL, this.keys, this.asked(request, PAGE)))
  }

  async append (request: LogRequest, { batch, mode, scopes }: NewEvent): Promise<LogReply & { readonly appended: number }> {
    const { events = EVENTS } = this.options
    const reply = await this.link.eval(APPEND, this.keys, [...this.asked(request, FEW), batch, mode, JSON.stringify(scopes), events, this.channel, TOPIC])
    return { ...replyOf(reply), appended: appendedOf(reply) }
  }

  leave (): Promise<void> {
    return this.remove(this.options.id)
  }

  /** Of another process only once it has ended. */
  async remove (id: string): Promise<void> {
    await this.link.call('HDEL', this.keys[0], `m:${id}`)
  }

  close (): void {
    this.link.close()
  }

  private asked ({ epoch, seq, last, restore, forget, begin }: LogRequest, page: number): Argument[] {
    const forgotten = forget.map(({ id, beat }) => [id, beat])
    return [this.options.id, epoch, seq, last, randomInt(2 ** 20), page, JSON.stringify(restore), JSON.stringify(forgotten), Number(begin)]
  }
}

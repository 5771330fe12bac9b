/**
 * The shared log in Redis: a stream of events and a hash beside it, read and written by scripts alone (`scripts.ts`).
 *
 * Two connections of its own: one for the scripts, so that nothing big stands in their way, and one that listens. What is
 * heard there is only ever a reason to ask.
 */
import { randomInt } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import { openClient, type RedisClient } from '../redis/connect.js'
import type { RedisCounters } from '../redis/counters.js'
import { RedisLink, type Argument } from '../redis/link.js'
import type { RedisSettings } from '../redis/target.js'
import type { LogBackend, LogReply, LogRequest, NewEvent } from './backend.js'
import { appendedOf, replyOf } from './redis-reply.js'
import { APPEND, POLL } from './scripts.js'

export interface RedisBackendOptions {
  readonly settings: Pick<RedisSettings, 'target' | 'namespace' | 'timeout' | 'maxLag' | 'breaker'>
  /** Names this process; no two have the same. */
  readonly id: string
  readonly clock: Clock
  readonly counters: RedisCounters
  readonly logger: Logger
  /** Events kept at least; default 50,000. */
  readonly events?: number
}

const EVENTS = 50_000
/** Events handed out in one answer; fewer with an append, of which there may be many under way. */
const PAGE = 500
const FEW = 10
/** Nobody waits for these as requests do: a page of large events may take its time. */
const SLOWEST: Ms = 1_000

export function createRedisBackend (options: RedisBackendOptions): LogBackend {
  return new RedisBackend(options)
}

export class RedisBackend implements LogBackend {
  onWake: (() => void) | undefined
  private readonly options: RedisBackendOptions
  private readonly link: RedisLink
  private readonly listener: RedisClient
  private readonly keys: readonly [meta: string, events: string]
  private readonly channel: string

  constructor (options: RedisBackendOptions) {
    const { clock, counters, logger, id } = options
    const { target, namespace, timeout, maxLag, breaker } = options.settings
    this.options = options
    this.keys = [`${namespace}:v1:{log}:meta`, `${namespace}:v1:{log}:events`]
    this.channel = `${namespace}:v1:wake`
    const deadline = Math.max(timeout, Math.min(SLOWEST, maxLag / 2))
    const client = openClient(target, { name: `${namespace}-log`, timeout: deadline, silence: 2 * deadline })
    this.link = new RedisLink({ client, name: 'log', breaker, clock, counters, log: logger })
    client.on('ready', () => this.onWake?.())
    this.listener = openClient(target, { name: `${namespace}-wake`, silence: 2 * deadline })
    this.listen(id)
  }

  async poll (request: LogRequest): Promise<LogReply> {
    return replyOf(await this.link.eval(POLL, this.keys, this.asked(request, PAGE)))
  }

  async append (request: LogRequest, { batch, mode, scopes }: NewEvent): Promise<LogReply & { readonly appended: number }> {
    const { events = EVENTS } = this.options
    const reply = await this.link.eval(APPEND, this.keys, [...this.asked(request, FEW), batch, mode, JSON.stringify(scopes), events, this.channel])
    return { ...replyOf(reply), appended: appendedOf(reply) }
  }

  async leave (): Promise<void> {
    await this.link.call('HDEL', this.keys[0], `m:${this.options.id}`)
  }

  close (): void {
    this.link.close()
    this.listener.disconnect()
  }

  private listen (id: string): void {
    const { listener } = this
    listener.on('ready', () => {
      // what went by before is learned by asking
      listener.subscribe(this.channel).then(() => this.onWake?.(), (err: unknown) => {
        this.options.logger.debug({ err }, 'not woken by the invalidation log: asking at intervals only')
      })
    })
    listener.on('message', (_channel: string, writer: string) => { if (writer !== id) this.onWake?.() })
  }

  private asked ({ epoch, seq, last, restore, forget }: LogRequest, page: number): Argument[] {
    return [this.options.id, epoch, seq, last, randomInt(2 ** 20), page, JSON.stringify(restore), JSON.stringify(forget.map(({ id, beat }) => [id, beat]))]
  }
}

/**
 * The processes that serve: begun, watched, replaced, drained and ended from one that does not serve itself.
 *
 * Invariants: a worker that ends unasked is replaced, ever later the sooner it ended, and one that stands still is ended;
 * none outlives this process; a worker that has ended is no member of the log any more, so that no purge waits for it.
 */
import cluster, { type Worker } from 'node:cluster'
import type { Clock, Timer } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import { steady } from '../core/steady.js'
import type { Ms } from '../core/types.js'
import { Channel } from './channel.js'
import { watchHanded } from './handed.js'
import { ROUND, watchPulse } from './pulse.js'

export interface Address { readonly host: string, readonly port: number }

export interface SupervisorOptions {
  readonly count: number
  readonly clock: Clock
  readonly logger: Logger
  /** A worker has begun: what is to be answered on its channel. `id` is its own, also among those it replaces. */
  readonly onBegin: (channel: Channel, id: string) => void
  readonly onEnd: (id: string, number: number) => void
  /** What each worker is given as it asks how to begin. */
  readonly handout: () => unknown
  /** What each worker finds in its environment, beside its number. */
  readonly env: Readonly<Record<string, string>>
}

/** The variables that make a process a worker. */
export const WORKER = { id: 'SEAWALL_WORKER_ID', number: 'SEAWALL_WORKER', count: 'SEAWALL_WORKERS', sockets: 'SEAWALL_WORKER_SOCKETS' } as const

const FIRST_DELAY: Ms = 100
const LONGEST_DELAY: Ms = 30_000
/** For so long connections are accepted at most while they drain. */
const LAST_CALL: Ms = 1_000
/** Who lives so long has begun well. */
const SETTLED: Ms = 10_000

/** A worker that answers nothing for so many rounds stands still; longer than any collection of garbage. */
const PATIENCE = 10
/** The same of one that does not listen yet: what it loads may come from a slow disk. */
const PATIENCE_AT_START = 60
/** What a worker has to close what it drained. */
const LAST_WORD: Ms = 2_000

interface Running {
  /** Resolves when no client of its own is left, or it has ended. */
  readonly drained: Promise<void>
  readonly worker: Worker
  readonly channel: Channel
  readonly id: string
  readonly begunAt: Ms
  listening: boolean
  readonly unwatch: () => void
}

/** A worker could not begin to serve; `code` is the system's, and where it wanted to listen is in the rest. */
export class WorkerError extends Error {
  readonly code: string | undefined
  readonly address: string | undefined
  readonly port: number | undefined

  constructor (message: string, { code, address, port }: { code?: string, address?: string, port?: number } = {}) {
    super(message)
    this.name = 'WorkerError'
    this.code = code
    this.address = address
    this.port = port
  }
}

export class Supervisor {
  private readonly options: SupervisorOptions
  private readonly running = new Map<number, Running>()
  private readonly delays = new Map<number, Ms>()
  private ending = false
  /** Of the end: what one that had not begun has missed. */
  private readonly told: string[] = []
  private ids = 0
  /** Those that ended unasked, since the start. */
  restarts = 0

  constructor (options: SupervisorOptions) {
    this.options = options
    cluster.schedulingPolicy = cluster.SCHED_RR
    cluster.setupPrimary({ serialization: 'advanced' })
  }

  /** Of those that have begun and not ended, by their ids. */
  get channels (): ReadonlyMap<string, Channel> {
    return new Map([...this.running.values()].map(({ id, channel }) => [id, channel]))
  }

  /** How many of them have said that they listen. */
  get accepting (): number {
    return [...this.running.values()].filter(({ listening }) => listening).length
  }

  /** Resolves with where they listen, once all do. Rejects with the WorkerError of one that cannot; the others are ended. */
  async start (): Promise<Address> {
    try {
      const addresses = await Promise.all(Array.from({ length: this.options.count }, (_, number) => this.begin(number)))
      return addresses[0]!
    } catch (thrown) {
      this.stop()
      throw thrown
    }
  }

  /**
   * Lets each drain, for `limit` at most, which goes on accepting until what was accepted here has reached it, and
   * answers the others until none has clients any more; resolves when all have ended, which one that does not by itself is
   * made to.
   */
  async drain (limit: Ms): Promise<void> {
    const { clock, logger } = this.options
    this.ending = true
    for (const { unwatch } of this.running.values()) unwatch()
    const ended = Promise.all([...this.running.values()].map(({ worker }) => new Promise<void>(resolve => { worker.once('exit', () => { resolve() }) })))
    this.tellAll('drain')
    await steady(() => this.accepted(), LAST_CALL, clock)
    this.tellAll('settled')
    await this.allDrained(limit)
    this.tellAll('drained')
    const late = clock.after(LAST_WORD, () => {
      logger.error({ workers: [...this.running.keys()] }, 'workers did not end in time; they are ended')
      this.stop()
    })
    await ended
    late.cancel()
  }

  private allDrained (limit: Ms): Promise<unknown> {
    let timer: Timer | undefined
    const over = new Promise<void>(resolve => { timer = this.options.clock.after(limit, resolve) })
    const all = Promise.all([...this.running.values()].map(({ drained }) => drained))
    return Promise.race([all, over]).finally(() => { timer?.cancel() })
  }

  /** Also those that do not hear yet. */
  private tellAll (topic: string): void {
    this.told.push(topic)
    this.tell(topic)
  }

  /** By all of them. One that is gone or stuck accepts nothing. */
  private async accepted (): Promise<number> {
    const counts = await Promise.all([...this.channels.values()].map(channel => channel.ask<number>('accepted', undefined, LAST_CALL).catch(() => 0)))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Ends them at once. */
  stop (): void {
    this.ending = true
    for (const { worker } of this.running.values()) worker.process.kill('SIGKILL')
  }

  /** Every worker, but the one that said it. */
  tell (topic: string, body?: unknown, from?: Channel): void {
    for (const channel of this.channels.values()) if (channel !== from) channel.tell(topic, body)
  }

  private begin (number: number): Promise<Address> {
    const { env, count, clock, onBegin, handout } = this.options
    const id = `worker ${number}.${++this.ids}`
    const worker = cluster.fork({ ...env, [WORKER.id]: id, [WORKER.number]: String(number), [WORKER.count]: String(count) })
    const closeHanded = watchHanded(worker.process)
    const channel = new Channel({
      send: message => { worker.send(message as object) },
      onMessage: take => { worker.on('message', take) }
    })
    const drained = new Promise<void>(resolve => {
      channel.on('drained', () => { resolve() })
      worker.once('exit', () => { resolve() })
    })
    const running: Running = { worker, channel, id, drained, begunAt: clock.now(), listening: false, unwatch: this.watch(number, worker, channel, () => running.listening) }
    this.running.set(number, running)
    onBegin(channel, id)
    channel.on('begin', () => {
      for (const topic of this.told) channel.tell(topic)
      return handout()
    })
    return new Promise((resolve, reject) => {
      channel.on<Address>('listening', address => {
        running.listening = true
        resolve(address)
      })
      channel.on<{ message: string, code?: string, address?: string, port?: number }>('failed', failure => { reject(new WorkerError(failure.message, failure)) })
      worker.once('error', reject)
      worker.once('exit', (code, signal) => {
        closeHanded()
        reject(new WorkerError(`a worker ended (${signal ?? code}) before it listened`))
        this.ended(number, signal ?? code)
      })
    })
  }

  private watch (number: number, { process: child }: Worker, channel: Channel, listening: () => boolean): () => void {
    const { clock, logger } = this.options
    return watchPulse({
      clock,
      ask: () => channel.ask('pulse', undefined, PATIENCE * ROUND),
      patience: () => listening() ? PATIENCE : PATIENCE_AT_START,
      onStill: () => {
        logger.error({ worker: number, pid: child.pid }, 'a worker stands still; it is ended')
        child.kill('SIGKILL')
      }
    })
  }

  private ended (number: number, how: string | number): void {
    const { clock, logger, onEnd } = this.options
    const { channel, id, begunAt, unwatch } = this.running.get(number)!
    this.running.delete(number)
    unwatch()
    channel.close(new Error('the worker has ended'))
    onEnd(id, number)
    if (this.ending) return
    const delay = clock.now() - begunAt > SETTLED ? FIRST_DELAY : Math.min(LONGEST_DELAY, 2 * (this.delays.get(number) ?? FIRST_DELAY / 2))
    this.delays.set(number, delay)
    this.restarts++
    logger.error({ worker: number, how, delay }, 'a worker ended; another takes its place')
    clock.after(delay, () => {
      if (this.ending) return
      this.begin(number).catch((error: unknown) => { logger.error({ err: error, worker: number }, 'a worker could not be replaced yet') })
    })
  }
}

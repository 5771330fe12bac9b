/**
 * One run of the model: the real core, fills, store, log and sweep, before an origin and clients that do what the steps
 * say, on a clock they wind. After every step all that can happen without another one has happened.
 */
import { Counters } from '../../src/core/counters.js'
import { silentLogger } from '../../src/core/logger.js'
import { createLocalLog } from '../../src/invalidation/log.js'
import { createSweeper } from '../../src/invalidation/sweep.js'
import { compileRoutes } from '../../src/policy/routes.js'
import { createCore } from '../../src/proxy/core.js'
import { Fills } from '../../src/proxy/fills.js'
import { createMemoryStore, type MemoryStore } from '../../src/store/memory.js'
import { manualClock, type ManualClock } from '../support/clock.js'
import { routeOf } from '../support/policy.js'
import { Client } from './client.js'
import { Judge } from './judge.js'
import { createModelOrigin, type ModelOrigin } from './origin.js'
import { RESOURCES } from './resources.js'
import type { Scope, StoreKey } from '../../src/core/types.js'
import type { Parts } from '../../src/proxy/parts.js'
import type { Purge, Step } from './steps.js'

export interface Figures { readonly steps: number, readonly answers: number, readonly hits: number, readonly asked: number, readonly collapsed: number, readonly evictions: number }

export interface Run { readonly violation: { readonly step: number, readonly what: string } | undefined, readonly figures: Figures }

const STORE = { limit: 2_000_000, heapLimit: 4_000, maxObject: 8_000, maxVariants: 2 }

/** `broken`: parts put in the place of the real ones, to see the model notice. */
export async function run (steps: readonly Step[], broken: (parts: Parts) => Partial<Parts> = () => ({})): Promise<Run> {
  const world = new World(broken)
  let at = 0
  try {
    for (const step of steps) {
      world.take(step)
      await world.settle()
      if (world.judge.violation !== undefined) break
      at++
    }
    if (world.judge.violation === undefined) await world.end()
  } finally {
    world.close()
  }
  const { violation } = world.judge
  return { violation: violation === undefined ? undefined : { step: at, what: violation }, figures: { steps: at, ...world.figures() } }
}

class World {
  readonly judge: Judge
  private readonly clock: ManualClock = manualClock()
  private readonly counters = new Counters()
  private readonly origin: ModelOrigin
  private readonly store: MemoryStore
  private readonly parts: Parts
  private readonly fills: Fills
  private readonly core: ReturnType<typeof createCore>
  private readonly sweeper: ReturnType<typeof createSweeper>
  private clients: Client[] = []
  private readonly rejected = (why: unknown): void => { this.judge.fail(`an unhandled rejection: ${why instanceof Error ? why.stack : String(why)}`) }

  constructor (broken: (parts: Parts) => Partial<Parts>) {
    const { clock, counters } = this
    this.judge = new Judge(clock)
    this.judge.origin = this.origin = createModelOrigin(clock, this.judge)
    this.judge.waiting = () => this.clients
    this.store = createMemoryStore({ ...STORE, clock })
    const log = createLocalLog({ clock, epoch: 1 })
    const whole: Parts = {
      clock, counters, log, store: this.store, origins: this.origin, random: () => 0, id: 'test', strictPurge: false, originHost: (_, host) => host,
      logger: { ...silentLogger, error: (fields, message) => { this.judge.fail(`${message}: ${JSON.stringify(fields)} ${String((fields as { err?: Error }).err?.stack)}`) } },
      route: compileRoutes([routeOf()])
    }
    this.parts = { ...whole, ...broken(whole) }
    this.fills = new Fills(this.parts)
    this.core = createCore(this.parts, this.fills)
    this.sweeper = createSweeper({
      log, clock,
      records: () => this.store.records(),
      remove: key => { void this.store.delete(key) },
      settle: (entry, policy, checkedAt) => this.store.settle(entry, policy, checkedAt),
      openFills: () => this.fills.judged()
    })
    process.on('unhandledRejection', this.rejected)
  }

  take (step: Step): void {
    const { clock, origin } = this
    switch (step.do) {
      case 'get': return this.ask('GET', step)
      case 'write': return this.ask('POST', { ...step, principal: undefined, language: 'en', extra: 'none', paced: false })
      case 'change': return origin.change(RESOURCES[step.resource]!, false)
      case 'purge': {
        void this.parts.log.append([scopeOf(step.scope)], step.mode, 'cluster').then(() => { this.judge.purged(step.scope, step.mode) })
        return
      }
      case 'leave': return this.clients[step.client % Math.max(1, this.clients.length)]?.leave()
      case 'read': return this.clients.forEach(client => { client.pace() })
      case 'answer': {
        const underWay = origin.underWay()
        return underWay[step.exchange % Math.max(1, underWay.length)]?.step()
      }
      case 'origin':
        origin.manner = step
        return
      case 'pass': return clock.advance(step.ms)
      case 'sweep':
        void this.sweeper.sweep()
    }
  }

  /** Lets everything happen that needs no further step. */
  async settle (): Promise<void> {
    for (let i = 0; i < 3; i++) await new Promise(resolve => { setImmediate(resolve) })
    this.clients = this.clients.filter(({ over }) => !over)
    const { bytes, limit } = this.store.stats()
    if (bytes > limit) this.judge.fail(`the store holds ${bytes} of ${limit} bytes`)
  }

  /** Lets everything come to its end, and looks at what is left. */
  async end (): Promise<void> {
    this.judge.ending = true
    this.take({ do: 'origin', fault: 'none', framing: 'length', atOnce: true })
    for (let i = 0; i < 200 && (this.clients.length > 0 || this.origin.underWay().length > 0); i++) {
      for (const exchange of this.origin.underWay()) exchange.step()
      this.take({ do: 'read' })
      await this.settle()
    }
    if (this.clients.length > 0) this.judge.fail(`${this.clients.length} clients were never answered: ${JSON.stringify(this.clients.map(({ ask }) => ask))}`)
    const left = [...this.fills.judged()].length
    if (left > 0 || this.counters.fillsInFlight !== 0) this.judge.fail(`${left} fills are left, ${this.counters.fillsInFlight} are counted`)
  }

  close (): void {
    this.sweeper.close()
    process.off('unhandledRejection', this.rejected)
  }

  figures (): Omit<Figures, 'steps'> {
    const { counters } = this
    return { answers: this.judge.answers, hits: this.judge.hits, asked: this.judge.fetches, collapsed: counters.collapsed, evictions: this.store.stats().evictions }
  }

  private ask (method: string, { resource, ...how }: Omit<Extract<Step, { do: 'get' }>, 'do'>): void {
    const ask = { ...how, method: how.extra === 'head' ? 'HEAD' : method, resource: RESOURCES[resource]! }
    this.clients.push(new Client(this.core, ask, this.clock.now(), this.judge.expect(ask)))
  }
}

function scopeOf (purge: Purge): Scope {
  return purge !== 'all' && 'url' in purge ? { url: purge.url as StoreKey } : purge
}

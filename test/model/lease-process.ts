/**
 * One process of the lease's model: the real log over a network that is slow, cut or stopped, one stored response, and at most
 * one fetch of it under way. What it serves, it tells.
 */
import type { Clock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { CLEAN, type Judged, type Ms } from '../../src/core/types.js'
import type { LogBackend } from '../../src/invalidation/backend.js'
import { ClusterLog } from '../../src/invalidation/shared-log.js'
import type { LogServer } from '../support/log-server.js'
import { judgedOf } from '../support/records.js'

export const MAX_LAG: Ms = 50
/** Of a request to the log. */
const DEADLINE: Ms = 30

/** Each is one of the three ways to break the lease; `contact` and `validation` are two places of the first. */
export type Mutant = 'contact' | 'validation' | 'joining' | 'cached now'

/** What the model's world gives: time, chance, and the instant a version of the resource is asked for. */
export interface World {
  readonly server: LogServer
  now (): Ms
  /** A whole number below `n`. */
  random (n: number): number
  version (): number
  /** A request that came now is answered with this version. */
  served (version: number): void
  /** Carries out something of the server's, whatever the processes do. */
  schedule (at: Ms, what: () => void): void
}

interface Due { readonly at: Ms, readonly run: () => void }
interface Copy { readonly judged: Judged, readonly askedAt: Ms, readonly version: number }

export class ModelProcess {
  readonly log: ClusterLog
  stoppedUntil: Ms = 0
  cutUntil: Ms = 0
  private readonly world: World
  private readonly mutant: Mutant | undefined
  /** Timers, and what the network brought: they wait while the process is stopped. */
  private due: Due[] = []
  private stored: Copy | undefined
  private fetching: Copy & { readonly doneAt: Ms } | undefined
  /** What a clock that is read once a turn says. */
  private turnAt: Ms
  private inTurn = false

  constructor (world: World, id: string, mutant: Mutant | undefined) {
    this.world = world
    this.mutant = mutant
    this.turnAt = world.now()
    const clock = this.clock()
    this.log = new ClusterLog({ backend: this.backend(id), clock, maxLag: MAX_LAG, timeout: DEADLINE, id, logger: silentLogger })
    if (mutant === 'contact') {
      const heard = this.log.follower.heard.bind(this.log.follower)
      this.log.follower.heard = reply => { heard(reply, clock.now()) }
    }
    this.log.start()
  }

  get stopped (): boolean {
    return this.world.now() < this.stoppedUntil
  }

  get cut (): boolean {
    return this.world.now() < this.cutUntil
  }

  /** One turn of its loop: whichever of the two a busy process comes to first. */
  turn (): void {
    const now = this.world.now()
    const first = this.world.random(2) === 0
    if (first) this.answer()
    for (;;) {
      const next = this.due.filter(one => one.at <= now).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.due = this.due.filter(one => one !== next)
      next.run()
    }
    if (!first) this.answer()
    this.turnAt = now
  }

  /** A request, perhaps. */
  private answer (): void {
    const { world, log, stored } = this
    this.complete()
    if (world.random(2) === 0) return
    if (stored !== undefined && this.clean(stored) && this.trusted(stored.askedAt) !== 'no') return world.served(stored.version)
    const { fetching } = this
    if (fetching === undefined) {
      const slow = world.random(10) === 0 ? 2 * MAX_LAG : 20
      this.fetching = { judged: judgedOf('x', [], log.head), askedAt: world.now(), version: world.version(), doneAt: world.now() + 1 + world.random(slow) }
    } else if (this.clean(fetching) && (this.mutant === 'joining' || this.trusted(fetching.askedAt) !== 'no')) world.served(fetching.version)
  }

  private complete (): void {
    const { fetching, world } = this
    if (fetching === undefined || fetching.doneAt > world.now()) return
    this.fetching = undefined
    this.stored = this.mutant === 'validation' ? { ...fetching, askedAt: world.now() } : fetching
  }

  private clean ({ judged }: Copy): boolean {
    return this.log.verdict(judged) === CLEAN
  }

  private trusted (askedAt: Ms) {
    this.inTurn = this.mutant === 'cached now'
    const trust = this.log.trusted(askedAt)
    this.inTurn = false
    return trust
  }

  private clock (): Clock {
    const now = (): Ms => this.inTurn ? this.turnAt : this.world.now()
    return { now, wall: now, after: (delay, run) => this.later(now() + delay, run) }
  }

  private later (at: Ms, run: () => void) {
    const one = { at, run }
    this.due.push(one)
    return { cancel: () => { this.due = this.due.filter(other => other !== one) } }
  }

  private backend (id: string): LogBackend {
    const { world } = this
    const inner = world.server.backend(id, call => this.travel(call))
    const outer: LogBackend = { ...inner, onWake: undefined }
    // a hint, which is lost as often as not
    inner.onWake = () => { if (!this.cut && world.random(2) === 0) this.later(world.now() + this.delay(), () => outer.onWake?.()) }
    return outer
  }

  private travel<T> (call: () => T): Promise<T> {
    const { world } = this
    const sentAt = world.now()
    return new Promise((resolve, reject) => {
      const timeout = this.later(sentAt + DEADLINE, () => { reject(new Error('deadline')) })
      if (this.cut) return
      world.schedule(sentAt + this.delay(), () => {
        const answered = carriedOut(call)
        const back = world.now() + this.delay() + (world.random(20) === 0 ? world.random(100) : 0)
        // what comes after the deadline finds nobody waiting
        this.later(back, () => {
          timeout.cancel()
          answered.then(resolve, reject)
        })
      })
    })
  }

  private delay (): Ms {
    return this.world.random(5)
  }
}

/** At once, and heard of whenever somebody listens. */
function carriedOut<T> (call: () => T): Promise<T> {
  const outcome = new Promise<T>(resolve => { resolve(call()) })
  outcome.catch(() => undefined)
  return outcome
}

/**
 * A connection lent for one exchange, and what is learnt from it. Invariants: the breaker hears one outcome of it, that of
 * the last address tried; each address hears its own; the connection goes back once.
 */
import type { SeawallError } from '../core/errors.js'
import type { Breaker } from './breaker.js'
import type { Connection } from './client.js'
import { ours, unreachable } from './failure.js'
import type { Target, Targets } from './targets.js'

export class Loan {
  private readonly breaker: Breaker
  private readonly targets: Targets
  /** As the breaker names it. */
  private readonly probe: number
  private target: Target
  private told = false
  connection: Connection

  /** Throws `origin_unavailable`. */
  constructor (breaker: Breaker, targets: Targets) {
    this.probe = breaker.admit()
    this.breaker = breaker
    this.targets = targets
    this.target = targets.pick()
    this.connection = take(this.target)
  }

  /** The head of an answer came, of whatever status. */
  answered (): void {
    this.told = true
    this.target.health.passed()
    this.breaker.answered()
  }

  /** No head came. What is our own fault says nothing. */
  failed (error: SeawallError): void {
    if (this.told || ours(error)) return
    this.told = true
    this.target.health.failed()
    if (unreachable(error)) this.breaker.failed(this.probe)
    else this.breaker.untold(this.probe)
  }

  /** The connections kept to this address lead nowhere either. */
  unconnected (): void {
    this.target.pool.clear()
  }

  /** Lends one to another address in its place, if there is one that is well. */
  elsewhere (error: SeawallError): boolean {
    const other = ours(error) ? undefined : this.targets.pickOther(this.target)
    if (other === undefined) return false
    this.target.health.failed()
    this.giveBack()
    this.target = other
    this.connection = take(other)
    return true
  }

  end (): void {
    if (!this.told) this.breaker.untold(this.probe)
    this.giveBack()
  }

  private giveBack (): void {
    this.target.load--
    this.target.pool.release(this.connection)
  }
}

function take (target: Target): Connection {
  target.load++
  target.health.tried()
  return target.pool.take()
}

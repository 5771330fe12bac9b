/**
 * The connections to one origin. Invariants: one request a connection, at most `connections` of them; who waits is
 * served in order of arrival; the connection used last is used next, so that idle ones may close.
 */
import { SeawallError } from '../core/errors.js'
import type { Ms } from '../core/types.js'
import type { Connection } from './client.js'

export interface Tenant {
  /** Called once, when a connection is the tenant's until `release`. */
  run (connection: Connection): void
  cancel (why: Error): void
}

export interface PoolLimits {
  /** Connections open at once. */
  readonly connections: number
  /** Requests waiting for one. */
  readonly waiting: number
  /** A connection older than this takes no further request: names are looked up when connecting, so that an origin
   *  that moved is found again. */
  readonly maxAge: Ms
}

export class Pool {
  private readonly open: () => Connection
  private readonly limits: PoolLimits
  private readonly all: Connection[] = []
  private readonly idle: Connection[] = []
  /** Without a socket. */
  private readonly cold: Connection[] = []
  private readonly busy = new Map<Connection, Tenant>()
  private readonly waiting = new Set<Tenant>()
  private pumping = false
  private closed = false
  private drained: (() => void) | undefined

  constructor (open: () => Connection, limits: PoolLimits) {
    this.open = open
    this.limits = limits
  }

  /** Runs the tenant now or in its turn. Throws `origin_busy`, `draining`. */
  acquire (tenant: Tenant): void {
    if (this.closed) throw new SeawallError('draining')
    const connection = this.waiting.size === 0 ? this.take() : undefined
    if (connection !== undefined) return this.lend(connection, tenant)
    if (this.waiting.size >= this.limits.waiting) throw new SeawallError('origin_busy')
    this.waiting.add(tenant)
  }

  /** A tenant that has not run will not. */
  forget (tenant: Tenant): void {
    this.waiting.delete(tenant)
    this.checkDrained()
  }

  release (connection: Connection): void {
    this.busy.delete(connection)
    this.idle.push(connection)
    this.checkDrained()
    if (this.waiting.size === 0 || this.pumping) return
    this.pumping = true
    // undici is still busy with the answer that ends here
    queueMicrotask(() => this.pump())
  }

  async close (): Promise<void> {
    this.closed = true
    if (this.busy.size + this.waiting.size > 0) await new Promise<void>(resolve => { this.drained = resolve })
    await Promise.all(this.all.map(connection => connection.close()))
  }

  destroy (why: Error): void {
    this.closed = true
    for (const tenant of [...this.waiting, ...this.busy.values()]) tenant.cancel(why)
    for (const connection of this.all) void connection.destroy(why)
  }

  private pump (): void {
    this.pumping = false
    for (const tenant of this.waiting) {
      const connection = this.take()
      if (connection === undefined) return
      this.waiting.delete(tenant)
      this.lend(connection, tenant)
    }
  }

  private lend (connection: Connection, tenant: Tenant): void {
    this.busy.set(connection, tenant)
    tenant.run(connection)
  }

  private take (): Connection | undefined {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (connection.alive(this.limits.maxAge)) return connection
      connection.drop()
      this.cold.push(connection)
    }
    const cold = this.cold.pop()
    if (cold !== undefined || this.all.length >= this.limits.connections) return cold
    const connection = this.open()
    this.all.push(connection)
    return connection
  }

  private checkDrained (): void {
    if (this.drained !== undefined && this.busy.size + this.waiting.size === 0) this.drained()
  }
}

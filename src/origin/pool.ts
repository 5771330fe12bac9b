/**
 * The connections to one address. Invariants: one request a connection; the connection used last is used next, so that
 * idle ones may close; one that is too old, or leads where the name no longer points, is not used.
 */
import type { Ms } from '../core/types.js'
import type { Connection } from './client.js'

export class Pool {
  private readonly open: () => Connection
  private readonly maxAge: Ms
  private readonly all: Connection[] = []
  private readonly idle: Connection[] = []
  /** Without a socket. */
  private readonly cold: Connection[] = []

  /** A connection older than `maxAge` takes no further request: names are looked up when connecting, so that an origin
   *  that moved is found again. */
  constructor (open: () => Connection, maxAge: Ms) {
    this.open = open
    this.maxAge = maxAge
  }

  take (): Connection {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (connection.alive(this.maxAge)) return connection
      this.cool(connection)
    }
    const cold = this.cold.pop()
    if (cold !== undefined) return cold
    const connection = this.open()
    this.all.push(connection)
    return connection
  }

  release (connection: Connection): void {
    this.idle.push(connection)
  }

  /** Drops what is idle. */
  clear (): void {
    for (const connection of this.idle.splice(0)) this.cool(connection)
  }

  async close (): Promise<void> {
    await Promise.all(this.all.map(connection => connection.close()))
  }

  destroy (why: Error): void {
    for (const connection of this.all) void connection.destroy(why)
  }

  private cool (connection: Connection): void {
    connection.drop()
    this.cold.push(connection)
  }
}

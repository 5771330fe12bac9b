/**
 * Asks one address again and again whether it is well, on connections of its own, past breaker and queue. Invariant: one
 * check at a time; the next is asked `interval` after the last was answered or given up.
 */
import type { Clock, Timer } from '../core/clock.js'
import type { Connection, ConnectionHandler } from './client.js'
import type { HealthConfig } from './config.js'
import type { Health } from './health.js'

export class Checks {
  private readonly config: HealthConfig
  private readonly clock: Clock
  private readonly health: Health
  private readonly connection: Connection
  private readonly host: string
  private timer: Timer | undefined
  private stopped = false

  constructor (config: HealthConfig, clock: Clock, health: Health, connection: Connection, host: string) {
    this.config = config
    this.clock = clock
    this.health = health
    this.connection = connection
    this.host = host
  }

  /** Does nothing where no path is configured. */
  start (): void {
    if (this.config.path !== undefined) this.await(this.config.interval, this.ask)
  }

  stop (why: Error): void {
    this.stopped = true
    this.timer?.cancel()
    void this.connection.destroy(why)
  }

  private await (delay: number, then: () => void): void {
    this.timer?.cancel()
    if (!this.stopped) this.timer = this.clock.after(delay, then)
  }

  private readonly ask = (): void => {
    let open = true
    const conclude = (well: boolean): void => {
      if (!open) return
      open = false
      this.connection.drop()
      if (this.stopped) return
      if (well) this.health.passed()
      else this.health.failed()
      this.await(this.config.interval, this.ask)
    }
    this.await(this.config.timeout, () => { conclude(false) })
    const headers = ['Host', this.host, 'User-Agent', 'seawall-health', 'Connection', 'close']
    this.connection.send({ method: 'GET', path: this.config.path!, headers, content: undefined, websocket: false }, listener(conclude))
  }
}

/** 2xx and 3xx are well. The head decides; the body is not waited for. */
function listener (conclude: (well: boolean) => void): ConnectionHandler {
  return {
    onConnect: () => undefined,
    onResponseStarted: () => undefined,
    onHeaders (status) {
      if (status >= 200) conclude(status < 400)
      return true
    },
    onData: () => true,
    onComplete: () => undefined,
    onUpgrade: () => { conclude(false) },
    onError: () => { conclude(false) }
  }
}

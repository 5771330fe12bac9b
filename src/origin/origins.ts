/** The origins of a config: one pool of connections each. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import { SeawallError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'
import { Connection } from './client.js'
import { connector } from './connect.js'
import type { Exchange, OriginAnswer, OriginRequest, Origins, OriginTunnel } from './contract.js'
import { OriginExchange, type OriginContext } from './exchange.js'
import { Pool } from './pool.js'

export interface OriginConfig {
  /** `http://host:port` or `https://…`; nothing after it. */
  readonly url: string
  /** The Host an origin is sent: the client's own, or the one in `url`. The caller's to apply, see `originHost`. */
  readonly host: 'preserve' | 'origin'
  /** Open at once; Infinity for no bound. */
  readonly connections: number
  /** `connect`: from looking up the name to the secured connection. `headers`: from asking to the answer's head, the
   *  wait for a connection included, the client's pauses in its upload not. `body`: without a byte while one is wanted. */
  readonly timeouts: { readonly connect: Ms, readonly headers: Ms, readonly body: Ms }
}

export interface OriginsContext { readonly clock: Clock, readonly counters: Counters, readonly log: Logger }

const MAX_WAITING = 10_000
const MAX_CONNECTION_AGE: Ms = 60_000

/** The Host to send to this origin, default port dropped; undefined leaves the client's own. */
export function originHost (config: OriginConfig): string | undefined {
  return config.host === 'origin' ? new URL(config.url).host : undefined
}

/** Throws a RangeError for a url that is not an http or https origin. */
export function createOrigins (config: Readonly<Record<string, OriginConfig>>, context: OriginsContext): Origins {
  const origins = new Map(Object.entries(config).map(([name, each]) => [name, openOrigin(name, each, context)]))
  const tunnels = new Set<Duplex>()

  function begin (request: OriginRequest, websocket: boolean): OriginExchange {
    const origin = origins.get(request.origin)
    if (origin === undefined) throw new SeawallError('internal', { detail: `There is no origin "${request.origin}".` })
    return new OriginExchange(origin, request, websocket).start()
  }

  function keep (tunnel: OriginTunnel): OriginTunnel {
    tunnels.add(tunnel.socket)
    tunnel.socket.once('close', () => tunnels.delete(tunnel.socket))
    return tunnel
  }

  return {
    ask: request => begin(request, false) as Exchange,
    async upgrade (request): Promise<OriginTunnel | OriginAnswer> {
      const result = await begin(request, true).answer
      return 'socket' in result ? keep(result) : result
    },
    async close () {
      await Promise.all([...origins.values()].map(origin => origin.pool.close()))
    },
    destroy (why) {
      for (const origin of origins.values()) origin.pool.destroy(why)
      for (const socket of tunnels) socket.destroy()
    }
  }
}

function openOrigin (name: string, config: OriginConfig, { clock, counters, log }: OriginsContext): OriginContext {
  const url = new URL(config.url)
  if (!/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search + url.hash + url.username + url.password !== '') {
    throw new RangeError(`The origin "${name}" is not an http or https origin: ${config.url}`)
  }
  const connect = connector(url, config.timeouts.connect, clock)
  const limits = { connections: config.connections, waiting: MAX_WAITING, maxAge: MAX_CONNECTION_AGE }
  const pool = new Pool(() => new Connection(url, connect, clock, log), limits)
  return { name, timeouts: config.timeouts, pool, clock, counters, log }
}

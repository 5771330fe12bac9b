/** The origins of a config, by name. */
import type { Duplex } from 'node:stream'
import { SeawallError } from '../core/errors.js'
import type { OriginConfig } from './config.js'
import type { Exchange, OriginAnswer, OriginRequest, Origins, OriginTunnel } from './contract.js'
import { OriginExchange } from './exchange.js'
import { Origin, type OriginsContext } from './origin.js'

/** The Host to send to this origin, default port dropped; undefined leaves the client's own. */
export function originHost (config: Pick<OriginConfig, 'urls' | 'host'>): string | undefined {
  return config.host === 'origin' ? new URL(config.urls[0]!).host : undefined
}

/** Throws a RangeError for a url that is not an http or https origin. */
export function createOrigins (config: Readonly<Record<string, OriginConfig>>, context: OriginsContext): Origins {
  const origins = new Map(Object.entries(config).map(([name, each]) => [name, new Origin(name, each, context)]))
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
    stats: () => Object.fromEntries([...origins].map(([name, origin]) => [name, origin.stats()])),
    async close () {
      await Promise.all([...origins.values()].map(origin => origin.close()))
    },
    destroy (why) {
      for (const origin of origins.values()) origin.destroy(why)
      for (const socket of tunnels) socket.destroy()
    }
  }
}

/** What happens in a run of the model: one seed, one list of steps, each of which makes sense after any others. */
import { chance } from '../support/chance.js'
import { HOST, RESOURCES } from './resources.js'
import type { PurgeMode } from '../../src/core/types.js'

export type Fault = 'none' | 'refused' | 'timeout' | 'reset-head' | 'error' | 'reset-body' | 'busy'
export type Purge = { readonly tag: string } | { readonly url: string } | { readonly prefix: string } | 'all'

export type Step =
  /** A client asks. `paced`: it takes a piece of the answer a `read`. */
  | { readonly do: 'get', readonly resource: number, readonly principal: string | undefined, readonly language: string, readonly extra: 'none' | 'no-cache' | 'range' | 'head' | 'only-if-cached', readonly paced: boolean }
  | { readonly do: 'write', readonly resource: number }
  /** The resource changes without a word to the proxy. */
  | { readonly do: 'change', readonly resource: number }
  | { readonly do: 'purge', readonly scope: Purge, readonly mode: PurgeMode }
  | { readonly do: 'leave', readonly client: number }
  | { readonly do: 'read' }
  /** One of the exchanges under way moves on: its head, a piece, its end. */
  | { readonly do: 'answer', readonly exchange: number }
  /** How the origin will take the next request. */
  | { readonly do: 'origin', readonly fault: Fault, readonly framing: 'length' | 'chunked' | 'close', readonly atOnce: boolean }
  | { readonly do: 'pass', readonly ms: number }
  | { readonly do: 'sweep' }

const FAULTS: readonly Fault[] = ['refused', 'timeout', 'reset-head', 'error', 'reset-body', 'busy']

export function stepsOf (seed: number, count: number): Step[] {
  const below = chance(seed)
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!
  const scope = (): Purge => {
    const resource = one(RESOURCES)
    return one<() => Purge>([() => ({ tag: one(resource.tags) }), () => ({ url: resource.url }), () => ({ prefix: `http://${HOST}/${one(['even', 'odd/', ''])}` }), () => 'all'])()
  }
  const get = (): Step => {
    const resource = below(RESOURCES.length)
    const plain = RESOURCES[resource]!.kind === 'shared' || below(3) > 0
    return {
      do: 'get', resource, principal: below(3) === 0 ? one(['ann', 'bob']) : undefined, language: one(['en', 'de']),
      extra: plain ? 'none' : one(['no-cache', 'range', 'head', 'only-if-cached'] as const), paced: below(4) === 0
    }
  }
  const step = (): Step => {
    const dice = below(100)
    if (dice < 44) return get()
    if (dice < 66) return { do: 'answer', exchange: below(100) }
    if (dice < 72) return { do: 'read' }
    if (dice < 80) return { do: 'pass', ms: one([1, 150, 1_000, 4_000, 11_000]) }
    if (dice < 85) return { do: 'origin', fault: below(3) === 0 ? one(FAULTS) : 'none', framing: one(['length', 'length', 'chunked', 'close'] as const), atOnce: below(2) === 0 }
    if (dice < 89) return { do: 'purge', scope: scope(), mode: below(4) === 0 ? 'soft' : 'hard' }
    if (dice < 93) return { do: 'change', resource: below(RESOURCES.length) }
    if (dice < 96) return { do: 'write', resource: below(RESOURCES.length) }
    if (dice < 99) return { do: 'leave', client: below(100) }
    return { do: 'sweep' }
  }
  return Array.from({ length: count }, step)
}

/** What is told of origins: metrics, the section of /stats, the details of /readyz. */
import type { BreakerState, OriginStats } from '../origin/contract.js'
import type { Add, Sample } from './samples.js'

/** By their names. */
export type OriginsSource = () => Readonly<Record<string, OriginStats>>

const STATES: readonly BreakerState[] = ['closed', 'open', 'half-open']

export function originMetrics (add: Add, source: OriginsSource): void {
  const each = (read: (stats: OriginStats) => number) => (): Sample[] =>
    Object.entries(source()).map(([origin, stats]) => ({ value: read(stats), labels: { origin } }))
  add('gauge', 'seawall_origin_breaker_state', '1 for what the breaker is: closed, open or half-open.', () =>
    Object.entries(source()).flatMap(([origin, { breaker }]) => STATES.map(state => ({ value: Number(breaker === state), labels: { origin, state } }))))
  add('gauge', 'seawall_origin_addresses', 'Addresses of an origin.', each(stats => stats.addresses))
  add('gauge', 'seawall_origin_addresses_healthy', 'Those that are well.', each(stats => stats.healthy))
  add('gauge', 'seawall_origin_active', 'Requests under way to an origin.', each(stats => stats.active))
  add('gauge', 'seawall_origin_queued', 'Requests that wait for their turn.', each(stats => stats.queued))
  add('counter', 'seawall_origin_rejected_total', 'Requests an origin was not sent: no turn came in time, or its breaker was open.', () =>
    Object.entries(source()).flatMap(([origin, { rejected }]) => Object.entries(rejected).map(([why, value]) => ({ value, labels: { origin, why } }))))
}

/** Beside `ready`: what is stored is served whatever becomes of an origin. */
export function originDetails (source: OriginsSource): Record<string, unknown> {
  const origins = Object.entries(source()).map(([name, { breaker, addresses, healthy }]) => [name, { breaker, addresses, healthy }] as const)
  return { origins: Object.fromEntries(origins) }
}

/**
 * `GET /metrics`: Prometheus' text format. The only importer of prom-client.
 *
 * Invariants: nothing is counted here; every value is read at scrape from the plain numbers the paths keep. Times are
 * in seconds, sizes in bytes. Counts never go down while the process lives.
 */
import { collectDefaultMetrics, Registry, type Metric } from 'prom-client'
import type { Counters } from '../core/counters.js'
import type { InvalidationLog } from '../invalidation/contract.js'
import type { Store } from '../store/contract.js'
import { originMetrics, type OriginsSource } from './origins.js'
import { buckets, labelled, type Add, type Kind, type Read } from './samples.js'
import { sharedMetrics, type SharedSources } from './shared.js'

/** Processes that serve for this one. */
export interface Workers { readonly accepting: number, readonly restarts: number }

export interface MetricSources {
  readonly counters: Counters
  readonly store: Pick<Store, 'stats'>
  readonly log: Pick<InvalidationLog, 'stats'>
  readonly ready: () => { readonly ready: boolean }
  readonly version: string
  readonly origins?: OriginsSource | undefined
  /** Undefined: this process serves itself. */
  readonly workers?: Workers | undefined
  /** Undefined: nothing is shared. */
  readonly shared?: SharedSources | undefined
}

export interface Metrics { readonly contentType: string, text (): Promise<string> }

/** Also starts prom-client's measurements of the process: call it once, when somebody scrapes. */
export function createMetrics (sources: MetricSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const add = (kind: Kind, name: string, help: string, read: Read): void => {
    const get = async (): Promise<object> => {
      const value = read()
      return { name, help, type: kind, aggregator: 'sum', values: typeof value === 'number' ? [{ value, labels: {} }] : value }
    }
    // The registry asks nothing of a metric but its name and `get`; prom-client's own classes would keep a second count.
    registry.registerMetric({ name, help, type: kind, get } as unknown as Metric)
  }
  traffic(add, sources.counters)
  origin(add, sources.counters)
  if (sources.origins !== undefined) originMetrics(add, sources.origins)
  state(add, sources)
  if (sources.workers !== undefined) workerMetrics(add, sources.workers)
  if (sources.shared !== undefined) sharedMetrics(add, sources.shared)
  return { contentType: registry.contentType, text: () => registry.metrics() }
}

function traffic (add: Add, c: Counters): void {
  add('counter', 'seawall_requests_total', 'Requests answered, by what became of them.', () => labelled('outcome', Object.entries(c.requests)))
  add('counter', 'seawall_responses_total', 'Responses, by class of their status.',
    () => labelled('class', c.statuses.slice(1).map((n, i) => [`${i + 1}xx`, n])))
  add('histogram', 'seawall_hit_duration_seconds', 'Time to answer a hit.', () => buckets('seawall_hit_duration_seconds', c.hitTime))
  add('counter', 'seawall_received_bytes_total', 'Bytes received from clients.', () => c.bytesIn)
  add('counter', 'seawall_sent_bytes_total', 'Bytes sent to clients.', () => c.bytesOut)
  add('counter', 'seawall_refusals_total', 'Requests refused, by code.', () => labelled('code', [...c.refusals]))
  add('counter', 'seawall_connections_total', 'Connections accepted.', () => c.connections)
  add('gauge', 'seawall_connections_open', 'Connections open.', () => c.connectionsOpen)
  add('counter', 'seawall_connections_dropped_total', 'Connections closed as they came, beyond the limit.', () => c.connectionsDropped)
  add('counter', 'seawall_tls_handshakes_failed_total', 'TLS handshakes that failed or took too long.', () => c.handshakesFailed)
}

function origin (add: Add, c: Counters): void {
  add('counter', 'seawall_origin_requests_total', 'Requests sent to an origin.', () => labelled('origin', [...c.originRequests]))
  add('counter', 'seawall_origin_retries_total', 'Requests sent to an origin a second time.', () => c.originRetries)
  add('counter', 'seawall_origin_errors_total', 'Origin failures, by code.', () => [...c.originErrors].map(([error, value]) => {
    const [origin, code] = error.split(' ') as [string, string]
    return { value, labels: { origin, code } }
  }))
  add('histogram', 'seawall_origin_duration_seconds', 'Time from asking an origin to the head of its answer.',
    () => buckets('seawall_origin_duration_seconds', c.originTime))
  add('counter', 'seawall_fills_total', 'Origin fetches that led others, by how they ended.', () => labelled('end', Object.entries(c.fills)))
  add('gauge', 'seawall_fills_in_flight', 'Origin fetches under way.', () => c.fillsInFlight)
  add('counter', 'seawall_collapsed_total', 'Requests that waited for another one\'s fetch.', () => c.collapsed)
  add('counter', 'seawall_relayed_total', 'Requests passed on to the worker that owns the key.', () => c.relayed)
  add('counter', 'seawall_background_refreshes_total', 'Fetches started for stale-while-revalidate.', () => c.backgroundRefreshes)
}

function state (add: Add, { counters: c, store, log, ready, version }: MetricSources): void {
  add('gauge', 'seawall_store_entries', 'Responses stored.', () => store.stats().entries)
  add('gauge', 'seawall_store_records', 'Vary and pass records stored.', () => store.stats().records)
  add('gauge', 'seawall_store_bytes', 'Bytes that count against the limit.', () => store.stats().bytes)
  add('gauge', 'seawall_store_limit_bytes', 'The limit of the store.', () => store.stats().limit)
  add('counter', 'seawall_store_evictions_total', 'Entries evicted for room.', () => store.stats().evictions)
  add('counter', 'seawall_store_refusals_total', 'Responses the store had no room for.', () => store.stats().refusals)
  add('counter', 'seawall_purges_total', 'Purges acknowledged.', () => c.purges)
  add('counter', 'seawall_write_invalidations_total', 'Invalidations by unsafe requests.', () => c.writeInvalidations)
  add('gauge', 'seawall_invalidation_position', 'Position in the invalidation log.', () => log.stats().seq)
  add('gauge', 'seawall_invalidation_events', 'Events the invalidation log holds.', () => log.stats().events)
  add('gauge', 'seawall_invalidation_prefixes', 'Prefixes the invalidation log holds.', () => log.stats().prefixes)
  add('counter', 'seawall_invalidation_sweeps_total', 'Sweeps of the store against the log.', () => log.stats().sweeps)
  add('counter', 'seawall_log_lines_dropped_total', 'Log lines that could not be written.', () => c.logDropped)
  add('gauge', 'seawall_ready', '1 when ready for traffic.', () => Number(ready().ready))
  add('gauge', 'seawall_build_info', 'Constant 1, labelled with the version.', () => labelled('version', [[version, 1]]))
}

function workerMetrics (add: Add, workers: Workers): void {
  add('gauge', 'seawall_workers', 'Workers that accept connections.', () => workers.accepting)
  add('counter', 'seawall_worker_restarts_total', 'Workers that ended unasked; another takes the place of each.', () => workers.restarts)
}

import { expect, test } from 'vitest'
import { createMetrics } from '../../src/admin/metrics.js'
import { Counters } from '../../src/core/counters.js'

interface Family { readonly type: string, readonly help: string, readonly samples: { name: string, labels: Record<string, string>, value: number }[] }

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?(?:\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|Inf)|\\+Inf|Nan)$`)

/** The text exposition format 0.0.4, strictly: one HELP and TYPE a family, before its samples, every series once. */
function parse (text: string): Map<string, Family> {
  const families = new Map<string, Family>()
  const series = new Set<string>()
  let family: Family | undefined
  let name = ''
  expect(text.endsWith('\n')).toBe(true)
  const lines = text.split('\n').filter(line => line !== '')
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    const help = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(line)
    if (help !== null) {
      const type = new RegExp(`^# TYPE ${help[1]} (counter|gauge|histogram|summary|untyped)$`).exec(lines[++i]!)
      expect(type, `TYPE after ${line}`).not.toBeNull()
      name = help[1]!
      expect(families.has(name), `${name} twice`).toBe(false)
      family = { type: type![1]!, help: help[2]!, samples: [] }
      families.set(name, family)
      continue
    }
    const sample = SAMPLE.exec(line)
    expect(sample, line).not.toBeNull()
    const key = `${sample![1]}{${sample![2] ?? ''}}`
    expect(series.has(key), `${key} twice`).toBe(false)
    series.add(key)
    const suffix = sample![1]!.slice(name.length)
    expect(sample![1]!.startsWith(name) && (family!.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']).includes(suffix), line).toBe(true)
    const labels = Object.fromEntries([...(sample![2] ?? '').matchAll(/([^=,]+)="((?:[^"\\]|\\.)*)"/g)].map(m => [m[1]!, m[2]!]))
    family!.samples.push({ name: sample![1]!, labels, value: Number(sample![3]!.replace('Inf', 'Infinity')) })
  }
  return families
}

function checkHistogram (name: string, { samples }: Family): void {
  for (const kind of new Set(samples.map(s => s.labels['kind']))) {
    const group = samples.filter(s => s.labels['kind'] === kind)
    const buckets = group.filter(s => s.name === `${name}_bucket`)
    const bounds = buckets.map(s => Number(s.labels['le']!.replace('Inf', 'Infinity')))
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b))
    expect(bounds.at(-1)).toBe(Infinity)
    expect(buckets.map(s => s.value)).toEqual(buckets.map(s => s.value).sort((a, b) => a - b))
    expect(group.find(s => s.name === `${name}_count`)!.value).toBe(buckets.at(-1)!.value)
    expect(group.some(s => s.name === `${name}_sum`)).toBe(true)
  }
}

const counters = new Counters()
const log = { epoch: 1, seq: 7, events: 3, prefixes: 1, sweeps: 2 }
const store = { entries: 5, records: 2, bytes: 4096, limit: 65536, evictions: 9, refusals: 1 }
const origins = {
  api: { breaker: 'half-open', addresses: 3, healthy: 2, active: 7, queued: 5, rejected: { busy: 11, unavailable: 13 } },
  other: { breaker: 'closed', addresses: 1, healthy: 1, active: 0, queued: 0, rejected: { busy: 0, unavailable: 0 } }
} as const
const metrics = createMetrics({ origins: () => origins, counters, store: { stats: () => store }, log: { stats: () => log }, ready: () => ({ ready: true }), version: '1.2"3\\\n' })
const scrape = async (): Promise<Map<string, Family>> => parse(await metrics.text())
const values = (families: Map<string, Family>, name: string): Record<string, number> =>
  Object.fromEntries(families.get(name)!.samples.map(s => [Object.values(s.labels).join(), s.value]))

test('the whole output is valid exposition format; histograms are cumulative', async () => {
  const families = await scrape()
  expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
  for (const [name, family] of families) {
    if (family.type === 'histogram') checkHistogram(name, family)
    if (name.startsWith('seawall_')) expect(name.endsWith('_total'), name).toBe(family.type === 'counter')
    expect(family.help).not.toBe('')
  }
  expect([...families.keys()]).toEqual(expect.arrayContaining(['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds']))
  expect(Object.keys(values(families, 'seawall_build_info'))).toEqual(['1.2\\"3\\\\\\n'])
})

test('what is counted is read at scrape', async () => {
  Object.assign(counters.requests, { hit: 3, miss: 1 })
  Object.assign(counters.fills, { stored: 2 })
  Object.assign(counters, {
    bytesIn: 10, bytesOut: 20, collapsed: 4, fillsInFlight: 5, originRetries: 7, backgroundRefreshes: 8, purges: 9,
    writeInvalidations: 11, connections: 12, connectionsOpen: 13, connectionsDropped: 16, logDropped: 14, handshakesFailed: 15
  })
  counters.statuses[2] = 4
  for (const origin of ['api', 'api', 'other']) counters.count(counters.originRequests, origin)
  counters.count(counters.originErrors, 'api origin_reset')
  counters.count(counters.originErrors, 'other.x origin_reset')
  counters.count(counters.refusals, 'bad_host')
  const families = await scrape()
  expect(values(families, 'seawall_requests_total')).toEqual({ hit: 3, stale: 0, revalidated: 0, miss: 1, collapsed: 0, pass: 0, refused: 0, error: 0 })
  expect(values(families, 'seawall_responses_total')).toEqual({ '1xx': 0, '2xx': 4, '3xx': 0, '4xx': 0, '5xx': 0 })
  expect(values(families, 'seawall_fills_total')).toEqual({ stored: 2, freshened: 0, shared: 0, 'not-stored': 0, failed: 0, abandoned: 0 })
  expect(values(families, 'seawall_origin_errors_total')).toEqual({ 'api,origin_reset': 1, 'other.x,origin_reset': 1 })
  expect(values(families, 'seawall_origin_requests_total')).toEqual({ api: 2, other: 1 })
  expect(values(families, 'seawall_refusals_total')).toEqual({ bad_host: 1 })
  const plain = [...families].filter(([name, { samples }]) => name.startsWith('seawall_') && samples.length === 1 && Object.keys(samples[0]!.labels).length === 0)
  expect(Object.fromEntries(plain.map(([name, { samples }]) => [name.slice(8), samples[0]!.value]))).toEqual({
    received_bytes_total: 10, sent_bytes_total: 20, connections_total: 12, connections_open: 13, connections_dropped_total: 16, tls_handshakes_failed_total: 15,
    origin_retries_total: 7, fills_in_flight: 5, collapsed_total: 4, background_refreshes_total: 8, relayed_total: 0,
    store_entries: 5, store_records: 2, store_bytes: 4096, store_limit_bytes: 65536, store_evictions_total: 9, store_refusals_total: 1,
    purges_total: 9, write_invalidations_total: 11,
    invalidation_position: 7, invalidation_events: 3, invalidation_prefixes: 1, invalidation_sweeps_total: 2,
    log_lines_dropped_total: 14, ready: 1
  })
})

test('origins are told apart', async () => {
  const families = await scrape()
  expect(values(families, 'seawall_origin_breaker_state')).toEqual({
    'api,closed': 0, 'api,open': 0, 'api,half-open': 1, 'other,closed': 1, 'other,open': 0, 'other,half-open': 0
  })
  for (const [name, api, other] of [['addresses', 3, 1], ['addresses_healthy', 2, 1], ['active', 7, 0], ['queued', 5, 0]] as const) {
    expect(values(families, `seawall_origin_${name}`)).toEqual({ api, other })
  }
  expect(values(families, 'seawall_origin_rejected_total')).toEqual({ 'api,busy': 11, 'api,unavailable': 13, 'other,busy': 0, 'other,unavailable': 0 })
})

test('times are in seconds', async () => {
  for (const ms of [0.04, 0.05, 2, 1000]) counters.hitTime.observe(ms)
  const { samples } = (await scrape()).get('seawall_hit_duration_seconds')!
  const buckets = Object.fromEntries(samples.filter(s => s.labels['le'] !== undefined).map(s => [s.labels['le'], s.value]))
  expect(buckets).toEqual({ '0.00005': 2, '0.0001': 2, '0.00025': 2, '0.0005': 2, '0.001': 2, '0.0025': 3, '0.005': 3, '0.01': 3, '0.025': 3, '0.1': 3, '+Inf': 4 })
  expect(samples.find(s => s.name.endsWith('_sum'))!.value).toBeCloseTo(1.00209, 10)
  expect(samples.find(s => s.name.endsWith('_count'))!.value).toBe(4)
})

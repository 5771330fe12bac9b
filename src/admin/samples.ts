/** How numbers become samples of Prometheus' format. Times are kept in ms and told in seconds. */
import type { Histogram } from '../core/counters.js'

export interface Sample { readonly value: number, readonly labels?: Readonly<Record<string, string>>, readonly metricName?: string }
export type Kind = 'counter' | 'gauge' | 'histogram'
export type Read = () => readonly Sample[] | number
export type Add = (kind: Kind, name: string, help: string, read: Read) => void

export function labelled (label: string, counts: readonly (readonly [string, number])[]): Sample[] {
  return counts.map(([name, value]) => ({ value, labels: { [label]: name } }))
}

/** Cumulative buckets in seconds, as the format wants them. */
export function buckets (name: string, histogram: Histogram): Sample[] {
  let total = 0
  const samples: Sample[] = histogram.counts.map((count, i) => {
    total += count
    const bound = histogram.bounds[i]
    const le = bound === undefined ? '+Inf' : String(Number((bound / 1000).toPrecision(6)))
    return { metricName: `${name}_bucket`, labels: { le }, value: total }
  })
  return [...samples, { metricName: `${name}_sum`, value: histogram.sum / 1000 }, { metricName: `${name}_count`, value: total }]
}

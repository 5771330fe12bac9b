/** Adds up what several processes counted. Both sides have the shape of the class that counts: plain data of it will do. */
import { Histogram } from '../core/counters.js'

/** A copy without methods, fit to be sent. */
export function snapshot<T extends object> (counted: T): T {
  return structuredClone({ ...counted })
}

/** Adds `part`, a snapshot of the same class, to `total`. */
export function add<T extends object> (total: T, part: T): void {
  for (const [name, value] of Object.entries(part)) {
    const sum = total as Record<string, unknown>
    if (typeof value === 'number') sum[name] = (sum[name] as number) + value
    else if (value instanceof Map) addMap(sum[name] as Map<unknown, number>, value as Map<unknown, number>)
    else if (Array.isArray(value)) addEach(sum[name] as number[], value as number[])
    else if (isHistogram(value)) addHistogram(sum[name] as Histogram, value)
    else add(sum[name] as object, value as object)
  }
}

function addMap (total: Map<unknown, number>, part: Map<unknown, number>): void {
  for (const [key, count] of part) total.set(key, (total.get(key) ?? 0) + count)
}

function addEach (total: number[], part: readonly number[]): void {
  for (const [i, count] of part.entries()) total[i]! += count
}

function isHistogram (value: unknown): value is Pick<Histogram, 'bounds' | 'counts' | 'sum'> {
  return typeof value === 'object' && value !== null && 'bounds' in value && 'counts' in value
}

function addHistogram (total: Histogram, part: Pick<Histogram, 'counts' | 'sum'>): void {
  addEach(total.counts, part.counts)
  total.sum += part.sum
}

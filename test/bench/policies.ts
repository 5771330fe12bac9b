/** What decides who stays, for objects of one size and so much room: plain LRU, the store's own admission, and Belady's bound. */
import { LRUCache } from 'lru-cache'
import type { StoreKey } from '../../src/core/types.js'
import { Admission } from '../../src/store/admission.js'
import { Rows } from '../../src/store/rows.js'

/** Bytes of each object; what it is does not matter. */
const SIZE = 2_000

/** Hits among the requests of `trace`, keys as numbers below `keys`, with room for `room` objects. */
export type Policy = (trace: Uint32Array, room: number, keys: number) => number

export const lru: Policy = (trace, room) => {
  const cache = new LRUCache<number, true>({ max: room })
  let hits = 0
  for (const key of trace) {
    if (cache.get(key) === true) hits++
    else cache.set(key, true)
  }
  return hits
}

/** The store's, in nothing but its key table: `src/store/admission.ts` itself. */
export const seawall: Policy = (trace, room) => {
  const rows = new Rows()
  const table = new Map<string, number>()
  const admission: Admission = new Admission(room * SIZE, Infinity, rows, row => {
    table.delete(rows.key(row)!)
    rows.release(row)
  })
  let hits = 0
  for (const number of trace) {
    const key = `http://example.com/${number}` as StoreKey
    const row = table.get(key)
    if (row !== undefined) {
      admission.use(row)
      hits++
    } else if (admission.makeRoom(SIZE)) {
      const added = rows.take(key)
      admission.add(added, SIZE, 0)
      table.set(key, added)
    }
  }
  return hits
}

/** Knows the future: who is asked for last of all goes, or is not let in. */
export const clairvoyant: Policy = (trace, room, keys) => {
  const next = nextUses(trace, keys)
  /** When a key that is held is asked for next; 0: not held. */
  const held = new Uint32Array(keys)
  const queue = new LatestFirst()
  let count = 0
  let hits = 0
  for (let i = 0; i < trace.length; i++) {
    const key = trace[i]!
    if (held[key] !== 0) {
      hits++
      count--
    }
    held[key] = next[i]!
    queue.push(next[i]!, key)
    count++
    while (count > room) {
      const { at, key: last } = queue.pop()
      // what was asked for since stands in the queue with what it was then
      if (held[last] !== at) continue
      held[last] = 0
      count--
    }
  }
  return hits
}

/** For each request, when its key is asked for next; past the end where never. */
function nextUses (trace: Uint32Array, keys: number): Uint32Array {
  const next = new Uint32Array(trace.length)
  const upcoming = new Uint32Array(keys).fill(2 ** 32 - 1)
  for (let i = trace.length - 1; i >= 0; i--) {
    next[i] = upcoming[trace[i]!]!
    upcoming[trace[i]!] = i
  }
  return next
}

/** A binary heap, the latest on top. */
class LatestFirst {
  private readonly items: { at: number, key: number }[] = []

  push (at: number, key: number): void {
    const { items } = this
    const item = { at, key }
    let i = items.push(item) - 1
    for (let up = (i - 1) >> 1; i > 0 && items[up]!.at < at; up = (i - 1) >> 1) {
      items[i] = items[up]!
      i = up
    }
    items[i] = item
  }

  pop (): { at: number, key: number } {
    const { items } = this
    const top = items[0]!
    const item = items.pop()!
    if (items.length === 0) return top
    let i = 0
    for (;;) {
      let down = 2 * i + 1
      if (down + 1 < items.length && items[down + 1]!.at > items[down]!.at) down++
      if (down >= items.length || items[down]!.at <= item.at) break
      items[i] = items[down]!
      i = down
    }
    items[i] = item
    return top
  }
}

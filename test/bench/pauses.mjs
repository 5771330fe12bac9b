/**
 * How long the memory store keeps the loop to itself at a million entries, while it is filled, used, swept, and made to
 * evict: the longest single operation and the longest time between two turns of the loop, collections of garbage included,
 * in CPU time of the loop's thread, so that it tells what the store does and not what else the machine does meanwhile; and
 * the longest collection by the clock. Fails where a turn took more than 30 ms.
 *
 *   npm run bench:pauses [-- entries]
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { systemClock } from '../../dist/src/core/clock.js'
import { createLocalLog } from '../../dist/src/invalidation/log.js'
import { createSweeper } from '../../dist/src/invalidation/sweep.js'
import { keepHeap, nodeFlags } from '../../dist/src/app/heap.js'
import { createMemoryStore } from '../../dist/src/store/memory.js'

keepHeap(nodeFlags(process))()
const COUNT = Number(process.argv[2] ?? 1_000_000)
/** Operations between two turns of the loop, as a batch of requests would be. */
const BATCH = 32
const LIMIT = 30

const log = createLocalLog({ clock: systemClock })
const head = Buffer.from('HTTP/1.1 200 OK\r\n' + 'x-header: some value of it\r\n'.repeat(9))
const body = Buffer.alloc(1024, 'x')
const policy = { bornAt: 0, freshUntil: 1e12, swrUntil: 1e12, sieUntil: 1e12, keepUntil: 1e12, askedAt: 0, flags: 0 }
const keyOf = i => `http://example.com/item/${String(i).padStart(8, '0')}`

function put (store, i) {
  const url = keyOf(i)
  const meta = { kind: 'entry', key: url, primary: url, url, status: 200, policy, head, etag: undefined, lastModified: undefined, tags: ['all', `t${i}`], filledAt: log.head, checkedAt: undefined, generation: i }
  const writer = store.begin(meta, body.length)
  writer?.write(body)
  void writer?.commit()
}

let failed = false

// what the kernel says the main thread has run for, in nanoseconds
const schedule = openSync(`/proc/self/task/${process.pid}/schedstat`)
const read = Buffer.alloc(64)
const running = () => parseInt(read.latin1Slice(0, readSync(schedule, read, 0, read.length, 0)), 10) / 1e6

let collection = 0
new PerformanceObserver(list => { for (const { duration } of list.getEntries()) collection = Math.max(collection, duration) }).observe({ entryTypes: ['gc'] })

/** Runs `step` so often, with turns between, and prints what took longest. */
async function phase (name, count, step) {
  globalThis.gc?.()
  await turn()
  let operation = 0
  let stall = 0
  collection = 0
  let last = running()
  for (let i = 0; i < count; i++) {
    const from = performance.now()
    step(i)
    operation = Math.max(operation, performance.now() - from)
    if (i % BATCH !== BATCH - 1) continue
    await turn()
    const now = running()
    stall = Math.max(stall, now - last)
    last = now
  }
  await turn()
  if (stall > LIMIT) failed = true
  console.log(`${name.padEnd(34)} longest turn ${stall.toFixed(1).padStart(5)} ms of CPU; by the clock: longest operation ${operation.toFixed(1)} ms, longest collection ${collection.toFixed(1)} ms`)
}

const store = createMemoryStore({ limit: COUNT * 4_000, maxObject: 1e6, maxVariants: 32, clock: systemClock })
await phase(`filling ${COUNT}`, COUNT, i => put(store, i))
await phase('looking at them', COUNT / 2, i => store.peek(keyOf(i * 7919 % COUNT)))
await phase('looking for what has expired', 200 * BATCH, i => { if (i % BATCH === 0) store.sweepExpired(5_000) })

const sweeper = createSweeper({
  log, clock: systemClock, records: () => store.records(), remove: key => { void store.delete(key) },
  settle: (entry, settled, checkedAt) => store.settle(entry, settled, checkedAt), openFills: () => []
})
await log.append([{ tag: 't1' }, { tag: 't2' }], 'soft', 'local')
const sweeping = sweeper.sweep()
await phase('a sweep after a purge, beside looks', COUNT / 4, i => store.peek(keyOf(i)))
await sweeping
sweeper.close()
const { entries, bytes } = store.stats()
console.log(`${entries} entries, ${(bytes / entries).toFixed(0)} B counted each; ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`)
await store.close()

const small = createMemoryStore({ limit: COUNT * 400, maxObject: 1e6, maxVariants: 32, clock: systemClock })
await phase('evicting, once full', COUNT, i => put(small, i))
await phase('removing one after the other', COUNT, i => { void small.delete(keyOf(i)) })
await small.close()
closeSync(schedule)
process.exitCode = failed ? 1 : 0

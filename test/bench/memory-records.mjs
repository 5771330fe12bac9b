/**
 * What a record costs beyond its bytes, beside what the store counts for it. Run alone: resident memory is the process's.
 *
 *   npm run build && node --expose-gc test/bench/memory-records.mjs [entries] [entry|variant|pass]
 */
import { createMemoryStore } from '../../dist/src/store/memory.js'

const COUNT = Number(process.argv[2] ?? 200_000)
const kind = process.argv[3] ?? 'entry'

const clock = { now: () => performance.now(), wall: () => Date.now(), after: () => ({ cancel: () => undefined }) }
const store = createMemoryStore({ limit: 16e9, maxObject: 1e7, maxVariants: 32, clock })
const filledAt = { epoch: 1, seq: 0 }
const head = Buffer.from('HTTP/1.1 200 OK\r\n' + 'x-header: some value of it\r\n'.repeat(9))
const body = Buffer.alloc(1024, 'x')

function put (i) {
  const url = `${'http://example.com'}${Buffer.from(`/item/${String(i).padStart(8, '0')}`).latin1Slice()}`
  const judged = { url, tags: [], filledAt, checkedAt: undefined, generation: i }
  if (kind === 'pass') return store.note({ ...judged, kind, key: url, keepUntil: Infinity })
  const now = performance.now()
  const policy = { bornAt: now, freshUntil: now + 60_000, swrUntil: now + 90_000, sieUntil: now + 90_000, keepUntil: now + 1e9, askedAt: now - 1, flags: 0 }
  const writer = store.begin({ ...judged, kind: 'entry', key: kind === 'variant' ? `${url}\nbr` : url, primary: url, status: 200, policy, head, etag: undefined, lastModified: undefined }, body.length)
  writer.write(body)
  void writer.commit()
}

const settle = async () => {
  await new Promise(resolve => setImmediate(resolve))
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage()
}

const before = await settle()
let longest = 0
for (let i = 0; i < COUNT; i++) {
  const from = performance.now()
  put(i)
  longest = Math.max(longest, performance.now() - from)
}
const after = await settle()
const each = name => Math.round((after[name] - before[name]) / COUNT)
console.log(`${COUNT} × ${kind}: resident ${each('rss')} B each (heap ${each('heapUsed')}, buffers ${each('arrayBuffers')}), counted ${Math.round(store.stats().bytes / COUNT)}; longest insertion ${longest.toFixed(1)} ms`)
await store.close()

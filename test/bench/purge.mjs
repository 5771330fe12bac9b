/**
 * What a purge costs: by a tag that one entry carries, and by one that 100,000 carry. Both are one row in the log; what
 * differs is that the entries then answer "purged" when they are next looked up, which is timed too.
 *
 *   npm run build && node test/bench/purge.mjs [entries]
 */
import { systemClock } from '../../dist/src/core/clock.js'
import { createLocalLog } from '../../dist/src/invalidation/log.js'
import { createMemoryStore } from '../../dist/src/store/memory.js'

const COUNT = Number(process.argv[2] ?? 100_000)
const ROUNDS = 200

const log = createLocalLog({ clock: systemClock })
const store = createMemoryStore({ limit: 4e9, maxObject: 1e6, maxVariants: 32, clock: systemClock })
const head = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n')
const body = Buffer.alloc(1024, 'x')
const policy = { bornAt: 0, freshUntil: 1e12, swrUntil: 1e12, sieUntil: 1e12, keepUntil: 1e12, askedAt: 0, flags: 0 }

for (let i = 0; i < COUNT; i++) {
  const key = `http://example.com/item/${i}`
  const tags = i === 0 ? ['many', 'one'] : ['many', `item-${i}`]
  const meta = { kind: 'entry', key, primary: key, url: key, status: 200, policy, head, etag: undefined, lastModified: undefined, tags, filledAt: log.head, checkedAt: undefined, generation: i }
  const writer = store.begin(meta, body.length)
  writer.write(body)
  await writer.commit()
}

async function purge (tag) {
  const times = []
  for (let i = 0; i < ROUNDS; i++) {
    const from = performance.now()
    await log.append([{ tag }], 'hard', 'cluster')
    times.push((performance.now() - from) * 1000)
  }
  times.sort((a, b) => a - b)
  return { median: times[ROUNDS >> 1], worst: times.at(-1) }
}

function count (kind) {
  const from = performance.now()
  let found = 0
  for (let i = 0; i < COUNT; i++) if (log.verdict(store.peek(`http://example.com/item/${i}`)).kind === kind) found++
  return { found, each: (performance.now() - from) * 1000 / COUNT }
}

await purge('nobody')
const carriers = { one: 1, many: COUNT }
for (const [tag, entries] of Object.entries(carriers)) {
  const { median, worst } = await purge(tag)
  const { found, each } = count('hard')
  if (found !== entries) throw new Error(`${found} entries were purged, not ${entries}`)
  console.log(`purge of a tag carried by ${String(entries).padStart(7)} entries: median ${median.toFixed(1)} µs, worst ${worst.toFixed(1)} µs; then a look-up and verdict ${each.toFixed(2)} µs`)
}
await store.close()

/**
 * A process that stores one large entry after another in Redis, until it is killed. Says each number as it begins it.
 *
 *   node store-writer.mjs URL SIZE
 */
import { systemClock as clock } from '../../dist/src/core/clock.js'
import { silentLogger as log } from '../../dist/src/core/logger.js'
import { openClient } from '../../dist/src/redis/connect.js'
import { RedisCounters } from '../../dist/src/redis/counters.js'
import { keySpace } from '../../dist/src/redis/keys.js'
import { RedisLink } from '../../dist/src/redis/link.js'
import { RedisTime } from '../../dist/src/redis/time.js'
import { createRedisStore } from '../../dist/src/store/redis.js'

const [url, size] = process.argv.slice(2)
const counters = new RedisCounters()
const client = openClient({ kind: 'url', url }, { name: 'writer', silence: 10_000, counters, log })
await new Promise(resolve => client.once('ready', resolve))
client.once('close', () => process.exit(1))
const link = new RedisLink({ client, name: 'writer', timeout: 10_000, breaker: { failures: 1000, probe: 100 }, clock, counters, log })
const store = createRedisStore({ link, time: new RedisTime(link, clock), keys: keySpace('test'), maxObject: 1e8, room: 1e8, compress: undefined, clock, counters })

for (let i = 0; ; i++) {
  const key = `http://example.com/${i % 4}`
  const now = clock.now()
  const policy = { bornAt: now, freshUntil: now + 6e4, swrUntil: now + 6e4, sieUntil: now + 6e4, keepUntil: now + 6e4, askedAt: now, flags: 0 }
  process.stdout.write(`${i}\n`)
  const writer = store.begin({
    kind: 'entry', key, primary: key, url: key, status: 200, policy, head: Buffer.from(`HTTP/1.1 200 OK\r\nx-number: ${i}\r\n`), etag: undefined,
    lastModified: undefined, tags: [], filledAt: { epoch: 1, seq: 1 }, checkedAt: undefined, generation: i
  }, Number(size))
  writer.write(Buffer.alloc(Number(size), i % 256))
  await writer.commit()
}

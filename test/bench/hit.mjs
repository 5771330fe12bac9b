/**
 * What the core costs for a hit, without sockets: 10,000 keys of 1 KiB that vary on Accept-Encoding, asked for at once and
 * at a rate so low that no answer is given again. The least of many short slices: a busy machine disturbs it little.
 *
 *   npm run bench:hit
 */
import { loadConfig } from '../../dist/src/config/load.js'
import { systemClock } from '../../dist/src/core/clock.js'
import { Counters } from '../../dist/src/core/counters.js'
import { silentLogger } from '../../dist/src/core/logger.js'
import { createLocalLog } from '../../dist/src/invalidation/log.js'
import { compileRoutes } from '../../dist/src/policy/routes.js'
import { createCore } from '../../dist/src/proxy/core.js'
import { Fills } from '../../dist/src/proxy/fills.js'
import { createMemoryStore } from '../../dist/src/store/memory.js'

const KEYS = 10_000
const SLICE = 400
const SLICES = 2_000

const HEADERS = [
  'Server', 'nginx', 'Date', new Date().toUTCString(), 'Content-Type', 'application/json', 'Content-Length', '1024', 'ETag', '"abc"',
  'Last-Modified', 'Tue, 25 Nov 2025 15:00:00 GMT', 'Connection', 'keep-alive', 'Cache-Control', 'public, max-age=36000', 'Vary', 'Accept-Encoding'
]
let wound = 0
const clock = { ...systemClock, now: () => systemClock.now() + wound }

function answer () {
  const now = clock.now()
  const chunks = [Buffer.alloc(1024, 'a')]
  const body = { read: () => Promise.resolve(chunks.shift() ?? null), cancel: () => undefined }
  return Promise.resolve({ status: 200, headers: HEADERS, askedAt: now, answeredAt: now, framing: 'length', length: 1024, body })
}

const parts = {
  clock, counters: new Counters(), logger: silentLogger, random: Math.random, strictPurge: false, originHost: (_, host) => host,
  store: createMemoryStore({ limit: 256e6, maxObject: 16e6, maxVariants: 32, clock }), log: createLocalLog({ clock }),
  origins: { ask: () => ({ answer: answer(), cancel: () => undefined }) },
  route: compileRoutes(loadConfig({ file: undefined, flags: { origin: 'http://127.0.0.1:1' }, env: {} }).routes)
}
const core = createCore(parts, new Fills(parts))
const fields = { raw: ['Host', 'shop.example'], host: 'shop.example', framing: { kind: 'none' }, connection: 'unsaid', expectsContinue: false, websocket: false, facts: undefined }
const targets = Array.from({ length: KEYS }, (_, i) => Buffer.from(`/item/${i}?page=${i % 7}`))

/** As the scanner would hand it over: a new string each time. */
function request (i) {
  return {
    method: 'GET', target: targets[i % KEYS].toString('latin1'), version: '1.1', fields, arrivedAt: clock.now(), body: undefined, onGone: undefined,
    peer: { address: '127.0.0.1', secure: false, trusted: false }, interim: () => undefined
  }
}

for (let i = 0; i < KEYS; i++) {
  const { body } = await core.handle(request(i))
  while (await body.reader.read() !== null);
}
await new Promise(resolve => { setTimeout(resolve, 100) })

/** `wind`: ms that pass after each slice. In µs a hit. */
function measure (wind) {
  const slices = Array.from({ length: SLICES }, (_, slice) => {
    const from = performance.now()
    for (let i = 0; i < SLICE; i++) {
      const asked = request(slice * SLICE + i)
      if (core.tryHit(asked, asked.arrivedAt) === undefined) throw new Error('it was no hit')
    }
    const each = (performance.now() - from) / SLICE * 1000
    wound += wind
    return each
  }).slice(SLICES / 4).toSorted((a, b) => a - b)
  return `least ${slices[0].toFixed(2)}, median ${slices[slices.length >> 1].toFixed(2)}`
}

console.log(`µs a hit given again:   ${measure(1)}`)
console.log(`µs a hit looked up:     ${measure(100)}`)
await parts.store.close()

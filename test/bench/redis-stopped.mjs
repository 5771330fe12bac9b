/**
 * What a Redis that stands still costs the clients, against the built program.
 *
 *   npm run bench:redis-stopped [-- rounds]
 *
 * Two Seawalls before one origin, each with a Redis of its own. 100 clients ask both in turn, ten times a second, for what is
 * in their memory, and ten of them for what nobody has. In each round one of the two Redis is stopped (SIGSTOP) for four
 * seconds and goes on again. What else the machine does, it does to both.
 *
 * Fails where any request of the one whose Redis is stopped is not answered 200, or the p99 of its memory hits is more than
 * half as long again as the other's in the median round.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, start, stopAll } from './peers/processes.mjs'
import { pin } from './peers/machine.mjs'

const ROUNDS = Number(process.argv[2] ?? 7)
const STOPPED = 4_000
const [CLIENTS, MISSING, PACE] = [100, 10, 100]
const MOST = 1.5

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const quantile = (all, q) => all.toSorted((a, b) => a - b)[Math.floor(all.length * q)] ?? NaN
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity })

/** Resolves to how long it took, in ms; NaN where the answer was not 200 and whole. */
function ask (port, path) {
  const begun = performance.now()
  return new Promise(resolve => {
    http.get({ port, path, agent, host: '127.0.0.1' }, response => {
      response.resume()
      response.once('close', () => { resolve(response.statusCode === 200 && response.complete ? performance.now() - begun : NaN) })
    }).once('error', () => { resolve(NaN) })
  })
}

const folder = mkdtempSync(join(tmpdir(), 'seawall-stopped-'))
const origin = http.createServer((request, response) => { response.writeHead(200, { 'cache-control': 'max-age=600' }).end('x'.repeat(1024)) })
await new Promise(resolve => { origin.listen(0, '127.0.0.1', resolve) })
pin(1, process.pid)

async function stand (name) {
  const [redis, port, admin] = [await freePort(), await freePort(), await freePort()]
  const pid = await start({ name: 'redis-server', core: 1, command: 'redis-server', args: ['--port', redis, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'].map(String), port: redis, output: join(folder, `${name}.redis`) })
  await start({
    name: 'seawall', core: 0, command: process.execPath, port, output: join(folder, `${name}.out`),
    args: [fileURLToPath(new URL('../../dist/bin/seawall.js', import.meta.url)), 'start', '--origin', `http://127.0.0.1:${origin.address().port}`, '--listen', `127.0.0.1:${port}`, '--admin', `127.0.0.1:${admin}`, '--redis', `redis://127.0.0.1:${redis}`, '--access-log', 'off', '--log-level', 'warn']
  })
  return { name, port, redis: pid, hits: [], misses: [] }
}

/** One client of both: what it asks for is stored, but for each tenth client. */
async function client (number, both, going) {
  await pause(Math.random() * PACE)
  for (let i = 0; going(); i++) {
    const missing = number < MISSING
    for (const one of i % 2 ? both : both.toReversed()) (missing ? one.misses : one.hits).push(await ask(one.port, missing ? `/miss/${number}/${i}/${Math.random()}` : `/hit/${number % 5}`))
    await pause(PACE)
  }
}

let failed = false
try {
  const both = [await stand('stopped'), await stand('other')]
  const [stopped, other] = both
  for (let i = 0; i < 2_000; i++) await Promise.all(both.map(({ port }) => ask(port, `/hit/${i % 5}`)))
  const rounds = []
  const misses = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of both) Object.assign(one, { hits: [], misses: [] })
    process.kill(stopped.redis, 'SIGSTOP')
    let going = true
    const clients = Array.from({ length: CLIENTS }, (_, number) => client(number, both, () => going))
    await pause(STOPPED)
    process.kill(stopped.redis, 'SIGCONT')
    going = false
    await Promise.all(clients)
    const lost = [...stopped.hits, ...stopped.misses].filter(Number.isNaN).length
    const [mine, theirs] = [quantile(stopped.hits, 0.99), quantile(other.hits, 0.99)]
    rounds.push(mine / theirs)
    misses.push(...stopped.misses)
    console.log(`round ${round + 1}: ${stopped.hits.length} memory hits, p99 ${mine.toFixed(2)} ms beside ${theirs.toFixed(2)}; ${stopped.misses.length} misses, the slowest ${Math.max(...stopped.misses).toFixed(0)} ms beside ${Math.max(...other.misses).toFixed(0)}; ${lost} not answered`)
    failed ||= lost > 0
    await pause(1_500)
  }
  const ratio = quantile(rounds, 0.5)
  console.log(`p99 of memory hits ${ratio.toFixed(2)} × in the median round, at most ${MOST} is wanted; misses: median ${quantile(misses, 0.5).toFixed(1)} ms, p99 ${quantile(misses, 0.99).toFixed(0)} ms`)
  failed ||= ratio > MOST
} finally {
  await stopAll()
  origin.close()
  agent.destroy()
  rmSync(folder, { recursive: true })
}
process.exitCode = failed ? 1 : 0

/**
 * CPU time a request of Seawall and its peers, each alone on core 0, the origin and the load on core 1, in interleaved
 * rounds of one run: what disturbs the machine disturbs all of them alike. Quote ratios, not times.
 *
 *   npm run bench -- --help
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { driver, load } from './load.mjs'
import { cpu, installed, resident } from './machine.mjs'
import { readOptions } from './options.mjs'
import { startOrigin } from './origin.mjs'
import { stopAll } from './processes.mjs'
import { comparison, summary, table } from './report.mjs'
import { SCENARIOS } from './scenarios.mjs'
import { available, startPeer, startSeawall } from './servers.mjs'

/** Seconds. */
const LONGEST_WARM_UP = 20

async function startServers (options, peers, origin, folder, log) {
  const here = resolve(import.meta.dirname, '../../..')
  const servers = [await startSeawall('seawall', here, origin.port, folder, log)]
  if (options.vs !== undefined) servers.push(await startSeawall('other', options.vs, origin.port, folder, log))
  if (options.workers !== undefined) servers.push(await startSeawall('workers', here, origin.port, folder, log, ['--workers', String(options.workers)]))
  for (const peer of peers) servers.push(await startPeer(peer, origin.port, folder, log))
  return servers
}

async function measure (server, name, seconds, folder, origin) {
  const [cpuBefore, fetchesBefore] = [cpu(server.pid), origin.stampeded()]
  const result = await load({ name, scenario: SCENARIOS[name], port: server.port, seconds, folder, etag: origin.etag })
  const fetches = result.stampedes === undefined ? {} : { fetches: origin.stampeded() - fetchesBefore }
  return { ...result, ...fetches, cpu: cpu(server.pid) - cpuBefore, rss: resident(server.pid) }
}

async function warmUp (server, name, folder, origin) {
  let { warm } = SCENARIOS[name]
  for (let i = 0; i < LONGEST_WARM_UP && warm > 0; i++) warm -= (await measure(server, name, 1, folder, origin)).requests
}

/** Every server in turn, round after round. */
async function runScenario (name, servers, options, folder, origin) {
  for (const server of servers) await warmUp(server, name, folder, origin)
  const rounds = Object.fromEntries(servers.map(server => [server.name, []]))
  for (let i = 0; i < options.rounds; i++) {
    for (const server of servers) rounds[server.name].push(await measure(server, name, options.seconds, folder, origin))
  }
  return Object.fromEntries(Object.entries(rounds).map(([server, measured]) => [server, summary(measured)]))
}

async function runAll (options, peers, folder) {
  const results = {}
  for (const log of options.logs) {
    const own = join(folder, log ? 'logged' : 'unlogged')
    mkdirSync(own)
    chmodSync(own, 0o777)
    const origin = await startOrigin(own)
    const servers = await startServers(options, peers, origin, own, log)
    for (const name of options.scenarios) {
      const rows = results[`${name}${log ? ', access log' : ''}`] = await runScenario(name, servers, options, own, origin)
      console.log(table(`${SCENARIOS[name].says} (${name}), access log ${log ? 'on' : 'off'}`, rows))
    }
    await stopAll()
  }
  return results
}

async function main () {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) return
  if (!installed('nginx')) throw new Error('The origin is nginx: apt-get install nginx')
  if (driver === undefined) throw new Error('The load comes from wrk (apt-get install wrk), or from autocannon where that is missing (npm install -g autocannon)')
  const peers = available(options.peers)
  const folder = mkdtempSync(join(tmpdir(), 'seawall-bench-'))
  chmodSync(folder, 0o777)
  // also where a signal ends the run
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  try {
    const before = loadavg()[0]
    console.log(`Node ${process.version}, ${driver}, load average ${before.toFixed(1)}${before > 1 ? ': a busy machine, expect noise' : ''}`)
    const run = { at: new Date().toISOString(), node: process.version, load: before, rounds: options.rounds, seconds: options.seconds, results: await runAll(options, peers, folder) }
    if (options.before !== undefined) console.log(comparison(run, options.before))
    if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(run, null, 2) + '\n')
  } finally {
    await stopAll()
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
main().catch(error => {
  console.error(error.message)
  process.exitCode = 1
})

/**
 * What stalling clients cost the others, against the built program.
 *
 *   npm run bench:stall [-- seconds]
 *
 * Two Seawalls before one origin. 200 well-behaved clients ask both in turn, ten times a second, for what is stored, while
 * one of the two has 1,000 clients that send a byte of their head a second and 100 that ask for 8 MiB (half of them
 * stored, half passed) and read nothing of it; those that are thrown out come back. What else the machine does, it does
 * to both. Then 10,000 idle connections, each with one answer behind it.
 *
 * Fails where the p99 of the one is more than double the other's, resident memory grows by 200 MiB, what is in use after
 * a collection stays 24 MiB above what it was (8 are the stored object; the rest is the allocator's to keep, and serves
 * what comes next), or idle connections take 150 MiB.
 */
import { fork, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'

const SECONDS = Number(process.argv[2] ?? 10)
const [GOOD, SLOW, DEAF, IDLE] = [200, 1000, 100, 10_000]
const PACE = 100
const LARGE = 8 * 2 ** 20
const MIB = 2 ** 20
/** In the program itself: collects garbage when told to, since V8 would wait for an occasion. */
const COLLECTS = 'data:text/javascript,process.on("SIGUSR2", () => gc())'

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const head = (path, ...fields) => [`GET ${path} HTTP/1.1`, 'Host: stall.test', ...fields, '', ''].join('\r\n')

// ---- the clients, in processes of their own

/** Connects, and again a moment after each time it is thrown out. */
function persist (port, live) {
  const again = () => persist(port, live)
  const socket = net.connect(port, '127.0.0.1', () => live(socket))
  socket.on('error', () => undefined).on('close', () => setTimeout(again, 200))
}

function slowHead (socket) {
  const bytes = head('/small', 'X-Slow: '.padEnd(400, 'x'))
  let at = 0
  const timer = setInterval(() => socket.write(bytes[at++ % bytes.length]), 1000)
  socket.on('data', () => undefined).on('close', () => clearInterval(timer))
}

const roles = {
  stall (port) {
    for (let i = 0; i < SLOW; i++) persist(port, slowHead)
    for (let i = 0; i < DEAF; i++) persist(port, socket => socket.pause().write(head(i % 2 === 0 ? '/large' : `/passed?${i}`)))
    setTimeout(() => process.send('ready'), 3000)
  },
  idle (port) {
    let open = 0
    const next = () => {
      const socket = net.connect(port, '127.0.0.1', () => socket.write(head('/small', 'User-Agent: idle', 'Accept: */*')))
      socket.once('data', () => {
        if (++open === IDLE) process.send('ready')
        else if (open <= IDLE - 100) next()
      })
    }
    for (let i = 0; i < 100; i++) next()
  }
}

/** Resolves to a function that ends the clients, once they are where they should be. */
function clients (role, port) {
  const child = fork(new URL(import.meta.url).pathname, [role, String(port)])
  const gone = new Promise(resolve => child.on('exit', resolve))
  return new Promise(resolve => child.once('message', () => resolve(async () => {
    child.kill('SIGKILL')
    await gone
  })))
}

// ---- the measuring

async function startOrigin () {
  const large = Buffer.alloc(LARGE, 'x')
  const server = http.createServer((request, response) => {
    const small = request.url.startsWith('/small')
    response.setHeader('Cache-Control', request.url.startsWith('/passed') ? 'no-store' : 'max-age=3600')
    response.end(small ? 'hello' : large)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function startSeawall (origin) {
  const child = spawn(process.execPath, ['--expose-gc', '--import', COLLECTS, 'dist/bin/seawall.js', 'start', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--access-log', 'off', '--origin', `http://127.0.0.1:${origin.address().port}`],
    { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  const port = await new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error(said)))
    child.stdout.on('data', chunk => {
      said = (said + String(chunk)).slice(-10_000)
      const found = /"listen":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(said)
      if (found) resolve(Number(found[1]))
    })
  })
  const admin = /"admin":"([^"]+)"/.exec(said)[1]
  return { port, admin, pid: child.pid, stop: () => child.kill('SIGKILL') }
}

function residentOf (pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
}

/** Heap and buffers in use once garbage is collected. */
async function inUse ({ pid, admin }) {
  for (let i = 0; i < 4; i++) {
    process.kill(pid, 'SIGUSR2')
    await pause(500)
  }
  const metrics = await (await fetch(`${admin}/metrics`)).text()
  const value = name => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)[1])
  return value('nodejs_heap_size_used_bytes') + value('nodejs_external_memory_bytes')
}

/** For each port the sorted times in ms of GOOD clients, each asking one of them a PACE, for so many seconds. */
async function wellBehaved (ports, seconds) {
  const agents = ports.map(() => new http.Agent({ keepAlive: true, maxSockets: GOOD }))
  const times = ports.map(() => [])
  const get = which => new Promise((resolve, reject) => {
    const from = performance.now()
    http.get({ port: ports[which], host: '127.0.0.1', path: '/small', agent: agents[which], headers: { host: 'stall.test' } }, response => {
      response.resume().on('end', () => { times[which].push(performance.now() - from); resolve() })
    }).on('error', reject)
  })
  const end = performance.now() + seconds * 1000
  await Promise.all(Array.from({ length: GOOD }, async (_, i) => {
    await pause(i * PACE / GOOD)
    for (let asked = i; performance.now() < end; asked++) {
      const from = performance.now()
      await get(asked % ports.length)
      await pause(Math.max(0, PACE - (performance.now() - from)))
    }
  }))
  for (const agent of agents) agent.destroy()
  return times.map(each => each.sort((a, b) => a - b))
}

/** What `work` resolves to, and the most that was resident meanwhile. */
async function peakDuring (pid, work) {
  let peak = residentOf(pid)
  const timer = setInterval(() => { peak = Math.max(peak, residentOf(pid)) }, 100)
  const result = await work()
  clearInterval(timer)
  return [result, peak]
}

const at = (sorted, part) => sorted[Math.floor(sorted.length * part)]
const told = sorted => `${sorted.length} answers, p50 ${at(sorted, 0.5).toFixed(2)} ms, p99 ${at(sorted, 0.99).toFixed(2)} ms, longest ${sorted.at(-1).toFixed(1)} ms`
const mib = bytes => `${(bytes / MIB).toFixed(0)} MiB`

async function main () {
  const origin = await startOrigin()
  const [calm, beset] = [await startSeawall(origin), await startSeawall(origin)]
  const ports = [calm.port, beset.port]
  await wellBehaved(ports, 3)
  const used = await inUse(beset)
  const before = residentOf(beset.pid)

  const [[quiet, beside], peak] = await peakDuring(beset.pid, async () => {
    const end = await clients('stall', beset.port)
    const times = await wellBehaved(ports, SECONDS)
    await end()
    return times
  })
  console.log(`without stalling clients: ${told(quiet)}`)
  console.log(`with ${SLOW} slow heads and ${DEAF} deaf readers: ${told(beside)}`)
  const kept = await inUse(beset) - used
  const after = residentOf(beset.pid)
  console.log(`resident before ${mib(before)}, at most ${mib(peak)} (+${mib(peak - before)}), after ${mib(after)}; in use afterwards +${mib(kept)}`)

  const endIdle = await clients('idle', beset.port)
  await pause(1000)
  const idle = residentOf(beset.pid) - after
  console.log(`${IDLE} idle connections: +${mib(idle)}, ${Math.round(idle / IDLE)} bytes each`)
  await endIdle()

  calm.stop()
  beset.stop()
  origin.closeAllConnections()
  origin.close()
  const ratio = at(beside, 0.99) / at(quiet, 0.99)
  const held = { 'p99 at most doubles': ratio <= 2, 'under 200 MiB more': peak - before < 200 * MIB, 'comes back': kept < 24 * MIB, 'idle under 150 MiB': idle < 150 * MIB }
  console.log(`p99 × ${ratio.toFixed(2)}; ${Object.entries(held).map(([what, so]) => `${what}: ${so ? 'yes' : 'NO'}`).join('; ')}`)
  process.exitCode = Object.values(held).every(Boolean) ? 0 : 1
}

const role = roles[process.argv[2]]
if (role === undefined) await main()
else role(Number(process.argv[3]))

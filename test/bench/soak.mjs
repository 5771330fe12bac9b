/**
 * Mixed load for a while, on the built program; resident memory and descriptors must be flat at its end.
 *
 *   npm run soak -- [--minutes N] [--seconds N] [--rate N]
 *
 * Hits, misses never asked for again, revalidations, variants, large bodies, writes, purges, origins that fail and break,
 * clients that leave, stop reading or say nonsense. Fails when the last third of the samples lies above the middle one.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seconds: { type: 'string' }, rate: { type: 'string', default: '300' } } })
const MS = values.seconds === undefined ? Number(values.minutes ?? 10) * 60_000 : Number(values.seconds) * 1000
const EVERY = Math.max(250, MS / 120)
/** What allocation and collection may move. */
const SLACK = { rss: 32, descriptors: 16 }
const LARGE = Buffer.alloc(1_000_000, 'x')

const origin = http.createServer((request, response) => {
  const kind = request.url.split('/')[1]
  request.resume()
  response.on('error', () => undefined)
  if (kind === 'fails') return response.writeHead(503).end('down')
  if (kind === 'breaks') return response.writeHead(200, { 'content-length': 1000, 'cache-control': 'max-age=5' }).write('part', () => response.destroy())
  if (kind === 'revalidated' && request.headers['if-none-match'] !== undefined) return response.writeHead(304, { etag: '"1"', 'cache-control': 'max-age=1' }).end()
  const fields = { 'cache-control': kind === 'revalidated' ? 'max-age=1' : 'max-age=60, stale-while-revalidate=10', etag: '"1"', 'surrogate-key': `all ${kind}`, ...(kind === 'varied' ? { vary: 'accept-language' } : {}) }
  response.writeHead(200, fields).end(kind === 'large' ? LARGE : `${request.url} `.repeat(20))
})
await new Promise(resolve => { origin.listen(0, '127.0.0.1', resolve) })

const program = spawn(process.execPath, [
  'dist/bin/seawall.js', 'start', '--origin', `http://127.0.0.1:${origin.address().port}`, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--memory', '64mb', '--access-log', 'off'
], { stdio: ['ignore', 'pipe', 'inherit'] })
process.on('exit', () => program.kill('SIGKILL'))
const ended = new Promise(resolve => { program.once('exit', (code, signal) => resolve(code ?? signal)) })
let output = ''
await new Promise(resolve => { program.stdout.on('data', chunk => { output += chunk; if (output.includes('"listening"')) resolve() }) })
const { listen, admin } = JSON.parse(output.split('\n')[0])
const { port } = new URL(listen)

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
const counts = { answered: 0, failed: 0 }

function ask (path, { method = 'GET', headers = {}, leave = false } = {}) {
  const request = http.request(listen + path, { method, headers, agent }, response => {
    if (leave) return response.destroy()
    response.on('error', () => { counts.failed++ }).on('end', () => { counts.answered++ }).resume()
  })
  request.on('error', () => { counts.failed++ }).end()
}

/** A connection that is not what it should be, let go of after a second or two. */
function misbehave (text, reads) {
  const socket = net.connect(Number(port), '127.0.0.1', () => { socket.write(text) })
  socket.on('error', () => undefined)
  if (reads) socket.resume()
  else socket.pause()
  setTimeout(() => socket.destroy(), 1_500)
}

let n = 0
const WAYS = [
  ...Array.from({ length: 12 }, () => () => ask(`/hot/${n % 50}`)), ...Array.from({ length: 4 }, () => () => ask(`/once/${n}`)),
  () => ask(`/revalidated/${n % 5}`), () => ask(`/varied/${n % 5}`, { headers: { 'accept-language': ['en', 'de', 'fr'][n % 3] } }),
  () => ask(`/large/${n % 40}`), () => ask(`/large/${n % 40}`, { leave: true }), () => ask(`/hot/${n % 50}`, { method: 'POST' }),
  () => ask(`/fails/${n % 9}`), () => ask(`/breaks/${n}`), () => ask(`/hot/${n % 50}`, { headers: { range: 'bytes=5-20' } }),
  () => misbehave('GET / HTTP/1.1\r\nHost', true), () => misbehave(`GET /large/1 HTTP/1.1\r\nHost: h\r\n\r\n`, false), () => misbehave('nonsense\r\n\r\n', true),
  () => { void fetch(`${admin}/purge`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ tags: ['hot'] }) }).then(reply => reply.arrayBuffer()) }
]

const samples = []
function sample () {
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))[1]) / 1024
  samples.push({ rss, descriptors: readdirSync(`/proc/${program.pid}/fd`).length })
}

const sampling = setInterval(sample, EVERY)
const load = setInterval(() => { for (let i = 0; i < Number(values.rate) / 50; i++) WAYS[(n++ * 11) % WAYS.length]() }, 20)
const over = await Promise.race([ended, new Promise(resolve => { setTimeout(() => resolve(undefined), MS) })])
clearInterval(load)
clearInterval(sampling)
if (over !== undefined) throw new Error(`Seawall ended (${over}).`)

const third = Math.floor(samples.length / 3)
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const figures = name => [0, 1, 2].map(part => Math.round(median(samples.slice(part * third, (part + 1) * third).map(each => each[name]))))
const [rss, descriptors] = [figures('rss'), figures('descriptors')]
agent.destroy()
program.kill('SIGTERM')
console.log(`soak, ${MS / 1000} s: ${counts.answered} answered, ${counts.failed} broken or failed; medians by thirds: ${rss.join(', ')} MiB resident, ${descriptors.join(', ')} descriptors; ended with ${await ended}`)
origin.close()
origin.closeAllConnections()
const flat = rss[2] <= rss[1] + SLACK.rss && descriptors[2] <= descriptors[1] + SLACK.descriptors
if (!flat) console.log('not flat')
process.exitCode = flat ? 0 : 1

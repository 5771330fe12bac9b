/**
 * Resident memory a stored object costs the built program, beside Varnish and nginx where they are installed: so many
 * distinct 1 KiB objects fetched once, and what each process and its children grew by.
 *
 *   npm run bench:memory [-- --n 200000] [--peers varnish,nginx] [--memory 4gb]
 *
 * nginx keeps bodies in files: its figure is its index alone.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { installed, resident } from './peers/machine.mjs'
import { startOrigin } from './peers/origin.mjs'
import { stopAll } from './peers/processes.mjs'
import { available, startPeer, startSeawall } from './peers/servers.mjs'

/** Objects stored before the first look: what a server takes to start with is not theirs. */
const WARM_UP = 2_000
/** Milliseconds in which a server may tidy up before it is looked at. */
const PAUSE = 3_000
const CONNECTIONS = 32
const BODY = 1024

/** Asks for each of the objects from `first` on once. */
async function fill (port, first, count) {
  let next = first
  await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(port, () => next < first + count ? next++ : undefined)))
}

/** One object after the other over one connection, as `take` names them, until it names none. */
function ask (port, take) {
  return new Promise((done, failed) => {
    const socket = connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    const proceed = () => {
      const number = take()
      if (number === undefined) return socket.end()
      socket.write(`GET /hit/product/${number}?v=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept-Encoding: gzip\r\n\r\n`)
    }
    socket.on('data', chunk => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const end = received.indexOf('\r\n\r\n')
      if (end < 0 || received.length < end + 4 + BODY) return
      if (!received.latin1Slice(0, 12).endsWith('200')) return failed(new Error(received.latin1Slice(0, end)))
      received = Buffer.alloc(0)
      proceed()
    })
    socket.on('connect', proceed).on('close', done).on('error', failed)
  })
}

async function measure ({ name, pid, port }, count) {
  await fill(port, 0, WARM_UP)
  await sleep(PAUSE)
  const before = resident(pid)
  const from = performance.now()
  await fill(port, WARM_UP + 100, count)
  const seconds = (performance.now() - from) / 1000
  await sleep(PAUSE)
  const after = resident(pid)
  const each = Math.round((after - before) * 2 ** 20 / count)
  console.log(`${name.padEnd(8)} ${each} B resident for each of ${count} objects (${before.toFixed(0)} → ${after.toFixed(0)} MiB, ${Math.round(count / seconds)} stored/s)`)
}

const { values } = parseArgs({ options: {
  n: { type: 'string', default: '200000' }, peers: { type: 'string', default: 'varnish,nginx' }, memory: { type: 'string', default: '4gb' }
} })
if (!installed('nginx')) throw new Error('The origin is nginx: apt-get install nginx')
const folder = mkdtempSync(join(tmpdir(), 'seawall-memory-'))
chmodSync(folder, 0o777)
try {
  const origin = await startOrigin(folder)
  const build = resolve(import.meta.dirname, '../..')
  await measure(await startSeawall('seawall', build, origin.port, folder, false, ['--memory', values.memory]), Number(values.n))
  for (const peer of available(values.peers.split(',').filter(Boolean))) await measure(await startPeer(peer, origin.port, folder, false), Number(values.n))
} finally {
  await stopAll()
  rmSync(folder, { recursive: true, force: true })
}

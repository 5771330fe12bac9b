/**
 * Many clients ask for one missing key at the same moment, some times in a row with a new key each.
 *
 *   node stampede.mjs PORT CLIENTS TIMES
 */
import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'

const [port, clients, times] = process.argv.slice(2).map(Number)
const END = 'a'.repeat(16)
const latencies = []
let errors = 0

const opened = await Promise.all(Array.from({ length: clients }, () => new Promise((resolve, reject) => {
  const socket = connect(port, '127.0.0.1', () => resolve(socket))
  socket.setNoDelay(true).once('error', reject)
})))

/** Resolves with the answer's time once its body is whole: 1 KiB, the origin's. */
function ask (socket, path) {
  return new Promise(resolve => {
    const from = performance.now()
    let text = ''
    const settle = ok => {
      socket.off('data', read).off('close', closed)
      if (!ok) errors++
      resolve(performance.now() - from)
    }
    const closed = () => settle(false)
    const read = chunk => {
      text += chunk.latin1Slice()
      const head = text.indexOf('\r\n\r\n')
      if (head !== -1 && text.length >= head + 4 + 1024 && text.includes(END, head)) settle(text.startsWith('HTTP/1.1 200'))
    }
    socket.on('data', read).once('close', closed)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  })
}

const from = performance.now()
for (let i = 0; i < times; i++) {
  const path = `/stampede/${randomUUID()}`
  latencies.push(...await Promise.all(opened.map(socket => ask(socket, path))))
}
const us = Math.round((performance.now() - from) * 1000)
for (const socket of opened) socket.destroy()
latencies.sort((a, b) => a - b)
const at = share => Math.round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] * 1000)
console.log(`RESULT ${JSON.stringify({ requests: latencies.length, us, errors, p50: at(0.5), p99: at(0.99), p999: at(0.999), stampedes: times })}`)

/** The line a request, of the requests that end without an answer from the cache or an origin. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { until } from '../support/barrier.js'
import { connect } from '../support/client.js'
import { rawOrigin } from '../support/raw-origin.js'
import { emptyFolder, startSeawall, type Seawall } from '../support/seawall.js'

async function started (): Promise<{ seawall: Seawall, port: number, asked: () => number, line: () => Promise<Record<string, unknown>> }> {
  const origin = await rawOrigin(() => undefined)
  onTestFinished(() => origin.close())
  const file = join(emptyFolder(), 'proxy.config.json')
  writeFileSync(file, JSON.stringify({
    listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, origins: { api: { url: origin.url } }, limits: { headerTimeout: '1ms', drain: '1ms' }
  }))
  const seawall = await startSeawall(['--config', file])
  const lines = (): Record<string, unknown>[] => seawall.log().filter(line => line['msg'] === 'request')
  return {
    seawall, port: Number(new URL(seawall.url).port), asked: () => origin.peers.length,
    line: async () => {
      await until('a line', () => lines().length > 0)
      expect(lines()).toHaveLength(1)
      return lines()[0]!
    }
  }
}

const refused: readonly [string, string, object][] = [
  ['that is malformed', 'GET  / HTTP/1.1\r\nHost: h\r\n\r\n', { status: 400, code: 'bad_request_line' }],
  ['with two hosts, and what is behind it', 'GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\nGET / HTTP/1.1\r\n'.repeat(3), { status: 400, code: 'host_repeated' }],
  ['that does not come to its end', 'GET / HTTP/1.1\r\nHost: h\r\n', { status: 408, code: 'header_timeout' }]
]

it.each(refused)('says why a head was refused %s', async (_, head, why) => {
  const { port, line } = await started()
  const client = await connect(port)
  client.write(head)
  await client.closed
  const said = await line()
  expect(said).toMatchObject({ level: 'info', outcome: 'refused', ...why, client: '127.0.0.1', complete: true })
  expect(said['bytes']).toBeGreaterThan(100)
  expect(said).not.toHaveProperty('url')
})

it('tells of a client that left before it was answered, as 499', async () => {
  const { port, asked, line } = await started()
  const client = await connect(port)
  client.write('GET /slow?q HTTP/1.1\r\nHost: h\r\n\r\n')
  await until('the origin is asked', () => asked() === 1)
  client.socket.resetAndDestroy()
  expect(await line()).toMatchObject({
    outcome: 'gone', status: 499, code: 'client_gone', method: 'GET', host: 'h', url: '/slow?q', bytes: 0, client: '127.0.0.1', complete: false
  })
})

it('tells of a request that was cut as the process ended', async () => {
  const { seawall, port, asked, line } = await started()
  const client = await connect(port)
  client.write('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
  await until('the origin is asked', () => asked() === 1)
  await seawall.stop()
  expect(await line()).toMatchObject({ outcome: 'error', status: 503, code: 'draining', url: '/slow', complete: false })
})

it('says nothing of connections that asked nothing', async () => {
  const { seawall, port } = await started()
  const client = await connect(port)
  client.socket.end()
  await client.closed
  await seawall.stop()
  expect(seawall.log().filter(line => line['msg'] === 'request')).toEqual([])
})

/** The line a request, of the requests that end without an answer from the cache or an origin. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { until } from '../support/barrier.js'
import { ask, connect } from '../support/client.js'
import { rawOrigin } from '../support/raw-origin.js'
import { emptyFolder, startSeawall, type Seawall } from '../support/seawall.js'

type Line = Record<string, unknown>

async function startedWith (config: object): Promise<{ seawall: Seawall, lines: () => Line[] }> {
  const file = join(emptyFolder(), 'proxy.config.json')
  writeFileSync(file, JSON.stringify({ listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, ...config }))
  const seawall = await startSeawall(['--config', file])
  return { seawall, lines: () => seawall.log().filter(line => line['msg'] === 'request') }
}

/** Before an origin that never answers. */
async function started (): Promise<{ seawall: Seawall, port: number, asked: () => number, line: () => Promise<Line> }> {
  const origin = await rawOrigin(() => undefined)
  onTestFinished(() => origin.close())
  const { seawall, lines } = await startedWith({ origins: { api: { url: origin.url } }, limits: { headerTimeout: '1ms', drain: '1ms' } })
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
    outcome: 'gone', status: 499, code: 'client_gone', origin: 'api', method: 'GET', host: 'h', url: '/slow?q', bytes: 0, client: '127.0.0.1', complete: false
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

it('tells origins apart, and why something was not stored', async () => {
  const well = await rawOrigin(async peer => {
    await peer.expect('\r\n\r\n')
    peer.say('HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Length: 1\r\n\r\nx')
  })
  const ill = await rawOrigin(peer => { peer.socket.resetAndDestroy() })
  for (const origin of [well, ill]) onTestFinished(() => origin.close())
  const { seawall, lines } = await startedWith({
    origins: { 'well.1': { url: well.url }, ill: { url: ill.url } }, routes: [{ match: '/ill', origin: 'ill' }, { match: '/*', hosts: ['127.0.0.1'], origin: 'well.1' }]
  })
  for (const path of ['/ill', '/well']) await seawall.get(path)
  await seawall.get('/', { headers: { host: 'other' } })
  await until('all lines', () => lines().length === 3)
  expect(lines()).toMatchObject([
    { url: '/ill', status: 502, code: 'origin_reset', origin: 'ill' }, { url: '/well', status: 200, origin: 'well.1', detail: 'private' }, { url: '/', status: 421 }
  ])
  expect(lines()[2]).not.toHaveProperty('origin')
  const { body } = await ask(`${seawall.adminUrl}/metrics`)
  expect(body.split('\n').filter(line => /^seawall_origin_(requests|errors)/.test(line))).toEqual([
    'seawall_origin_requests_total{origin="well.1"} 1', expect.stringMatching(/^seawall_origin_requests_total\{origin="ill"\} [12]$/),
    expect.stringMatching(/^seawall_origin_errors_total\{origin="ill",code="origin_reset"\} 1$/)
  ])
})

it('says nothing of connections that asked nothing', async () => {
  const { seawall, port } = await started()
  const client = await connect(port)
  client.socket.end()
  await client.closed
  await seawall.stop()
  expect(seawall.log().filter(line => line['msg'] === 'request')).toEqual([])
})

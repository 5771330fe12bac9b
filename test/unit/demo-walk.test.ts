/** A line of the demo's tour is held against what it claims, and says what it did not show. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { SampleOrigin } from '../../src/demo/origin.js'
import type { Line } from '../../src/demo/table.js'
import { createWalk, type Walk } from '../../src/demo/walk.js'

let requests = 0
const server = http.createServer((request, response) => {
  if (request.url === '/cut') {
    response.destroy()
    return
  }
  requests += request.url === '/twice' ? 2 : 0
  response.setHeader('Cache-Status', 'seawall; hit; ttl=3').setHeader('Age', '7').end('the body')
})
const origin: SampleOrigin = { url: 'http://127.0.0.1:1', requests: () => requests, stop: async () => undefined, restart: async () => undefined }
const lines: [Line, readonly string[]][] = []
let off: AbortController
let walk: Walk

beforeAll(() => new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) }))
beforeEach(() => {
  const listen = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  lines.length = 0
  off = new AbortController()
  walk = createWalk({ listen, admin: listen, origin }, { line: (line, wrong) => { lines.push([line, wrong]) }, note: () => undefined }, off.signal)
  return () => walk.close()
})
afterAll(() => { server.close() })

test('a line shows what was sent and what came back', async () => {
  const answer = await walk.show({ what: 'one', method: 'POST', path: '/a', headers: { 'X-A': 'b', 'Content-Type': 'text/plain' }, body: 'c', origin: 0, claims: {} })
  expect(answer.body).toBe('the body')
  expect(lines).toEqual([[
    { what: 'one', sent: 'POST /a  X-A: b c', status: '200', said: 'hit; ttl=3', age: '7', time: expect.any(Number), origin: 0 }, []
  ]])
  expect(walk.wrong).toEqual([])
})

test('a claim that does not hold is named, and so is its line', async () => {
  await walk.show({ what: 'claims', path: '/', origin: 0, claims: { 'a miss': a => a.status === 404, 'its Age': a => a.field('age') === '7' } })
  await walk.show({ what: 'fine', path: '/', origin: 0, claims: {} })
  expect(lines.map(([, wrong]) => wrong)).toEqual([['a miss'], []])
  expect(walk.wrong).toEqual(['claims'])
})

test('what the origin saw is counted', async () => {
  await walk.show({ what: 'count', path: '/twice', origin: 1, claims: {} })
  expect(lines[0]).toEqual([expect.objectContaining({ origin: 2 }), ['the origin sees 1, not 2']])
})

test('what comes true soon is asked for again, and shown once', async () => {
  let asked = 0
  await walk.show({ what: 'soon', path: '/', origin: 0, soon: true, claims: { third: () => ++asked === 3 } })
  expect(asked).toBe(3)
  expect(lines.map(([, wrong]) => wrong)).toEqual([[]])
})

test('a request without an answer names its line', async () => {
  await expect(walk.show({ what: 'broken', path: '/cut', origin: 0, claims: {} })).rejects.toThrow(/^no answer to GET http:.*\/cut for the line "broken" \(socket hang up\)$/)
})

test('called off, nothing more is asked', async () => {
  off.abort()
  await expect(walk.ask('/')).rejects.toThrow('no answer')
  await expect(walk.wait(60_000)).rejects.toThrow('aborted')
})

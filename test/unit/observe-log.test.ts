import { createWriteStream } from 'node:fs'
import { Writable } from 'node:stream'
import * as fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import type { Clock } from '../../src/core/clock.js'
import { SeawallError } from '../../src/core/errors.js'
import { OUTCOMES } from '../../src/core/reasons.js'
import type { Peer, ProxyRequest, ProxyResponse } from '../../src/core/types.js'
import type { Finished } from '../../src/observe/access.js'
import { createLog, type Log, type LogOptions } from '../../src/observe/log.js'

const open: Log[] = []
afterEach(() => { for (const log of open.splice(0)) void log.close() })

/** A clock at which a line waits until the test says so. */
function handClock (): Clock & { tick: () => void } {
  const due = new Set<() => void>()
  return {
    now: () => 0,
    wall: () => 1_700_000_000_000,
    after (_delay, callback) {
      due.add(callback)
      return { cancel: () => { due.delete(callback) } }
    },
    tick () { for (const callback of due) if (due.delete(callback)) callback() }
  }
}

function memory (): Writable & { text: string, writes: number } {
  const stream = Object.assign(new Writable({
    write (chunk: Buffer, _encoding, done) {
      stream.text += chunk.toString()
      stream.writes++
      done()
    }
  }), { text: '', writes: 0 })
  return stream
}

const PEER: Peer = { address: '192.0.2.7', secure: false, trusted: false }
type Told = [request: ProxyRequest | undefined, response: ProxyResponse | undefined, info: Finished, peer?: Peer]

function start (stream: NodeJS.WritableStream, more: Partial<LogOptions> = {}) {
  const counters = { logDropped: 0 }
  const clock = handClock()
  const log = createLog({ level: 'info', access: true, tty: false, color: false, stream, counters, clock, ...more })
  open.push(log)
  const access = log.access && ((...[request, response, info, peer = PEER]: Told) => { log.access!(request, response, info, peer) })
  return { ...log, access, counters, clock }
}

const request = (more: Partial<ProxyRequest> = {}): ProxyRequest => ({
  method: 'GET', target: '/x?q=1', version: '1.1', arrivedAt: 0, body: undefined, interim: () => undefined, onGone: undefined,
  peer: PEER,
  fields: {
    raw: ['Host', 'shop.example', 'Authorization', 'Bearer s3cret', 'Cookie', 'sid=s3cret'], host: 'shop.example', framing: { kind: 'none' },
    connection: 'unsaid', expectsContinue: false, websocket: false, facts: undefined
  },
  ...more
})
const response = (more: Partial<ProxyResponse> = {}): ProxyResponse =>
  ({ status: 200, head: 'Set-Cookie: s3cret', tail: '', body: { kind: 'none' }, outcome: 'hit', age: 12, ...more })
const info = { bytes: 1024, ms: 0.4004, complete: true }

test('a request is one JSON line, without credentials', () => {
  const stream = memory()
  const log = start(stream)
  log.access!(request(), response(), info)
  log.flush()
  expect(JSON.parse(stream.text)).toEqual({
    level: 'info', time: 1_700_000_000_000, outcome: 'hit', status: 200, method: 'GET', host: 'shop.example', url: '/x?q=1',
    ms: 0.4, bytes: 1024, age: 12, client: '192.0.2.7', complete: true, msg: 'request'
  })
  expect(stream.text).not.toContain('s3cret')
})

test('the client is the one trusted proxies vouch for; a code is named; a broken answer is not complete', () => {
  const stream = memory()
  const log = start(stream)
  const fields = { ...request().fields, facts: { clientAddress: '203.0.113.9' } as never }
  log.access!(request({ fields }), response({ outcome: 'error', status: 502, code: 'origin_reset' }), { ...info, complete: false })
  log.flush()
  expect(JSON.parse(stream.text)).toMatchObject({ client: '203.0.113.9', code: 'origin_reset', complete: false, outcome: 'error' })
})

test('a refused head has no request, a client that left no answer: their lines say what is known', () => {
  const stream = memory()
  const lines = (tty: boolean): string => {
    const log = start(stream, { tty })
    const { age: _, ...refused } = response({ outcome: 'refused', status: 400, code: 'bad_host' })
    log.access!(undefined, refused, { ...info, ms: 0 })
    log.access!(request(), undefined, { bytes: 0, ms: 5, complete: false, why: new SeawallError('client_gone') })
    log.access!(request(), undefined, { bytes: 0, ms: 5, complete: false, why: new SeawallError('draining') })
    log.flush()
    return stream.text
  }
  const told = lines(false).trim().split('\n').map(line => JSON.parse(line) as object)
  expect(told[0]).toEqual({
    level: 'info', time: 1_700_000_000_000, outcome: 'refused', status: 400, ms: 0, bytes: 1024, code: 'bad_host', client: '192.0.2.7', complete: true, msg: 'request'
  })
  expect(told.slice(1)).toMatchObject([
    { outcome: 'gone', status: 499, code: 'client_gone', url: '/x?q=1', complete: false }, { outcome: 'error', status: 503, code: 'draining', complete: false }
  ])
  stream.text = ''
  expect(lines(true)).toBe('REFUSED 400 0.0ms bad_host\nGONE 499 GET /x?q=1 5.0ms client_gone incomplete\nERROR 503 GET /x?q=1 5.0ms draining incomplete\n')
})

test('events are pino lines of the same shape; those below the level are not written; errors bring their causes', () => {
  const stream = memory()
  const log = start(stream)
  log.logger.debug({}, 'unseen')
  log.logger.warn({ origin: 'api', err: new Error('outer', { cause: new Error('inner') }) }, 'origin %s')
  log.flush()
  expect(JSON.parse(stream.text)).toMatchObject({
    level: 'warn', time: 1_700_000_000_000, origin: 'api', msg: 'origin %s', err: { message: 'outer: inner', stack: expect.stringContaining('inner') as unknown }
  })
})

test('whatever a request holds, its JSON line is one parseable line of printable ASCII', () => {
  const stream = memory()
  const log = start(stream)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.constantFrom(...OUTCOMES), (target, host, outcome) => {
    stream.text = ''
    log.access!(request({ target, fields: { ...request().fields, host } }), response({ outcome }), info)
    log.flush()
    expect(stream.text).toMatch(/^[ -~]+\n$/)
    expect(JSON.parse(stream.text)).toMatchObject({ url: target, host, outcome })
  }))
})

test('a terminal gets a short line a request', () => {
  const stream = memory()
  const log = start(stream, { tty: true })
  log.access!(request({ target: '/x' }), response(), info)
  log.access!(request({ target: '/y' }), response({ outcome: 'error', status: 504, code: 'origin_timeout', age: undefined as never }), { bytes: 0, ms: 1234, complete: false })
  log.flush()
  expect(stream.text).toBe('HIT 200 GET /x 0.4ms age=12\nERROR 504 GET /y 1.23s origin_timeout incomplete\n')
})

test('colours tell outcomes apart, and only where they are wanted', () => {
  const stream = memory()
  const log = start(stream, { tty: true, color: true })
  log.access!(request(), response(), info)
  log.access!(request(), response({ outcome: 'miss' }), info)
  log.flush()
  expect(stream.text.split('\n').map(line => line.split(' ')[0])).toEqual(['\u001b[32mHIT\u001b[0m', '\u001b[34mMISS\u001b[0m', ''])
})

test('nothing logged can move the cursor, forge a line or turn the direction of text', () => {
  const stream = memory()
  const log = start(stream, { tty: true })
  const evil = '/\u001b[2J\nHIT 200\u009b1m\u202e\u2028\u0000'
  log.access!(request({ target: evil }), response({ code: evil }), info)
  log.logger.error({ [evil]: evil, err: new Error(evil), list: [evil] }, evil)
  log.flush()
  expect(stream.text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u)
  const tame = '/\\x1b[2J\\x0aHIT 200\\x9b1m\\u{202e}\\u{2028}\\x00'
  expect(stream.text.split('\n')[0]).toBe(`HIT 200 GET ${tame} 0.4ms age=12 ${tame}`)
  // what follows the event's own line is its stack, indented
  expect(stream.text.split('\n').slice(2, -1).every(line => line.startsWith('    '))).toBe(true)
})

test('a terminal event is a readable line; an error at level error brings its stack and its cause\'s', () => {
  const stream = memory()
  const log = start(stream, { tty: true, level: 'debug' })
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  log.logger.debug({ origin: 'api', tries: 2, text: 'two words', none: undefined, loop }, 'trying')
  log.logger.warn({ err: new Error('plain') }, 'warned')
  log.logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed')
  log.flush()
  const lines = stream.text.split('\n')
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d DEBUG trying origin=api tries=2 text="two words" loop=.*Circular/)
  expect(lines[1]).toMatch(/^\S+ WARN warned err="plain"$/)
  expect(lines[2]).toMatch(/^\S+ ERROR failed err="outer"$/)
  expect(lines[3]).toBe('    Error: outer')
  expect(lines).toContain('    caused by Error: inner')
})

test('a terminal shows no event below the level', () => {
  const stream = memory()
  const log = start(stream, { tty: true, level: 'warn' })
  log.logger.info({}, 'unseen')
  log.logger.warn({}, 'seen')
  log.flush()
  expect(stream.text).toMatch(/^\S+ WARN seen\n$/)
})

test('access: false logs no request, whatever the level', () => {
  expect(start(memory(), { access: false, level: 'debug' }).access).toBeUndefined()
  expect(start(memory(), { access: true, level: 'silent' }).access).toBeDefined()
})

test('lines are gathered and written in one piece', () => {
  const stream = memory()
  const log = start(stream)
  for (let i = 0; i < 100; i++) log.access!(request(), response(), info)
  expect(stream.writes).toBe(0)
  log.clock.tick()
  expect(stream.writes).toBe(1)
  expect(stream.text.split('\n')).toHaveLength(101)
})

test('a stalled target costs bounded memory, and lines past it are counted; those kept arrive in order', () => {
  let release: () => void = () => undefined
  let text = ''
  const stream = new Writable({ write (chunk: Buffer, _encoding, done) { text += chunk.toString(); release = done } })
  const log = start(stream)
  const target = '/' + 'a'.repeat(100_000)
  log.access!(request({ target: '/first' }), response(), info)
  log.clock.tick()
  for (let i = 0; i < 100; i++) log.access!(request({ target: target + i }), response(), info)
  expect(log.counters.logDropped).toBeGreaterThan(50)
  expect(log.counters.logDropped).toBeLessThan(70)
  release()
  log.clock.tick()
  const urls = text.trim().split('\n').map(line => (JSON.parse(line) as { url: string }).url.replace(target, ''))
  expect(urls).toEqual(['/first', ...Array.from({ length: 100 - log.counters.logDropped }, (_, i) => String(i))])
})

test('close waits for a slow target, but not for one that stalls', async () => {
  let release: () => void = () => undefined
  const stream = new Writable({ write (_chunk, _encoding, done) { release = done } })
  const log = start(stream)
  let closed = 0
  const closing = (): Promise<void> => log.close().then(() => { closed++ })
  log.logger.info({}, 'slow')
  const slow = closing()
  await Promise.resolve()
  expect(closed).toBe(0)
  release()
  await slow
  log.logger.info({}, 'stalled')
  const stalled = closing()
  log.clock.tick()
  await stalled
  expect(closed).toBe(2)
})

test('a target that fails, throws or is closed costs the lines of that write, counted, and no exception', async () => {
  const failing = new Writable({ write (_chunk, _encoding, done) { done(new Error('EPIPE')) } })
  const closed = new Promise(resolve => failing.once('close', resolve))
  const log = start(failing)
  log.access!(request(), response(), info)
  log.logger.info({}, 'two')
  log.flush()
  await closed
  expect(log.counters.logDropped).toBe(2)
  const settled = new Promise<void>(resolve => failing.write('probe', () => resolve()))
  log.logger.info({}, 'three')
  log.flush()
  await settled
  await new Promise<void>(resolve => { setImmediate(resolve) })
  expect(log.counters.logDropped).toBe(3)

  const throwing = Object.assign(memory(), { write (): boolean { throw new Error('no') } })
  const other = start(throwing)
  other.logger.info({}, 'one')
  other.flush()
  expect(other.counters.logDropped).toBe(1)
})

test.runIf(process.platform === 'linux')('/dev/full costs lines', async () => {
  const stream = createWriteStream('/dev/full')
  const closed = new Promise<void>(resolve => stream.once('close', resolve))
  const log = start(stream)
  log.logger.info({}, 'lost')
  log.flush()
  await closed
  expect(log.counters.logDropped).toBe(1)
})

test('what is gathered is written when the process exits, unless the log was closed before', async () => {
  const stream = memory()
  const before = process.listeners('exit')
  const log = start(stream)
  const atExit = process.listeners('exit').filter(listener => !before.includes(listener))
  log.logger.info({}, 'last words')
  expect(stream.text).toBe('')
  for (const listener of atExit) listener(0)
  expect(stream.text).toContain('last words')
  await log.close()
  expect(process.listeners('exit')).toEqual(before)
})

/** `seawall demo`, whole: its sample origin, Seawall, and every line of its tour by real requests. */
import { PassThrough } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { demo } from '../../src/cli/demo.js'
import type { Io, StopSignal } from '../../src/cli/io.js'
import { ROUTES } from '../../src/demo/shop.js'
import { until } from '../support/barrier.js'
import { ask } from '../support/client.js'

const LINES = [
  'miss', 'hit', '304', 'private', 'variant', 'another variant', 'each is kept', '200 clients, one fetch', 'a write', 'its URL is forgotten',
  'revalidated', 'stale-while-revalidate', 'refreshed behind it', 'purge by tag', 'gone', 'another tag is not',
  'stale-if-error', 'origin down', 'fresh all the while', 'never stored', 'revalidated'
]

function terminal ({ tty = false, env = {} as Record<string, string> } = {}) {
  const written = { out: '', err: '' }
  const stdout = Object.assign(new PassThrough(), { isTTY: tty })
  stdout.on('data', chunk => { written.out += String(chunk) })
  const handlers: ((signal: StopSignal) => void)[] = []
  const exits: number[] = []
  const io: Io = {
    stdout, env, stderr: { write: text => { written.err += text } },
    onSignal: handler => { handlers.push(handler) }, onReload: () => undefined, exit: code => { exits.push(code) }
  }
  return { io, written, exits, signal: () => { for (const handler of handlers) handler('SIGINT') } }
}

const lines = (out: string, mark: string) => out.split('\n').filter(line => line.startsWith(mark))

describe('seawall demo', () => {
  test.concurrent('--exit shows every line with what it claims, plainly, and ends with 0', async () => {
    const { io, written } = terminal()
    expect(await demo({ exit: true }, io)).toBe(0)
    expect(written.err).toBe('')
    expect(written.out).not.toContain('\u001b')
    const shown = lines(written.out, '✓ ')
    expect(shown.map(line => line.slice(2, 26).trim())).toEqual(LINES)
    const origins = new Set(shown.map(line => line.search(/ ms +\+\d {2}/)))
    expect(origins.size).toBe(1)
  })

  test.concurrent('stays up for what it says to try, and ends with 0 when told to', async () => {
    const { io, written, signal } = terminal({ tty: true })
    const code = demo({}, io)
    await until('the invitation', () => written.out.includes('/stats') || written.err !== '')
    expect(written.out).toContain('\u001b[32m✓')
    const tried = written.out.split('\n').filter(line => line.startsWith('  curl '))
    const urls = tried.map(line => ({ url: /http:\S+/.exec(line)![0], method: /-X POST|-d /.test(line) ? 'POST' : 'GET', body: /-d '(.*?)'/.exec(line)?.[1] ?? '' }))
    for (const { url, method, body } of urls) {
      expect(await ask(url, { method, body, headers: { 'content-type': 'application/json' } }), url).toMatchObject({ status: 200 })
    }
    expect(urls.length).toBeGreaterThan(4)
    signal()
    expect(await code).toBe(0)
    for (const { url } of urls) await expect(ask(url), url).rejects.toThrow('ECONNREFUSED')
  })

  test.concurrent('broken off it has not shown what it should, and says no more', async () => {
    const { io, written, exits, signal } = terminal({ tty: true, env: { NO_COLOR: '1' } })
    const code = demo({ exit: true }, io)
    await until('the first line', () => written.out.includes('✓ miss'))
    signal()
    expect(await code).toBe(1)
    expect(written.err).toBe('')
    expect(written.out).not.toContain('\u001b')
    expect(lines(written.out, '✓ ').length).toBeLessThan(LINES.length)
    signal()
    expect(exits).toEqual([1])
  })
})

test('a line that does not show what it should is named, and the demo fails', async () => {
  const cart = ROUTES.find(route => route.shown.startsWith('/cart'))!
  const { answer } = cart
  onTestFinished(() => { Object.assign(cart, { answer }) })
  Object.assign(cart, { answer: () => ({ headers: { 'Cache-Control': 'max-age=60' }, json: {} }) })
  const { io, written } = terminal()
  expect(await demo({ exit: true }, io)).toBe(1)
  expect(lines(written.out, '✗ ')).toEqual([expect.stringMatching(/^✗ private .*stored$/)])
  expect(written.out).toContain('should have shown: an answer that is not stored, and why')
  expect(written.err).toBe('seawall: the demo did not show what it should: private\n')
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { RunningApp } from '../../src/app.js'
import type { Io, StopSignal } from '../../src/cli/io.js'
import { start, type StartApp } from '../../src/cli/start.js'
import type { Settings } from '../../src/config/settings.js'

const options = { origin: 'http://127.0.0.1:8000', config: undefined, listen: '127.0.0.1:80', admin: '127.0.0.1:81' }

// ./proxy.config.json is read where it is there: a folder without one
const folder = mkdtempSync(join(tmpdir(), 'seawall-start-'))
const home = process.cwd()
beforeAll(() => process.chdir(folder))
afterAll(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true })
})

/** A start whose app is running when this resolves. */
async function started ({ tty = false, env = {}, drain = async () => undefined as void } = {}) {
  const stdout = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: tty })
  const events: string[] = []
  let listening: (handler: (signal: StopSignal) => void) => void
  const running = new Promise<(signal: StopSignal) => void>(resolve => { listening = resolve })
  const io: Io = { stdout, stderr: { write: () => undefined }, env, onSignal: handler => listening(handler), onReload: () => undefined, exit: code => events.push(`exit ${code}`) }
  const app: RunningApp = {
    listen: { host: '0.0.0.0', port: 4000 }, admin: { host: '::1', port: 4001 },
    drain: () => { events.push('drain'); return drain() },
    destroy: () => { events.push('destroy') },
    reload: () => { events.push('reload') }
  }
  let settings: Settings | undefined
  const code = start(options, io, async given => { settings = given; return app })
  const signal = await running
  return { code, signal, events, settings: settings!, out: () => (stdout.read() as string | null) ?? '' }
}

describe('seawall start', () => {
  test('a first signal drains and ends with 0', async () => {
    const { code, signal, events } = await started()
    signal('SIGTERM')
    expect(await code).toBe(0)
    expect(events).toEqual(['drain'])
  })

  test.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('a second one, %s, ends at once', async (name, code) => {
    const { signal, events } = await started({ drain: () => new Promise(() => undefined) })
    signal('SIGTERM')
    signal(name)
    expect(events).toEqual(['drain', 'destroy', `exit ${code}`])
  })

  test('a drain that fails is not taken for a clean end', async () => {
    const { code, signal } = await started({ drain: () => Promise.reject(new Error('no')) })
    signal('SIGINT')
    await expect(code).rejects.toThrow('no')
  })

  test('on a terminal there is a banner, with a first request to try', async () => {
    const { out } = await started({ tty: true, env: { NO_COLOR: '1' } })
    expect(out()).toMatch(/^\n {2}seawall \d.*\n\n {2}listen {2}http:\/\/127\.0\.0\.1:4000\n {2}admin {3}http:\/\/\[::1\]:4001\n {2}origin {2}http:\/\/127\.0\.0\.1:8000 {2}origin\n\n {2}try {5}curl -i http:\/\/127\.0\.0\.1:4000\/\n\n$/)
    expect((await started({ tty: true })).out()).toContain('\u001b[')
    expect((await started({ tty: false })).out()).toBe('')
  })

  test('flags reach the settings', async () => {
    const { settings } = await started()
    expect(settings).toMatchObject({ listen: { port: 80 }, admin: { port: 81 }, origins: { origin: { urls: ['http://127.0.0.1:8000'] } } })
  })

  test('./proxy.config.json is read if it is there', async () => {
    writeFileSync('proxy.config.json', JSON.stringify({ origins: { api: { url: 'http://h' } }, cache: { maxVariants: 5 } }))
    onTestFinished(() => rmSync('proxy.config.json'))
    const { settings } = await started()
    expect(settings).toMatchObject({ origins: { api: { urls: ['http://127.0.0.1:8000'] } }, cache: { maxVariants: 5 } })
  })

  test('with neither file nor origin it says what to give', async () => {
    const io: Io = { stdout: new PassThrough(), stderr: { write: () => undefined }, env: {}, onSignal: () => undefined, onReload: () => undefined, exit: () => undefined }
    await expect(start({}, io)).rejects.toMatchObject({
      exitCode: 2, message: 'nothing to stand in front of: give --origin URL, or --config FILE (there is no ./proxy.config.json)'
    })
  })
})

describe('where it cannot listen', () => {
  const io: Io = { stdout: new PassThrough(), stderr: { write: () => undefined }, env: {}, onSignal: () => undefined, onReload: () => undefined, exit: () => undefined }
  const failing = (fields: object): StartApp => () => Promise.reject(Object.assign(new Error('listen'), fields))

  test.each<[object, string]>([
    [{ code: 'EADDRINUSE', address: '127.0.0.1', port: 80 }, 'cannot listen on 127.0.0.1:80: the port is taken (EADDRINUSE). Choose another with --listen HOST:PORT.'],
    [{ code: 'EADDRINUSE', address: '127.0.0.1', port: 81 }, 'cannot listen on 127.0.0.1:81: the port is taken (EADDRINUSE). Choose another with --admin HOST:PORT.'],
    [{ code: 'EACCES', address: '127.0.0.1', port: 80 }, 'cannot listen on 127.0.0.1:80: this user may not use that port (EACCES). Choose another with --listen HOST:PORT.'],
    [{ code: 'ENOTFOUND', hostname: 'nope' }, 'cannot listen on 127.0.0.1:80: the name is not known (ENOTFOUND). Choose another with --listen HOST:PORT.']
  ])('%j', async (fields, message) => {
    await expect(start(options, io, failing(fields))).rejects.toMatchObject({ message, exitCode: 2 })
  })

  test.each<{ code: string, address?: string }>([{ code: 'EMFILE' }, { code: 'EADDRINUSE', address: '/tmp/seawall-1/0.sock' }])('any other failure is left as it is: %j', async failure => {
    await expect(start(options, io, failing(failure))).rejects.toMatchObject({ message: 'listen', ...failure })
  })
})

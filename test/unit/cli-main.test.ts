import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import type { Io } from '../../src/cli/io.js'
import { main } from '../../src/cli/main.js'
import { version } from '../../src/version.js'

const folder = mkdtempSync(join(tmpdir(), 'seawall-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run (...args: string[]): Promise<{ code: number, out: string, err: string }> {
  const stdout = new PassThrough({ encoding: 'utf8' })
  let err = ''
  const io: Io = { stdout, stderr: { write: text => { err += text } }, env: {}, onSignal: () => undefined, onReload: () => undefined, exit: () => undefined }
  const code = await main(args, io)
  return { code, out: (stdout.read() as string | null) ?? '', err }
}

describe('the command line', () => {
  test.each<[string[], string]>([
    [['start', '--nope'], 'seawall: unknown option \'--nope\'; see seawall start --help\n'],
    [['start', '--lisen', 'x'], 'seawall: unknown option \'--lisen\' (Did you mean --listen?); see seawall start --help\n'],
    [['start', 'extra'], 'seawall: too many arguments for \'start\'. Expected 0 arguments but got 1; see seawall start --help\n'],
    [['start', '--listen'], 'seawall: option \'-l, --listen <host:port>\' argument missing; see seawall start --help\n'],
    [['start', '--access-log', 'maybe'], 'seawall: option \'--access-log <on|off>\' argument \'maybe\' is invalid. Allowed choices are on, off; see seawall start --help\n'],
    [['stat'], 'seawall: unknown command \'stat\' (Did you mean start?); see seawall --help\n'],
    [['purge'], 'seawall: nothing to purge: give --tag, --url, --prefix or --all\n'],
    [['start', '--origin', 'nonsense', '--memory', '1'], 'seawall: --origin: found "nonsense"; allowed: "http://HOST:PORT" or "https://HOST:PORT", without path, query or credentials\n' +
      'seawall: --memory: found "1"; allowed: a size with its unit, such as "512b", "16kb", "256mb" or "1gb", from 64kb to 1024gb\n'],
    [['start', '--config', '/nowhere/x.json'], 'seawall: /nowhere/x.json: there is no such file\n']
  ])('%j is one line a mistake, exit 2', async (args, expected) => {
    const { code, out, err } = await run(...args)
    expect(err).toBe(expected)
    expect([code, out]).toEqual([2, ''])
  })

  test('without a command it shows what there is, exit 2', async () => {
    const { code, err } = await run()
    expect(code).toBe(2)
    expect(err).toMatch(/start.*purge.*check.*demo/s)
  })

  test('help and version go to standard output, exit 0', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: `${version()}\n`, err: '' })
    const { code, out } = await run('start', '--help')
    expect(code).toBe(0)
    for (const flag of ['--config', '--origin', '--listen', '--admin', '--memory', '--log-level', '--access-log']) expect(out).toContain(flag)
  })
})

describe('seawall check', () => {
  const write = (name: string, content: unknown) => {
    const file = join(folder, name)
    writeFileSync(file, JSON.stringify(content))
    return file
  }

  test('says what a good file comes to', async () => {
    const file = write('good.json', {
      admin: { listen: '0.0.0.0:81', token: 's3cret' },
      origins: { api: { url: 'http://10.0.0.1:8000' }, files: { url: 'https://files.example', host: 'origin' } },
      routes: [
        { match: '/live/*', origin: 'api', cache: false },
        { match: '/f/*', hosts: ['example.com'], origin: 'files', freshness: { default: '1h', jitter: 0.1 }, stale: { ifError: '1d' }, key: { query: { only: ['v'] } }, setCookie: 'strip', tags: ['f'] },
        { origin: 'api' }
      ]
    })
    const { code, out, err } = await run('check', file)
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe(`ok: ${file}
listen   127.0.0.1:8080
admin    0.0.0.0:81, with a token
origins  api    http://10.0.0.1:8000   keeps Host
         files  https://files.example  sends its own Host
cache    256mb of memory, bodies up to 16mb, 32 variants a URL
routes   1  /live/*              -> api    not cached
         2  /f/* on example.com  -> files  cached, fresh 1h by default, jitter 0.1, stale 1d on errors, query only v, Set-Cookie: strip, tags f
         3  *                    -> api    cached
`)
  })

  test('says what differs from the defaults in listeners, limits and routes', async () => {
    const file = write('more.json', {
      origins: { api: { url: 'http://a' } }, workers: 4, trustedProxies: ['10.0.0.0/8', '::1'], log: { access: false, level: 'warn' },
      limits: { body: '1mb', drain: '1ms', connections: 5000, pipelined: 8, url: '4kb' }, routes: [{ vary: 'normalize', storePost: true }]
    })
    const { out } = await run('check', file)
    expect(out).toBe(`ok: ${file}
listen   127.0.0.1:8080, 4 workers
admin    127.0.0.1:8081, no token
trusted  10.0.0.0/8, ::1
limits   url 4kb, pipelined 8, body 1mb, drain 1ms, connections 5000
log      from warn, no access lines
origins  api  http://a  keeps Host
cache    256mb of memory, bodies up to 16mb, 32 variants a URL
routes   1  *  -> api  cached, Vary normalized, POST answers stored
`)
  })

  test('says what is wrong with a bad one on standard error, exit 2', async () => {
    const file = write('bad.json', { origins: { api: { url: 'http://a' } }, limits: { idle: 5 }, log: { level: 'x' } })
    const { code, out, err } = await run('check', file)
    expect([code, out]).toEqual([2, ''])
    expect(err.split('\n').map(line => line.split(': found')[0])).toEqual([`seawall: ${file}: limits.idle`, `seawall: ${file}: log.level`, ''])
  })
})

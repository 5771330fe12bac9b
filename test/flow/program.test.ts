/** The built command, in processes of its own: starting, serving, stopping, and what it says when it cannot. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { ask } from '../support/client.js'
import { answer, startOrigin, type Handler, type TestOrigin } from '../support/origin.js'
import { portToGive, startProgram } from '../support/program.js'
import { ANYWHERE, COMMAND, emptyFolder, runSeawall, startSeawall, type Seawall } from '../support/seawall.js'
import { way } from '../support/standing.js'

const FRESH = { 'cache-control': 'max-age=60' }

async function origin (handler: Handler = answer({ ...FRESH, 'surrogate-key': 'p' }, 'hello')): Promise<TestOrigin> {
  const started = await startOrigin(handler)
  onTestFinished(() => started.stop())
  return started
}

async function started (handler?: Handler, env?: Record<string, string>): Promise<Seawall & { readonly origin: TestOrigin }> {
  const before = await origin(handler)
  return { origin: before, ...await startSeawall(['--origin', before.url, ...ANYWHERE], env) }
}

describe('seawall start', () => {
  it('says where it listens, and caches; each request is a line', async () => {
    const seawall = await started()
    expect(way(await seawall.get('/p?a=1'))).toBe('uri-miss')
    expect(await seawall.get('/p?a=1')).toMatchObject({ status: 200, body: 'hello', headers: { 'cache-status': expect.stringMatching(/^seawall; hit; ttl=/) as unknown } })
    expect(seawall.origin.count()).toBe(1)
    expect((await ask(`${seawall.adminUrl}/readyz`)).status).toBe(200)
    await until('both are logged', () => seawall.log().filter(line => line['msg'] === 'request').length === 2)
    expect(seawall.log().filter(line => line['msg'] === 'request')).toMatchObject([
      { level: 'info', outcome: 'miss', status: 200, method: 'GET', url: '/p?a=1', complete: true }, { outcome: 'hit', status: 200 }
    ])
    expect(await seawall.stop()).toBe(0)
  })

  it('reads proxy.config.json, and flags override it', async () => {
    const before = await origin()
    const folder = emptyFolder()
    writeFileSync(join(folder, 'mine.json'), JSON.stringify({
      listen: '127.0.0.1:1', origins: { api: { url: 'http://127.0.0.1:1' } }, routes: [{ cache: false }], log: { access: false }
    }))
    const seawall = await startSeawall(['--config', join(folder, 'mine.json'), '--origin', before.url, ...ANYWHERE])
    expect((await seawall.get('/p')).headers['cache-status']).toContain('detail=route')
    expect(await seawall.stop()).toBe(0)
    expect(seawall.log().map(line => line['msg'])).toEqual(['listening', 'draining'])
  })

  it.skipIf(!existsSync('/dev/full'))('serves on where nothing can be logged', async () => {
    const before = await origin()
    const [listen, admin] = [`127.0.0.1:${await portToGive()}`, `127.0.0.1:${await portToGive()}`]
    const command = `echo begun >&2; exec "${process.execPath}" "${COMMAND}" start --origin ${before.url} --listen ${listen} --admin ${admin} > /dev/full`
    const program = await startProgram('sh', ['-c', command], { cwd: emptyFolder(), ready: /begun\n/ })
    onTestFinished(async () => { await program.stop('SIGKILL') })
    await until('it listens', () => ask(`http://${listen}/p`).then(() => true, () => false))
    for (let i = 0; i < 20; i++) expect(await ask(`http://${listen}/p`)).toMatchObject({ status: 200, body: 'hello' })
    await until('lines are lost, and counted', async () => {
      const { log } = JSON.parse((await ask(`http://${admin}/stats`)).body) as { log: { dropped: number } }
      return log.dropped >= 20
    })
    expect(await program.stop()).toBe(0)
    expect(program.output()).toBe('begun\n')
  })
})

describe('a signal', () => {
  it('lets the request in flight finish, takes no other, and ends it with 0', async () => {
    const gate = barrier()
    const asked = barrier()
    const seawall = await started(async (request, response) => {
      asked.open()
      await gate.passed
      answer(FRESH, 'late, but whole')(request, response, 1)
    })
    const slow = seawall.get('/slow')
    await asked.passed
    const ended = seawall.stop('SIGTERM')
    await until('it drains', () => seawall.output().includes('"draining"'))
    expect(await ask(`${seawall.adminUrl}/readyz`)).toMatchObject({ status: 503, body: expect.stringContaining('"draining":true') as unknown })
    await expect(seawall.get('/other')).rejects.toThrow('ECONNREFUSED')
    gate.open()
    expect(await slow).toMatchObject({ status: 200, body: 'late, but whole', headers: { connection: 'close' } })
    expect(await ended).toBe(0)
    expect(seawall.origin.count()).toBe(1)
  })

  it('the second time ends it at once', async () => {
    const asked = barrier()
    const seawall = await started(() => { asked.open() })
    const lost = seawall.get('/never')
    lost.catch(() => undefined)
    await asked.passed
    void seawall.stop('SIGTERM')
    await until('it drains', () => seawall.output().includes('"draining"'))
    expect(await seawall.stop('SIGTERM')).toBe(143)
    await expect(lost).rejects.toThrow()
  })
})

describe('what cannot be started', () => {
  /** One line on standard error, that says this. */
  async function refused (args: readonly string[], says: RegExp, cwd?: string): Promise<void> {
    const ran = await runSeawall(args, cwd === undefined ? {} : { cwd })
    expect(ran, args.join(' ')).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(/^seawall: [^\n]+\n$/)
    expect(ran.stderr).toMatch(says)
    expect(ran.stderr).not.toMatch(/\bat .*:\d+:\d+|node:/)
  }

  it('for its port is taken, is told so in a line', async () => {
    const taken = net.createServer()
    await new Promise<void>(resolve => { taken.listen(0, '127.0.0.1', resolve) })
    onTestFinished(() => { taken.close() })
    const { port } = taken.address() as AddressInfo
    await Promise.all(['--listen', '--admin'].map(flag => refused(['start', '--origin', 'http://127.0.0.1:1', ...ANYWHERE, flag, `127.0.0.1:${port}`],
      new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: the port is taken .*${flag} HOST:PORT`))))
  })

  it('for it is asked for wrongly, is told how to mend it in a line', async () => {
    const toOrigin = ['start', '--origin', 'http://127.0.0.1:1']
    const wrong: [string[], RegExp][] = [
      [['start'], /--origin URL/],
      [['start', '--config', 'none.json'], /none\.json: there is no such file/],
      [['start', '--orign', 'http://h'], /unknown option '--orign'.*--origin/],
      [['start', '--origin'], /argument missing/],
      [[...toOrigin, '--access-log', 'maybe'], /on, off/],
      [[...toOrigin, '--memory', 'lots'], /--memory: found "lots"; allowed: a size/],
      [['start', '--origin', 'localhost'], /--origin: found "localhost"/],
      [['strat'], /unknown command 'strat'/],
      [['purge'], /--tag, --url, --prefix or --all/],
      [['check', 'none.json'], /none\.json: there is no such file/]
    ]
    await Promise.all(wrong.map(([args, says]) => refused(args, says)))
  })

  it('for others would reach the admin listener without a token, is told so in a line', async () => {
    const reached = ['start', '--origin', 'http://127.0.0.1:1', '--listen', '127.0.0.1:0', '--admin']
    await Promise.all(['0.0.0.0:0', '[::]:0', '192.0.2.1:8081'].map(admin => refused([...reached, admin], /--admin: .*SEAWALL_ADMIN_TOKEN/)))
  })

  it('for its configuration is wrong, is told where in a line', async () => {
    const wrong: [string, RegExp][] = [
      ['{\n  "listen": "127.0.0.1:8080",\n  oops\n}', /proxy\.config\.json: not JSON: line 3, column 3/],
      ['', /the file is empty/],
      ['{"origins":{"api":{"url":"http://h"}},"cach":{}}', /cach: .*"?cache"?/],
      ['{"origins":{"api":{"url":"http://h"}},"__proto__":{}}', /__proto__/]
    ]
    await Promise.all(wrong.map(async ([text, says]) => {
      const cwd = emptyFolder()
      writeFileSync(join(cwd, 'proxy.config.json'), text)
      await refused(['start'], says, cwd)
    }))
  })
})

describe('seawall check', () => {
  it('says what a good configuration comes to, without starting anything', async () => {
    const cwd = emptyFolder()
    writeFileSync(join(cwd, 'proxy.config.json'), JSON.stringify({ origins: { api: { url: 'http://127.0.0.1:8000' } }, routes: [{ match: '/shop/*', tags: ['shop'] }, {}] }))
    const { code, stdout, stderr } = await runSeawall(['check'], { cwd })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^ok: proxy\.config\.json\n/)
    expect(stdout).toMatch(/\/shop\/\*.*-> api.*tags shop/)
  })

  it('names all that is wrong, a line each', async () => {
    const cwd = emptyFolder()
    writeFileSync(join(cwd, 'bad.json'), JSON.stringify({ listen: 8080, origins: { api: { url: 'ftp://h' } }, cache: { memory: '1 mb' } }))
    const { code, stdout, stderr } = await runSeawall(['check', 'bad.json'], { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    const lines = stderr.split('\n').filter(Boolean)
    expect(lines.every(line => line.startsWith('seawall: bad.json: '))).toBe(true)
    for (const path of ['listen', 'origins.api.url', 'cache.memory']) expect(lines.filter(line => line.includes(`: ${path}: `)).length).toBe(1)
  })
})

describe('seawall purge', () => {
  it('makes a running Seawall forget', async () => {
    const seawall = await started()
    await seawall.get('/p')
    const { code, stdout } = await runSeawall(['purge', '--tag', 'other', '--tag', 'p', '--admin', seawall.adminUrl])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'purged: seq 1, applied by 1\n' })
    expect(way(await seawall.get('/p'))).toBe('uri-miss')
    await runSeawall(['purge', '--url', `${seawall.url}/p`, '--admin', new URL(seawall.adminUrl).host])
    expect(way(await seawall.get('/p'))).toBe('uri-miss')
  })

  it('says in a line why it could not', async () => {
    const seawall = await started(undefined, { SEAWALL_ADMIN_TOKEN: 'sesame' })
    await seawall.get('/p')
    await Promise.all(['', 'guess'].map(async token => {
      const ran = await runSeawall(['purge', '--all', '--admin', seawall.adminUrl], { env: { SEAWALL_ADMIN_TOKEN: token } })
      expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^seawall: [^\n]*401[^\n]*SEAWALL_ADMIN_TOKEN[^\n]*\n$/) as unknown })
    }))
    expect(way(await seawall.get('/p'))).toBe('hit')
    expect((await runSeawall(['purge', '--all', '--admin', seawall.adminUrl], { env: { SEAWALL_ADMIN_TOKEN: 'sesame' } })).code).toBe(0)
    expect(way(await seawall.get('/p'))).toBe('uri-miss')
    await seawall.stop()
    expect(await runSeawall(['purge', '--all', '--admin', seawall.adminUrl])).toMatchObject({ code: 1, stderr: expect.stringMatching(/^seawall: no answer [^\n]*ECONNREFUSED[^\n]*\n$/) as unknown })
  })
})

describe('the admin listener', () => {
  const JSON_TYPE = { 'content-type': 'application/json' }

  it('refuses what is no purge, naming what to mend, and evicts nothing', async () => {
    const refusals: [number, string, string, Record<string, string>][] = [
      [400, 'body', '{"tags":[', JSON_TYPE],
      [400, 'tag', '{"tag":"p"}', JSON_TYPE],
      [400, '__proto__', '{"__proto__":{"all":true}}', JSON_TYPE],
      [400, 'tags', '{}', JSON_TYPE],
      [400, 'urls[0]', '{"urls":["/p"]}', JSON_TYPE],
      [415, 'Content-Type', '{"all":true}', { 'content-type': 'text/plain' }],
      [415, 'Content-Type', '{"all":true}', {}],
      [403, 'Origin', '{"all":true}', { ...JSON_TYPE, origin: 'http://evil.example' }],
      [403, 'Host', '{"all":true}', { ...JSON_TYPE, host: 'evil.example' }]
    ]
    const seawall = await started()
    await seawall.get('/p')
    for (const [status, field, body, headers] of refusals) {
      const reply = await ask(`${seawall.adminUrl}/purge`, { method: 'POST', body, headers })
      expect(reply, `${body} ${JSON.stringify(headers)}`).toMatchObject({ status, headers: { 'content-type': 'application/json' } })
      expect(JSON.parse(reply.body)).toMatchObject({ field })
    }
    expect(way(await seawall.get('/p'))).toBe('hit')
  })

  it('answers 401 to whoever shows not the token', async () => {
    const seawall = await started(undefined, { SEAWALL_ADMIN_TOKEN: 'sesame' })
    for (const authorization of ['', 'Bearer', 'Bearer guess', 'Basic sesame', 'Bearer sesame2']) {
      for (const path of ['/stats', '/metrics', '/other']) expect((await ask(seawall.adminUrl + path, { headers: { authorization } })).status).toBe(401)
      expect((await ask(`${seawall.adminUrl}/purge`, { method: 'POST', body: '{"all":true}', headers: { ...JSON_TYPE, authorization } })).status).toBe(401)
      expect((await ask(`${seawall.adminUrl}/p`, { method: 'PURGE', headers: { authorization } })).status).toBe(401)
    }
    expect((await ask(`${seawall.adminUrl}/livez`)).status).toBe(200)
    expect((await ask(`${seawall.adminUrl}/stats`, { headers: { authorization: 'Bearer sesame' } })).body).toContain('"purges":0')
  })
})

describe('on the public listener', () => {
  it('PURGE and /purge go to the origin, and evict nothing', async () => {
    const seawall = await started()
    await seawall.get('/p')
    for (const [method, path] of [['PURGE', '/p'], ['POST', '/purge']] as const) {
      await seawall.get(path, { method, body: '{"all":true}', headers: { 'content-type': 'application/json', 'surrogate-key': 'p' } })
    }
    expect(seawall.origin.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /p', 'PURGE /p', 'POST /purge'])
    expect(way(await seawall.get('/p'))).toBe('hit')
  })
})

/** Runs a command on a terminal of its own. */
const TERMINALS: [string, (command: string) => string[]][] = [
  ['script', command => ['-qec', command, '/dev/null']],
  ['python3', command => ['-c', 'import os,pty,sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh","-c",sys.argv[1]])))', command]]
]
const terminal = process.platform === 'linux' ? TERMINALS.find(([name]) => spawnSync(name, ['--version']).status === 0) : undefined
if (terminal === undefined) process.stderr.write('skipped: seawall on a terminal (install util-linux for script, or python3)\n')

describe.skipIf(terminal === undefined)('on a terminal', () => {
  async function shown (flags: string, env: Record<string, string>): Promise<{ text (): string, url: string, press (key: string): void, readonly ended: Promise<number | null> }> {
    const before = await origin()
    const [name, args] = terminal!
    const command = `exec "${process.execPath}" "${COMMAND}" start --origin ${before.url} ${ANYWHERE.join(' ')} ${flags}`
    const child = spawn(name, args(command), { cwd: emptyFolder(), env: { ...process.env, SHELL: '/bin/sh', TERM: 'xterm', ...env } })
    onTestFinished(() => { child.kill('SIGKILL') })
    const ended = new Promise<number | null>(resolve => { child.on('close', resolve) })
    let text = ''
    const banner = barrier()
    child.stdout.on('data', chunk => {
      text += String(chunk).replaceAll('\r', '').replaceAll('\u001b', '^')
      if (/curl -i http\S+\/\n\n/.test(text)) banner.open()
    })
    await banner.passed
    return { text: () => text, url: /curl -i (http\S+)\/\n/.exec(text)![1]!, press: key => { child.stdin.write(key) }, ended }
  }

  it('shows a banner, then a coloured line a request, and Ctrl-C ends it', async () => {
    const { text, url, press, ended } = await shown('', { NO_COLOR: '' })
    expect(text()).toMatch(/\^\[32mseawall \d+\.\d+\.\d+\^\[0m\n\n.*listen.*http:\/\/127\.0\.0\.1:\d+\n.*admin.*http:\/\/127\.0\.0\.1:\d+\n.*origin.*http:\/\/127\.0\.0\.1:\d+/)
    await ask(`${url}/x`)
    await ask(`${url}/x`)
    await until('both lines', () => /HIT/.test(text()))
    expect(text()).toMatch(/\^\[34mMISS\^\[0m 200 GET \/x [\d.]+ms\n\^\[32mHIT\^\[0m 200 GET \/x [\d.]+ms age=0\n/)
    expect(text()).not.toContain('{"level"')
    press('\u0003')
    expect(await ended).toBe(0)
  })

  it('NO_COLOR and --access-log off are heeded', async () => {
    const { text, url, press, ended } = await shown('--access-log off', { NO_COLOR: '1' })
    await ask(`${url}/x`)
    press('\u0003')
    expect(await ended).toBe(0)
    expect(text()).not.toMatch(/\^\[|MISS/)
    expect(text()).toMatch(/^ {2}listen {2}http/m)
  })
})

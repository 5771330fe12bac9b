/** The process itself: errors nobody expected, logs nobody reads, too few descriptors, too little heap, an end under load. */
import { spawn } from 'node:child_process'
import net from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { ask, connect, type RawConnection } from '../support/client.js'
import { answer, startOrigin, type Handler } from '../support/origin.js'
import { portToGive, startProgram } from '../support/program.js'
import { ANYWHERE, COMMAND, emptyFolder, startSeawall } from '../support/seawall.js'

const FRESH = { 'cache-control': 'max-age=60' }

async function started (handler: Handler = answer(FRESH, 'hello'), env: Record<string, string> = {}, flags: readonly string[] = []) {
  const origin = await startOrigin(handler)
  onTestFinished(() => origin.stop())
  return { origin, seawall: await startSeawall(['--origin', origin.url, ...ANYWHERE, ...flags], env) }
}

describe('an error nobody expected', () => {
  it.each([['thrown', 'throw new Error("boom")'], ['rejected', 'void Promise.reject(new Error("boom"))']])('%s, ends the process: it says so, and the log is whole', async (_, act) => {
    const source = `process.on('SIGUSR2', () => { ${act} })`
    const { seawall } = await started(undefined, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` })
    for (let i = 0; i < 5; i++) await seawall.get(`/${i}`)
    expect(await seawall.stop('SIGUSR2')).toBe(1)
    const log = seawall.log()
    expect(log.filter(line => line['msg'] === 'request').length).toBe(5)
    expect(log.at(-1)).toMatchObject({ level: 'error', err: { message: 'boom', stack: expect.stringContaining('boom') as unknown } })
  })
})

describe('a log nobody reads', () => {
  it('costs lines, which are counted, and no request', async () => {
    const origin = await startOrigin(answer(FRESH, 'hello'))
    onTestFinished(() => origin.stop())
    const [listen, admin] = [`127.0.0.1:${await portToGive()}`, `127.0.0.1:${await portToGive()}`]
    const child = spawn(process.execPath, [COMMAND, 'start', '--origin', origin.url, '--listen', listen, '--admin', admin], { cwd: emptyFolder(), stdio: ['ignore', 'pipe', 'ignore'] })
    onTestFinished(() => { child.kill('SIGKILL') })
    const ended = new Promise(resolve => { child.once('exit', resolve) })
    child.stdout.destroy()
    await until('it listens', () => ask(`http://${listen}/p`).then(() => true, () => false), 20_000)
    for (let i = 0; i < 20; i++) expect(await ask(`http://${listen}/p`)).toMatchObject({ status: 200, body: 'hello' })
    await until('lines are lost, and counted', async () => {
      const { log } = JSON.parse((await ask(`http://${admin}/stats`)).body) as { log: { dropped: number } }
      return log.dropped >= 20
    })
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('but that is not closed keeps no process from its end', async () => {
    const { seawall } = await started(answer(FRESH, 'hello'), {}, ['--access-log', 'on'])
    seawall.deafen()
    // more than the pipe holds
    for (let i = 0; i < 60; i++) expect((await seawall.get(`/${'x'.repeat(4000)}${i}`)).status).toBe(200)
    expect(await seawall.stop()).toBe(0)
  })
})

describe.skipIf(process.platform !== 'linux')('too few descriptors', () => {
  it('leaves no connection waiting, serves those it has, and the next once there is room', async () => {
    const origin = await startOrigin(answer(FRESH, 'hello'))
    onTestFinished(() => origin.stop())
    const program = await startProgram('sh', ['-c', `ulimit -n 192; exec "${process.execPath}" "${COMMAND}" start --origin ${origin.url} ${ANYWHERE.join(' ')}`], { cwd: emptyFolder(), ready: /"msg":"listening"\}\n/ })
    onTestFinished(async () => { await program.stop('SIGKILL') })
    const url = /"listen":"([^"]+)"/.exec(program.output())![1]!
    expect((await ask(`${url}/p`)).body).toBe('hello')
    const sockets = Array.from({ length: 300 }, () => net.connect(Number(new URL(url).port), '127.0.0.1'))
    onTestFinished(() => { for (const socket of sockets) socket.destroy() })
    const answered: net.Socket[] = []
    let gone = 0
    for (const socket of sockets) {
      socket.on('error', () => undefined).on('close', () => { gone++ })
      socket.once('data', () => { answered.push(socket) })
      socket.write('GET /p HTTP/1.1\r\nHost: h\r\n\r\n')
    }
    await until('each is served or let go', () => answered.length + gone === sockets.length)
    expect(answered.length).toBeGreaterThan(20)
    expect(gone).toBeGreaterThan(80)
    for (const socket of sockets) socket.destroy()
    await until('there is room', () => ask(`${url}/p`).then(({ body }) => body === 'hello', () => false))
    expect(await program.stop()).toBe(0)
  })
})

describe('a small heap', () => {
  it('outlives a stream of large objects', async () => {
    const body = Buffer.alloc(1_000_000, 'x')
    const { seawall } = await started(answer({ ...FRESH, 'content-length': String(body.length) }, body), { NODE_OPTIONS: '--max-old-space-size=28' }, ['--memory', '40mb'])
    for (let round = 0; round < 10; round++) {
      const replies = await Promise.all(Array.from({ length: 6 }, (_, i) => seawall.get(`/${round}/${i}`)))
      expect(replies.map(({ bytes }) => bytes.length)).toEqual(replies.map(() => body.length))
    }
    const { store } = JSON.parse((await ask(`${seawall.adminUrl}/stats`)).body) as { store: { bytes: number, limit: number, evictions: number } }
    expect(store.evictions).toBeGreaterThan(10)
    expect(store.bytes).toBeLessThanOrEqual(store.limit)
    expect(await seawall.stop()).toBe(0)
  }, 60_000)
})

describe('an end under load', () => {
  it.each(['1', '2'])('answers whoever was connected before it was told, with %s processes', { timeout: 60_000 }, async workers => {
    const { seawall } = await started(answer({ 'cache-control': 'no-store' }, 'hello'), {}, ['--workers', workers])
    for (let i = 0; i < 100; i++) await seawall.get('/p')
    const { port } = new URL(seawall.url)
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(Number(port))))
    onTestFinished(() => { for (const { socket } of clients) socket.destroy() })
    for (const client of clients) client.write('GET /p HTTP/1.1\r\nHost: h\r\n\r\n')
    const ended = seawall.stop('SIGTERM')
    expect(await Promise.all(clients.map(client => client.closed))).toEqual(clients.map(() => 'end'))
    for (const client of clients) expect(client.text()).toMatch(/^HTTP\/1\.1 200 [^]*hello/)
    for (const { socket } of clients) socket.end()
    expect(await ended).toBe(0)
  })

  const REQUEST = 'GET /p HTTP/1.1\r\nHost: h\r\n\r\n'
  const WHOLE = /^(HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n5\r\nhello\r\n0\r\n\r\n)*$/

  /** Asks again and again, each time once the answer is whole. Resolves to how the connection ended. */
  async function hammer (client: RawConnection, begun: () => void): Promise<'end' | 'reset'> {
    for (let asked = 1; !client.socket.readableEnded && !client.socket.destroyed; asked++) {
      client.write(REQUEST)
      await client.until(new RegExp(`(0\\r\\n\\r\\n[^]*){${asked}}`)).catch(() => undefined)
      begun()
    }
    client.socket.end()
    return client.closed
  }

  it('answers whole whatever it took, and closes the rest before a first byte', async () => {
    const gate = barrier()
    const { seawall } = await started(async (request, response, count) => {
      if (request.url === '/slow') await gate.passed
      answer({ 'cache-control': 'no-store' }, 'hello')(request, response, count)
    })
    const { port } = new URL(seawall.url)
    const clients = await Promise.all(Array.from({ length: 30 }, () => connect(Number(port))))
    onTestFinished(() => { for (const { socket } of clients) socket.destroy() })
    let rounds = 0
    const ends = clients.map(client => hammer(client, () => { rounds++ }))
    const slow = seawall.get('/slow')
    await until('all are at it', () => rounds > 300)
    const ended = seawall.stop('SIGTERM')
    expect(await Promise.all(ends)).toEqual(clients.map(() => 'end'))
    for (const client of clients) expect(client.text()).toMatch(WHOLE)
    gate.open()
    expect((await slow).body).toBe('hello')
    expect(await ended).toBe(0)
  })
})

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Io } from '../../src/cli/io.js'
import { purge, type PurgeOptions } from '../../src/cli/purge.js'

const OK = { seq: 7, applied: 2, unreachable: [] as string[] }

async function admin (status = 200, answer: unknown = OK) {
  const seen: { request: IncomingMessage, body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    seen.push({ request, body })
    response.writeHead(status, { location: '/elsewhere' }).end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => { server.close(); server.closeAllConnections() })
  return { seen, at: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function run (options: PurgeOptions, env = {}): Promise<string> {
  const stdout = new PassThrough({ encoding: 'utf8' })
  const io: Io = { stdout, stderr: { write: () => undefined }, env, onSignal: () => undefined, onReload: () => undefined, exit: () => undefined }
  expect(await purge(options, io)).toBe(0)
  return stdout.read() as string
}

describe('seawall purge', () => {
  test('sends what was asked for, and only that', async () => {
    const { seen, at } = await admin()
    const out = await run({ tag: ['a', 'b'], url: ['http://h/x'], prefix: ['http://h/y'], soft: true, wait: 'local', admin: `http://${at}` }, { SEAWALL_ADMIN_TOKEN: 't' })
    expect(out).toBe('purged (soft): seq 7, applied by 2\n')
    await run({ all: true, admin: at })
    const [first, second] = seen
    expect(JSON.parse(first!.body)).toEqual({ tags: ['a', 'b'], urls: ['http://h/x'], prefixes: ['http://h/y'], mode: 'soft', wait: 'local' })
    expect(JSON.parse(second!.body)).toEqual({ all: true })
    expect([first!.request.method, first!.request.url, first!.request.headers['content-type']]).toEqual(['POST', '/purge', 'application/json'])
    expect([first!.request.headers.authorization, second!.request.headers.authorization]).toEqual(['Bearer t', undefined])
    // the admin listener refuses what a web page sends
    expect(first!.request.headers.origin).toBeUndefined()
  })

  test('--token goes before the environment', async () => {
    const { seen, at } = await admin()
    await run({ all: true, admin: at, token: 'u' }, { SEAWALL_ADMIN_TOKEN: 't' })
    expect(seen[0]!.request.headers.authorization).toBe('Bearer u')
  })

  test('names who could not be reached, harmlessly', async () => {
    const { at } = await admin(200, { ...OK, unreachable: ['w1', '\u001b[2J'] })
    expect(await run({ all: true, admin: at })).toBe('purged: seq 7, applied by 2; unreachable: w1, \\x1b[2J\n')
  })

  test.each<[number, unknown, string]>([
    [400, { error: 'bad_field', message: 'tags[0]: must be a string' }, 'refused the purge: 400, tags[0]: must be a string'],
    [401, { error: 'unauthorized', message: 'Send the admin token.' }, 'refused the purge: 401, Send the admin token. Set SEAWALL_ADMIN_TOKEN or give --token.'],
    [503, 'down', 'refused the purge: 503'],
    [302, '', 'refused the purge: 302'],
    [200, '<html>', 'is not the admin listener of Seawall'],
    [200, { seq: 1 }, 'is not the admin listener of Seawall'],
    [200, null, 'is not the admin listener of Seawall']
  ])('answered %i %j, it fails', async (status, answer, message) => {
    const { at } = await admin(status, answer)
    await expect(run({ all: true, admin: at })).rejects.toMatchObject({ exitCode: 1, message: expect.stringContaining(message) as string })
  })

  test('where nobody answers, it says so', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    await expect(run({ all: true, admin: `127.0.0.1:${port}` })).rejects.toMatchObject({
      exitCode: 1, message: `no answer from the admin listener at http://127.0.0.1:${port} (ECONNREFUSED). Is Seawall running there? Name another with --admin URL.`
    })
  })

  test.each<[Partial<PurgeOptions>, string]>([
    [{}, 'nothing to purge'], [{ soft: true }, 'nothing to purge'], [{ url: ['/x'] }, '--url: found "/x"'], [{ prefix: ['http:///x'] }, '--prefix: found "http:///x"'],
    [{ all: true, admin: 'ftp://a' }, '--admin: found "ftp://a"'], [{ all: true, token: 'a b' }, 'the token holds'], [{ all: true, token: '' }, 'the token holds']
  ])('%j is asked wrongly', async (options, message) => {
    await expect(run({ admin: '127.0.0.1:1', ...options })).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) as string })
  })
})

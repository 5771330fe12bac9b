/** A real Redis for a test: its own port, its own folder, ended with the test. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, onTestFinished } from 'vitest'
import { portToGive } from './program.js'

export const hasRedis = ((): boolean => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** Skipped, visibly, where there is no redis-server; in CI that is a failure. */
export const describeWithRedis: (name: string, tests: () => void) => void = (name, tests) => {
  if (!hasRedis && process.env['CI'] !== 'true') console.log(`skipped: ${name}; apt-get install redis-server`)
  describe.skipIf(!hasRedis && process.env['CI'] !== 'true')(name, tests)
}

export interface TestRedis {
  readonly url: string
  readonly port: number
  pid (): number
  /** Answers nothing until `resume`. */
  pause (): void
  resume (): void
  stop (): Promise<void>
  /** The same port, and nothing stored. */
  restart (): Promise<void>
  /** One command; its reply as redis-cli prints it. */
  cli (...args: string[]): string
}

/** `args` as redis-server takes them. */
export async function startRedis (args: readonly string[] = []): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'seawall-redis-'))
  const port = await portToGive()
  let server = await run(port, folder, args)
  const stop = async (): Promise<void> => {
    const ended = server.exitCode !== null || server.signalCode !== null ? Promise.resolve() : new Promise(resolve => { server.once('exit', resolve) })
    server.kill('SIGKILL')
    await ended
  }
  onTestFinished(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    url: `redis://127.0.0.1:${port}`, port, stop,
    pid: () => server.pid!,
    pause: () => { server.kill('SIGSTOP') },
    resume: () => { server.kill('SIGCONT') },
    restart: async () => {
      await stop()
      server = await run(port, folder, args)
    },
    cli: (...command) => execFileSync('redis-cli', ['-p', String(port), ...command], { encoding: 'utf8' }).trim()
  }
}

function run (port: number, folder: string, args: readonly string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const kill = (): void => { server.kill('SIGKILL') }
    process.on('exit', kill)
    server.once('exit', () => { process.off('exit', kill) })
    let output = ''
    server.stdout.on('data', chunk => {
      output += String(chunk)
      if (output.includes('Ready to accept connections')) resolve(server)
    })
    server.once('error', reject)
    server.once('exit', code => { reject(new Error(`redis-server ended (${code}):\n${output}`)) })
  })
}

/** What stands for Redis in a test that scripts its replies: each connection is given to `serve`. */
export async function startFakeRedis (serve: (socket: net.Socket) => void): Promise<{ readonly url: string }> {
  const server = net.createServer(serve)
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  onTestFinished(() => { server.close() })
  return { url: `redis://127.0.0.1:${(server.address() as net.AddressInfo).port}` }
}

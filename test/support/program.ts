/** Programs of other makes, started and ended by a test. */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import net from 'node:net'

export interface Program {
  /** Standard output and error so far. */
  output (): string
  /** Resolves to the exit code, or the signal that ended it, once it has ended. */
  stop (signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>
  /** Sends a signal that is not its end. */
  signal (signal: NodeJS.Signals): void
  readonly pid: number
  /** Nothing it says is read any more. */
  deafen (): void
}

export interface ProgramOptions { readonly cwd?: string, readonly env?: Record<string, string>, readonly ready: RegExp }

/** Resolves once its output matches `ready`; rejects with all of its output where it ends before. */
export function startProgram (command: string, args: readonly string[], { cwd, env, ready }: ProgramOptions): Promise<Program> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const kill = (): void => { child.kill('SIGKILL') }
    process.on('exit', kill)
    let output = ''
    const ended = new Promise<number | NodeJS.Signals>(done => {
      child.once('close', (code, signal) => {
        process.off('exit', kill)
        done(code ?? signal!)
        reject(new Error(`${command} ended (${code ?? signal}) before it was ready:\n${output}`))
      })
    })
    child.once('error', reject)
    const take = (chunk: Buffer): void => {
      output += chunk.toString()
      if (ready.test(output)) resolve({ output: () => output, stop, signal: signal => { child.kill(signal) }, pid: child.pid!, deafen })
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    function deafen (): void {
      child.stdout.removeAllListeners('data').pause()
      child.stderr.removeAllListeners('data').pause()
    }
    function stop (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
      child.kill(signal)
      return ended
    }
  })
}

/**
 * A port for a program that must be told one. Below those the system hands out (from 32768), so that no connection of a
 * test running at the same time takes it before the program has it.
 */
export async function portToGive (): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    const server = net.createServer()
    const free = await new Promise<boolean>(resolve => {
      server.once('error', () => { resolve(false) })
      server.listen(port, '127.0.0.1', () => { server.close(() => { resolve(true) }) })
    })
    if (free) return port
  }
}

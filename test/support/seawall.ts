/** Seawall as it is installed: the built command (`npm run build`) in a process of its own. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ask, type Reply } from './client.js'
import { startProgram, type Program } from './program.js'

export const COMMAND = new URL('../../dist/bin/seawall.js', import.meta.url).pathname
/** Ports for it to choose. */
export const ANYWHERE = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']

export interface Seawall extends Program {
  readonly url: string
  readonly adminUrl: string
  log (): Record<string, unknown>[]
  /** GET unless told otherwise. */
  get: (path: string, asked?: Parameters<typeof ask>[1]) => Promise<Reply>
}

/** An empty folder for this test, so that no configuration lies around. */
export function emptyFolder (): string {
  const folder = mkdtempSync(join(tmpdir(), 'seawall-program-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  return folder
}

/** `seawall start` with these flags, up when this resolves; ended with the test. */
export async function startSeawall (flags: readonly string[], env: Record<string, string> = {}): Promise<Seawall> {
  const program = await startProgram(process.execPath, [COMMAND, 'start', ...flags], { cwd: emptyFolder(), env, ready: /"msg":"listening"\}\n/ })
  onTestFinished(async () => { await program.stop('SIGKILL') })
  const log = (): Record<string, unknown>[] => program.output().split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line) as Record<string, unknown>)
  const { listen, admin } = log().find(line => line['msg'] === 'listening') as { listen: string, admin: string }
  return { ...program, url: listen, adminUrl: admin, log, get: (path, asked) => ask(listen + path, asked) }
}

export interface Ran { readonly code: number, readonly stdout: string, readonly stderr: string }

/** A command that ends by itself, run to its end. */
export function runSeawall (args: readonly string[], { cwd = emptyFolder(), env = {} }: { cwd?: string, env?: Record<string, string> } = {}): Promise<Ran> {
  return new Promise(resolve => {
    execFile(process.execPath, [COMMAND, ...args], { cwd, env: { ...process.env, ...env }, timeout: 15_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

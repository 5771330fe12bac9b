/** What a command needs of the process, so that tests can stand in for it, and how a command fails. */
import type { AppIo } from '../app.js'

export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface Io extends AppIo {
  readonly stderr: { write (text: string): unknown }
  /** Called for every such signal, which then no longer ends the process by itself. */
  onSignal (handler: (signal: StopSignal) => void): void
  /** Called for every SIGHUP, which then no longer ends the process. */
  onReload (handler: () => void): void
  /** Ends the process at once. */
  exit (code: number): void
}

export const processIo: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onSignal (handler) {
    process.on('SIGINT', handler)
    process.on('SIGTERM', handler)
  },
  onReload: handler => { process.on('SIGHUP', handler) },
  exit: code => { process.exit(code) }
}

/** `failed`: what was asked for did not come about. `usage`: it was asked for wrongly. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const

/** A failure that one line explains. */
export class CliError extends Error {
  readonly exitCode: number

  constructor (exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CliError'
    this.exitCode = exitCode
  }
}

/** The system's code of an error or of what caused it: ECONNREFUSED, EADDRINUSE. */
export function systemCode (thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : systemCode(thrown.cause)
}

/** `seawall start`: serves until it is told to stop. */
import cluster from 'node:cluster'
import { existsSync } from 'node:fs'
import type { RunningApp } from '../app.js'
import { formatAddress } from '../config/address.js'
import { loadConfig, type Flags } from '../config/load.js'
import type { Address, Settings } from '../config/settings.js'
import { banner } from './banner.js'
import { CliError, EXIT, systemCode, type Io, type StopSignal } from './io.js'

export interface StartOptions extends Flags { readonly config?: string | undefined }
export type StartApp = (settings: Settings, io: Io) => Promise<RunningApp>

const DEFAULT_FILE = 'proxy.config.json'

/** Resolves to the exit code once drained after a first SIGINT or SIGTERM; a second one ends the process at once. */
export async function start ({ config, ...flags }: StartOptions, io: Io, startApp: StartApp = startReal): Promise<number> {
  if (cluster.isWorker) {
    // the terminal's signals are for the process that began this one, which says when to drain
    io.onSignal(() => undefined)
    const { runWorker } = await import('../app/worker.js')
    await runWorker(io)
    return EXIT.ok
  }
  const file = config ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined)
  if (file === undefined && flags.origin === undefined) {
    throw new CliError(EXIT.usage, `nothing to stand in front of: give --origin URL, or --config FILE (there is no ./${DEFAULT_FILE})`)
  }
  const settings = loadConfig({ file, flags, env: io.env })
  const app = await startApp(settings, io).catch((thrown: unknown) => { throw cannotListen(thrown, settings) ?? thrown })
  if (settings.tls.length > 0) io.onReload(() => app.reload())
  if (io.stdout.isTTY === true) io.stdout.write(banner(settings, app, !io.env['NO_COLOR']))
  return untilStopped(app, io)
}

async function startReal (settings: Settings, io: Io): Promise<RunningApp> {
  if (settings.workers > 1) {
    const { startWorkers } = await import('../app/workers.js')
    return startWorkers(settings, io, settings.workers)
  }
  const { startApp } = await import('../app.js')
  return startApp(settings, io)
}

const SIGNAL_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

function untilStopped (app: RunningApp, io: Io): Promise<number> {
  return new Promise((resolve, reject) => {
    let stopping = false
    io.onSignal(signal => {
      if (stopping) {
        app.destroy()
        io.exit(SIGNAL_CODES[signal])
        return
      }
      stopping = true
      app.drain().then(() => resolve(EXIT.ok), reject)
    })
  })
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'this user may not use that port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name cannot be resolved now'
}

function cannotListen (thrown: unknown, { listen, admin }: Settings): CliError | undefined {
  const code = systemCode(thrown)
  const reason = REASONS[code ?? '']
  const { address, hostname, port } = thrown as { address?: string, hostname?: string, port?: number }
  // workers listen for one another at paths, which no flag names
  if (reason === undefined || address?.startsWith('/') === true) return undefined
  const failed = (candidate: Address) => candidate.host === (address ?? hostname) && (port === undefined || candidate.port === port)
  const [flag, where] = failed(admin) ? ['--admin', admin] as const : ['--listen', listen] as const
  return new CliError(EXIT.usage, `cannot listen on ${formatAddress(where)}: ${reason} (${code}). Choose another with ${flag} HOST:PORT.`, { cause: thrown })
}

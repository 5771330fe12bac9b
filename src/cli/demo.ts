/** `seawall demo`: a sample origin and Seawall before it, both in this process, and a tour of what that does. */
import { once } from 'node:events'
import { startApp, type RunningApp } from '../app.js'
import { loadConfig } from '../config/load.js'
import { startSampleOrigin, type SampleOrigin } from '../demo/origin.js'
import { formatLine, heading, type Paint } from '../demo/table.js'
import { tour } from '../demo/tour.js'
import type { Reporter, Stage } from '../demo/walk.js'
import { paint } from '../observe/terminal.js'
import { EXIT, systemCode, type Io } from './io.js'

export interface DemoOptions { readonly exit?: boolean }

/** Where it stays up, if these are free. */
const PORTS = { origin: 8000, listen: 8080, admin: 8081 }
const ANY_PORTS = { origin: 0, listen: 0, admin: 0 }

/**
 * Resolves to the exit code once the tour is over, or, unless `exit`, once told to stop. `failed`: a line of the tour did
 * not show what it should, or the tour was broken off.
 */
export async function demo ({ exit = false }: DemoOptions, io: Io): Promise<number> {
  const stop = stopOf(io)
  const ports = exit ? ANY_PORTS : PORTS
  const origin = await preferring(ports.origin, startSampleOrigin)
  let app: RunningApp | undefined
  try {
    app = await preferring(ports.listen, port => startBefore(origin, port, port === 0 ? 0 : ports.admin, io))
    const stage = { listen: urlOf(app.listen), admin: urlOf(app.admin), origin }
    const code = await guide(stage, stop, io)
    if (code !== EXIT.ok || exit) return code
    io.stdout.write(invitation(stage))
    if (!stop.aborted) await once(stop, 'abort')
    return EXIT.ok
  } finally {
    await app?.drain()
    await origin.stop()
  }
}

/** Aborted by a first signal; a second one ends the process at once. */
function stopOf (io: Io): AbortSignal {
  const controller = new AbortController()
  io.onSignal(() => {
    if (controller.signal.aborted) io.exit(EXIT.failed)
    controller.abort()
  })
  return controller.signal
}

async function guide (stage: Stage, stop: AbortSignal, io: Io): Promise<number> {
  const color = io.stdout.isTTY === true && !io.env['NO_COLOR']
  const brush: Paint = (text, colour) => paint(text, colour, color)
  const print = (text: string): void => { io.stdout.write(`${text}\n`) }
  const reporter: Reporter = {
    note: text => print(`  ${brush(text, 'grey')}`),
    line (line, wrong) {
      print(formatLine(line, wrong.length === 0, brush))
      if (wrong.length > 0) print(`  ${brush(`should have shown: ${wrong.join('; ')}`, 'red')}`)
    }
  }
  print(`\n  client ─▶ seawall ${stage.listen} ─▶ sample origin ${stage.origin.url}\n\n${heading(brush)}`)
  try {
    const wrong = await tour(stage, reporter, stop)
    if (wrong.length === 0) return EXIT.ok
    io.stderr.write(`seawall: the demo did not show what it should: ${wrong.join(', ')}\n`)
  } catch (thrown) {
    if (!stop.aborted) throw thrown
  }
  return EXIT.failed
}

function invitation ({ listen, admin, origin }: Stage): string {
  const tries = [
    ['a hit, and the list of what else there is', `curl -i ${listen}/products/42`, `curl ${listen}/`],
    ['a write: the next GET is a miss', `curl -X POST ${listen}/products/42`],
    ['a purge by tag', `curl -H 'Content-Type: application/json' -d '{"tags":["products"]}' ${admin}/purge`],
    ['the origin fails (until /fail/off): the price is stale, and served', `curl -X POST ${origin.url}/fail/on`, `curl -i ${listen}/prices/7`],
    ['what came of it all', `curl ${admin}/stats`]
  ]
  const blocks = tries.map(([why, ...commands]) => [`  # ${why}`, ...commands.map(command => `  ${command}`), ''].join('\n'))
  return ['', '  All of it is up until Ctrl-C. To try:', '', ...blocks, ''].join('\n')
}

/** Nothing of the environment or of a configuration file changes what is shown. */
function startBefore (origin: SampleOrigin, listen: number, admin: number, io: Io): Promise<RunningApp> {
  const flags = { origin: origin.url, listen: `127.0.0.1:${listen}`, admin: `127.0.0.1:${admin}`, logLevel: 'silent', accessLog: 'off' } as const
  return startApp(loadConfig({ flags, env: {} }), io)
}

function urlOf ({ host, port }: RunningApp['listen']): string {
  return `http://${host}:${port}`
}

/** With any free port where the preferred one is taken. */
async function preferring<T> (port: number, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(port)
  } catch (error) {
    if (port === 0 || systemCode(error) !== 'EADDRINUSE') throw error
    return start(0)
  }
}

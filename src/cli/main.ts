/**
 * The command line: which commands and flags there are. What a command does is in its own file, loaded when it runs.
 * Whatever goes wrong is one line a problem on standard error, never a stack trace. The only importer of commander.
 */
import { Command, CommanderError, Option } from 'commander'
import { ConfigError } from '../config/settings.js'
import { CliError, EXIT, type Io } from './io.js'
import { version } from '../version.js'

/** Runs one command; `args` without node and script. Resolves to the exit code and never rejects. */
export async function main (args: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok
  const run = (command: Promise<number>) => command.then(result => { code = result })
  const program = outfit(new Command('seawall'), io)
    .description('An HTTP edge cache and origin shield.')
    .version(version(), '-v, --version')
  addStart(program, io, run)
  addPurge(program, io, run)
  addCheck(program, io, run)
  addDemo(program, io, run)
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (thrown) {
    return report(thrown, io)
  }
}

type Run = (command: Promise<number>) => Promise<void>

function addStart (program: Command, io: Io, run: Run): void {
  command(program, 'start', 'Serve: stand in front of an origin.', io)
    .option('-c, --config <file>', 'configuration (default: ./proxy.config.json, if it is there)')
    .option('-o, --origin <url>', 'the server to stand in front of, as http://127.0.0.1:8000')
    .option('-l, --listen <host:port>', 'where clients are served (default: 127.0.0.1:8080)')
    .option('--admin <host:port>', 'where purges, metrics and health are (default: 127.0.0.1:8081)')
    .option('--memory <size>', 'what everything stored may take (default: 256mb)')
    .option('--workers <n|auto>', 'processes that serve; auto is one a core (default: 1)')
    .option('--redis <url>', 'a Redis to share with other processes, as redis://127.0.0.1:6379')
    .option('--log-level <level>', 'debug, info, warn, error or silent (default: info)')
    .addOption(new Option('--access-log <on|off>', 'one line a request (default: on)').choices(['on', 'off']))
    .action(options => run(import('./start.js').then(({ start }) => start(options, io))))
}

function addPurge (program: Command, io: Io, run: Run): void {
  const gather = (value: string, before: string[] = []) => [...before, value]
  command(program, 'purge', 'Make a running Seawall forget.', io)
    .option('--tag <tag>', 'everything that bears the tag (repeatable)', gather)
    .option('--url <url>', 'one absolute URL, all its variants (repeatable)', gather)
    .option('--prefix <url>', 'every URL that begins so (repeatable)', gather)
    .option('--all', 'everything')
    .option('--soft', 'stale instead of gone: still there for revalidation and when the origin fails')
    .addOption(new Option('--wait <who>', 'who must have applied it before it is answered (default: cluster)').choices(['cluster', 'local']))
    .option('--admin <url>', 'the admin listener', 'http://127.0.0.1:8081')
    .option('--token <token>', 'its token (default: SEAWALL_ADMIN_TOKEN of the environment)')
    .action(options => run(import('./purge.js').then(({ purge }) => purge(options, io))))
}

function addCheck (program: Command, io: Io, run: Run): void {
  command(program, 'check', 'Validate a configuration and say what it comes to.', io)
    .argument('[file]', 'the configuration', 'proxy.config.json')
    .action((file: string) => run(import('./check.js').then(({ check }) => check(file, io))))
}

function addDemo (program: Command, io: Io, run: Run): void {
  command(program, 'demo', 'A sample origin, the proxy, and a short guided tour with real requests.', io)
    .option('--exit', 'end after the tour')
    .action(options => run(import('./demo.js').then(({ demo }) => demo(options, io))))
}

function command (program: Command, name: string, description: string, io: Io): Command {
  return outfit(program.command(name), io).description(description)
}

/** One line for what is typed wrongly, and no exit but ours. */
function outfit (command: Command, io: Io): Command {
  return command.exitOverride().configureOutput({
    writeOut: text => { io.stdout.write(text) },
    writeErr: text => { io.stderr.write(text) },
    outputError (text, write) {
      const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`
      write(`seawall: ${text.replace(/^error: /, '').trim().replace(/\.$/, '').replaceAll('\n', ' ')}; see ${name} --help\n`)
    }
  })
}

function report (thrown: unknown, io: Io): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (thrown instanceof ConfigError) {
    for (const problem of thrown.problems) {
      const file = thrown.file === undefined || problem.startsWith('--') ? '' : `${thrown.file}: `
      io.stderr.write(`seawall: ${file}${problem}\n`)
    }
    return EXIT.usage
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  io.stderr.write(`seawall: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
  return thrown instanceof CliError ? thrown.exitCode : EXIT.failed
}

/** `npm run bench:hitratio [-- TRACE]`: how often a request is a hit, on generated traces and on a file of keys, one a line. */
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'

const [trace] = process.argv.slice(2)
if (trace !== undefined && !statSync(trace, { throwIfNoEntry: false })?.isFile()) {
  console.error(`${trace} is no file of keys, one a line`)
  process.exit(1)
}
const env = { ...process.env, ...(trace === undefined ? {} : { TRACE: resolve(trace) }) }
const vitest = spawn('npx', ['vitest', 'run', '--config', 'test/bench/vitest.config.ts', '--disable-console-intercept', 'hitratio'], { env, stdio: 'inherit' })
vitest.on('exit', code => { process.exitCode = code ?? 1 })

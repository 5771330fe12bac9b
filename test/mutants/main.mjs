/** `node test/mutants/main.mjs [--only WORDS]`: applies every mutant, or those whose rule holds these words, and runs its tests. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const env = { ...process.env, MUTANTS: 'run', MUTANTS_ONLY: values.only }
const vitest = spawn('npx', ['vitest', 'run', 'test/mutants', '--disable-console-intercept'], { env, stdio: 'inherit' })
vitest.on('exit', code => { process.exitCode = code ?? 1 })

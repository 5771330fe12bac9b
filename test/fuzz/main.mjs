/** `node test/fuzz/main.mjs [--seconds N] [--seed N]`: the fuzzer for longer than the tests run it. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } })
const env = { ...process.env, FUZZ_SECONDS: values.seconds }
if (values.seed !== undefined) env.FUZZ_SEED = values.seed
const vitest = spawn('npx', ['vitest', 'run', 'test/fuzz', '--disable-console-intercept'], { env, stdio: 'inherit' })
vitest.on('exit', code => { process.exitCode = code ?? 1 })

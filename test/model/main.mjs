/** `node test/model/main.mjs [--seeds N] [--steps N] [--seed FIRST]`: the model checker for longer than the tests run it. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '100' }, steps: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } } })
const env = { ...process.env, MODEL_SEEDS: values.seeds, MODEL_STEPS: values.steps, MODEL_SEED: values.seed }
const vitest = spawn('npx', ['vitest', 'run', 'test/model/proxy.test.ts', '--disable-console-intercept'], { env, stdio: 'inherit' })
vitest.on('exit', code => { process.exitCode = code ?? 1 })

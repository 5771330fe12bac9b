/** One run of load against one server: wrk, or a stampede, on the core the server does not have. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pinned } from './machine.mjs'

const run = promisify(execFile)
const STAMPEDES = 5

/** Times in µs. */
const DONE = `
function done (summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"us":%d,"errors":%d,"p50":%d,"p99":%d,"p999":%d}\\n', summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
`

/** → { requests, us, errors, p50, p99, p999 }; `us` is how long it took. */
export async function load ({ name, scenario, port, seconds, folder, etag }) {
  const [command, args] = scenario.stampede
    ? pinned(1, process.execPath, [join(import.meta.dirname, 'stampede.mjs'), String(port), String(scenario.connections), String(STAMPEDES)])
    : pinned(1, 'wrk', ['-t1', `-c${scenario.connections}`, `-d${seconds}s`, '-s', script(folder, name, scenario, etag), `http://127.0.0.1:${port}${scenario.path}`])
  const { stdout } = await run(command, args)
  const result = /^RESULT (.*)$/m.exec(stdout)
  if (result === null) throw new Error(`${command} said nothing of what it measured:\n${stdout}`)
  return JSON.parse(result[1])
}

function script (folder, name, { lua }, etag) {
  const file = join(folder, `${name}.lua`)
  writeFileSync(file, `${lua?.(etag) ?? ''}\n${DONE}`)
  return file
}

/** One run of load against one server: wrk or autocannon, or a stampede, on the core the server does not have. */
import { join } from 'node:path'
import { autocannon } from './autocannon.mjs'
import { installed } from './machine.mjs'
import { reported } from './processes.mjs'
import { wrk } from './wrk.mjs'

const STAMPEDES = 5

/** What load comes from: undefined where neither is installed. autocannon is a Node program, and slower than what it measures. */
export const driver = installed('wrk') ? 'wrk' : installed('autocannon') ? 'autocannon' : undefined

/** → { requests, us, errors, p50, p99, p999 }; `us` is how long it took, latencies are in µs too. */
export function load ({ name, scenario, port, seconds, folder, etag }) {
  if (scenario.stampede) {
    return reported(process.execPath, [join(import.meta.dirname, 'stampede.mjs'), String(port), String(scenario.connections), String(STAMPEDES)])
  }
  const { path, connections } = scenario
  const order = {
    url: `http://127.0.0.1:${port}`, path, connections, seconds, file: join(folder, name),
    headers: scenario.headers?.(etag) ?? {}, requests: scenario.requests?.()
  }
  return driver === 'wrk' ? wrk(order) : autocannon(order)
}

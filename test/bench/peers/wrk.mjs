/** Load from wrk, told in Lua what to ask and how to report. */
import { writeFileSync } from 'node:fs'
import { reported } from './processes.mjs'

const DONE = `
function done (summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"us":%d,"errors":%d,"p50":%d,"p99":%d,"p999":%d}\\n', summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
`

/** `file`: where what it needs to read may be written. */
export function wrk ({ url, path, connections, seconds, file, headers, requests }) {
  const script = `${file}.lua`
  writeFileSync(script, [...Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = [[${value}]]`), listed(file, requests), DONE].join('\n'))
  return reported('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url + path])
}

/** They are read from a file: twenty thousand are more than a script should hold. */
function listed (file, requests) {
  if (requests === undefined) return ''
  const list = `${file}.requests`
  writeFileSync(list, requests.map(({ method, path, body = '' }) => `${method} ${path} ${body}\n`).join(''))
  return `
local requests, i = {}, 0
function init (args)
  for line in io.lines("${list}") do
    local method, path, body = line:match("^(%S+) (%S+) (.*)$")
    requests[#requests + 1] = wrk.format(method, path, nil, body ~= "" and body or nil)
  end
end
function request () i = i % #requests + 1 return requests[i] end`
}

/** Load from autocannon, given what to ask as a HAR. */
import { writeFileSync } from 'node:fs'
import { printed } from './processes.mjs'

/** `file`: where what it needs to read may be written. */
export async function autocannon ({ url, path, connections, seconds, file, headers, requests }) {
  const har = `${file}.har`
  writeFileSync(har, JSON.stringify({ log: { entries: (requests ?? [{ method: 'GET', path }]).map(one => ({ request: entry(url, headers, one) })) } }))
  const said = JSON.parse(await printed('autocannon', ['--json', '--no-progress', '-c', String(connections), '-d', String(seconds), '--har', har, url]))
  const { latency, requests: sent, duration, errors, statusCodeStats } = said
  const refused = Object.entries(statusCodeStats).reduce((sum, [status, { count }]) => sum + (Number(status) >= 400 ? count : 0), 0)
  return {
    requests: sent.total, us: duration * 1e6, errors: errors + refused,
    p50: latency.p50 * 1000, p99: latency.p99 * 1000, p999: latency.p99_9 * 1000
  }
}

function entry (url, headers, { method, path, body }) {
  return {
    method, url: url + path, headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    ...(body === undefined ? {} : { postData: { mimeType: 'application/x-www-form-urlencoded', text: body } })
  }
}

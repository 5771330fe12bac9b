/** What was measured, as tables: medians of the rounds, ratios of CPU time a request, the change against an earlier run. */

function median (values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The rounds of one server and scenario as one row, without those that answered nothing; errors are summed. */
export function summary (all) {
  const rounds = all.filter(round => round.requests > 0)
  if (rounds.length === 0) return { cpu: NaN, rps: 0, p50: NaN, p99: NaN, p999: NaN, rss: all[0].rss, errors: all.length }
  const of = read => median(rounds.map(read))
  return {
    cpu: of(round => round.cpu / round.requests),
    rps: of(round => round.requests / round.us * 1e6),
    p50: of(round => round.p50), p99: of(round => round.p99), p999: of(round => round.p999),
    rss: of(round => round.rss),
    errors: rounds.reduce((sum, round) => sum + round.errors, 0),
    ...(rounds[0].fetches === undefined ? {} : { fetches: of(round => round.fetches / round.stampedes) })
  }
}

const COLUMNS = [
  ['', 9], ['CPU µs', 8], ['×', 6], ['req/s', 9], ['p50 µs', 8], ['p99 µs', 8], ['p99.9 µs', 9], ['RSS MiB', 8]
]

const cells = texts => texts.map((text, i) => i === 0 ? text.padEnd(COLUMNS[0][1]) : text.padStart(COLUMNS[i]?.[1] ?? 0)).join(' ')

/** `rows`: server name → summary. × is the peer's CPU time a request over Seawall's: above 1, Seawall costs less. */
export function table (title, rows) {
  const own = rows.seawall.cpu
  const lines = Object.entries(rows).map(([name, row]) => cells([
    name, row.cpu.toFixed(1), name === 'seawall' ? '' : (row.cpu / own).toFixed(2), row.rps.toFixed(0), row.p50.toFixed(0), row.p99.toFixed(0),
    row.p999.toFixed(0), row.rss.toFixed(0)
  ]) + (row.fetches === undefined ? '' : `  ${row.fetches} origin requests a stampede`) + (row.errors === 0 ? '' : `  ${row.errors} errors`))
  return [`\n${title}`, cells(COLUMNS.map(([text]) => text)), ...lines].join('\n')
}

/** `now`, `before`: as written by --json. Below 1 it costs less than it did; peers show what the machine did meanwhile. */
export function comparison (now, before) {
  const lines = [`\nCPU µs a request, now over ${before.at}`]
  for (const [key, rows] of Object.entries(now.results)) {
    const changes = Object.entries(rows).flatMap(([name, row]) => {
      const earlier = before.results[key]?.[name]
      return earlier === undefined ? [] : [`${name} ${(row.cpu / earlier.cpu).toFixed(2)} (${earlier.cpu.toFixed(1)} → ${row.cpu.toFixed(1)})`]
    })
    if (changes.length > 0) lines.push(`${key.padEnd(22)} ${changes.join(', ')}`)
  }
  return lines.join('\n')
}

/**
 * `npm audit` of everything that is installed: fails on a known advisory of high severity or worse. Where nobody can be
 * asked (no network, a registry without audits) it says so and does not fail.
 */
import { spawnSync } from 'node:child_process'

const { stdout, error } = spawnSync('npm', ['audit', '--json'], { encoding: 'utf8', timeout: 60_000 })

function report () {
  if (error !== undefined) return undefined
  try {
    return JSON.parse(stdout).metadata?.vulnerabilities
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

const found = report()
if (found === undefined) console.log('audit: skipped, the registry gave no answer')
else {
  console.log(`audit: ${found.critical} critical, ${found.high} high, ${found.moderate} moderate, ${found.low} low`)
  if (found.critical + found.high > 0) process.exitCode = 1
}

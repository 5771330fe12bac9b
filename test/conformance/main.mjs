/**
 * `npm run conformance [-- --update]`: the public HTTP cache tests (http-tests/cache-tests) against the built program, once
 * with fixtures/conformance.config.json and once with the shipped defaults. Prints a table by suite and holds both runs
 * to test/conformance/scorecard.json: a newly failing test fails the run, a newly passing one asks for --update.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { byWord, compare, table, verdicts } from './score.mjs'

const { values: options } = parseArgs({ options: { update: { type: 'boolean' }, only: { type: 'string' }, profile: { type: 'string' } } })
const here = dirname(fileURLToPath(import.meta.url))
const repo = join(here, '../..')
const suiteRoot = dirname(createRequire(import.meta.url).resolve('http-cache-tests/package.json'))
const SCORECARD = join(here, 'scorecard.json')
const folder = mkdtempSync(join(tmpdir(), 'seawall-conformance-'))
const children = []
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const PROFILES = {
  conformance: origin => {
    const config = JSON.parse(readFileSync(join(repo, 'fixtures/conformance.config.json'), 'utf8'))
    const { $schema: _, ...rest } = config
    return { ...rest, origins: { suite: { ...config.origins.suite, url: origin } } }
  },
  defaults: origin => ({ origins: { suite: { url: origin } } })
}

function start (command, args, spawnOptions) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...spawnOptions })
  children.push(child)
  let out = ''
  let err = ''
  child.stdout.on('data', data => { out += data })
  child.stderr.on('data', data => { err += data })
  child.printed = wanted => new Promise((resolve, reject) => {
    const look = () => {
      const found = wanted.exec(out)
      if (found !== null) resolve(found)
    }
    child.stdout.on('data', look)
    child.on('exit', code => reject(new Error(`${args[0]} ended (${code}) before it printed ${wanted}: ${err || out}`)))
    look()
  })
  child.ended = new Promise((resolve, reject) => child.on('close', code => code === 0 ? resolve(out) : reject(new Error(`${args[0]} ended (${code}): ${err}`))))
  child.ended.catch(() => undefined)
  return child
}

function freePort () {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject).listen(0, () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function run (profile) {
  const port = await freePort()
  const env = { ...process.env, npm_config_protocol: 'http', npm_config_port: String(port), npm_config_pidfile: join(folder, `${profile}.pid`) }
  const origin = start(process.execPath, ['server/server.mjs'], { cwd: suiteRoot, env })
  await origin.printed(/Listening on/)
  const file = join(folder, `${profile}.json`)
  const config = PROFILES[profile](`http://127.0.0.1:${port}`)
  writeFileSync(file, JSON.stringify({ ...config, listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, log: { access: false } }))
  const seawall = start(process.execPath, [join(repo, 'dist/bin/seawall.js'), 'start', '--config', file], { cwd: folder })
  const [, base] = await seawall.printed(/"listen":"([^"]+)"/)
  const suite = start(process.execPath, ['--no-warnings', join(here, 'suite.mjs'), base, ...(options.only === undefined ? [] : [options.only])], { cwd: folder })
  const printed = await suite.ended
  seawall.kill('SIGTERM')
  origin.kill()
  if (options.only !== undefined) console.log(printed.slice(0, printed.lastIndexOf('\n{"suites"')))
  return JSON.parse(printed.slice(printed.lastIndexOf('{"suites"')))
}

function told (result) {
  if (result === true) return 'holds, but not what it depends on'
  return result?.[1] ?? 'not run'
}

const scorecard = options.update ? {} : JSON.parse(readFileSync(SCORECARD, 'utf8'))
const names = options.profile === undefined ? Object.keys(PROFILES) : [options.profile]
const runs = await Promise.all(names.map(async name => [name, await run(name)]))
let failed = 0
for (const [name, { suites, results }] of runs) {
  const words = verdicts(suites, results)
  console.log(`\n${name === 'defaults' ? 'with the shipped defaults' : 'with fixtures/conformance.config.json'}\n${table(suites, words)}`)
  for (const { test, word } of byWord(suites, words)) console.log(`  ${word} ${test.kind} ${test.id}: ${told(results[test.id])}`)
  if (options.only !== undefined) continue
  if (options.update) scorecard[name] = words
  else {
    const { worse, better } = compare(scorecard[name], words)
    for (const line of worse) console.error(`newly failing: ${line}`)
    for (const line of better) console.error(`newly passing: ${line}; run npm run conformance -- --update`)
    failed += worse.length + better.length
  }
}
if (options.update) writeFileSync(SCORECARD, `${JSON.stringify(scorecard, null, 1)}\n`)
console.log(failed === 0 ? '\nas the scorecard says' : `\n${failed} differ from the scorecard`)
process.exit(failed === 0 ? 0 : 1)

/** Runs the public HTTP cache tests' own client against BASE (argv 2) and prints {suites, results} as JSON. One run a process: the suite keeps its state in modules. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { witness } from './errata.mjs'

const require = createRequire(import.meta.url)
const root = new URL('./', pathToFileURL(require.resolve('http-cache-tests/package.json')))
const load = path => import(new URL(path, root).href)
// the suite was written for this fetch: others rewrite the very fields it examines
const { default: fetch } = await import(pathToFileURL(createRequire(root).resolve('node-fetch')).href)
const { default: tests } = await load('tests/index.mjs')
const { default: surrogate } = await load('tests/surrogate-control.mjs')
const { runTests, getResults } = await load('client/runner.mjs')

const only = process.argv[3]
const all = [...tests, surrogate]
const chosen = only === undefined ? all : all.map(s => ({ ...s, tests: s.tests.filter(t => only.split(',').includes(t.id)) }))
if (only !== undefined) for (const s of chosen) for (const t of s.tests) t.dump = true
const watched = witness(fetch.default ?? fetch)
await runTests(chosen, watched.fetch, false, process.argv[2])
const suites = all.map(({ name, id, tests }) => ({
  name, id,
  tests: tests.map(t => ({ id: t.id, name: t.name, kind: t.kind ?? 'required', browserOnly: t.browser_only === true, dependsOn: t.depends_on ?? [] }))
}))
console.log(JSON.stringify({ suites, results: watched.corrected(getResults()) }))

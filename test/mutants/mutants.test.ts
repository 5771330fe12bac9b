/**
 * Each mutant's text still stands where it is said to. With MUTANTS=run (`npm run mutants`) each is applied to a copy of
 * the tree, one at a time, and its tests, which pass without it, must fail.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MUTANTS, type Mutant } from './list.js'

const ROOT = new URL('../../', import.meta.url).pathname
const RUN = process.env['MUTANTS'] === 'run'
const ONLY = process.env['MUTANTS_ONLY'] ?? ''

it('there are at least forty, of different names', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(40)
  expect(new Set(MUTANTS.map(({ rule }) => rule)).size).toBe(MUTANTS.length)
})

it.each(MUTANTS)('$rule: the text stands once in $file', ({ file, text, defect, tests }) => {
  expect(readFileSync(ROOT + file, 'utf8').split(text).length - 1).toBe(1)
  expect(defect).not.toBe(text)
  for (const test of tests) expect(existsSync(ROOT + test), test).toBe(true)
})

describe.runIf(RUN)('is killed', () => {
  let tree = ''
  const survivors: string[] = []
  let killed = 0

  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'seawall-mutants-'))
    for (const name of ['src', 'bin', 'test', 'fixtures', 'schema', 'docs', 'docker', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'vitest.config.ts', 'proxy.config.json', 'README.md']) {
      cpSync(ROOT + name, join(tree, name), { recursive: true })
    }
    for (const name of ['node_modules', 'dist']) symlinkSync(ROOT + name, join(tree, name))
  })

  afterAll(() => {
    rmSync(tree, { recursive: true })
    process.stdout.write(`mutants: ${killed} of ${killed + survivors.length} killed\n${survivors.map(rule => `survivor: ${rule}\n`).join('')}`)
  })

  const chosen = MUTANTS.filter(({ rule }) => rule.includes(ONLY))

  it('by tests that pass without a defect', async () => {
    expect(await passes(tree, [...new Set(chosen.flatMap(({ tests }) => tests))], 600_000)).toBe(true)
  }, 610_000)

  it.each(chosen)('$rule', async mutant => {
    const survived = await survives(tree, mutant)
    process.stdout.write(`${survived ? 'survived' : 'killed'}: ${mutant.rule}\n`)
    if (survived) {
      survivors.push(mutant.rule)
      expect.fail(`${mutant.tests.join(', ')} stayed green`)
    }
    killed++
  }, 300_000)
})

async function survives (tree: string, { file, text, defect, tests }: Mutant): Promise<boolean> {
  const path = join(tree, file)
  const source = readFileSync(path, 'utf8')
  writeFileSync(path, source.replace(text, () => defect))
  try {
    return await passes(tree, tests)
  } finally {
    writeFileSync(path, source)
  }
}

/** Whether all tests in these files pass. Ones that never end, as a defect may make them, are ended and count as failed. */
function passes (tree: string, tests: readonly string[], limit = 150_000): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, MUTANTS: '', VITEST: '', VITEST_WORKER_ID: '', VITEST_POOL_ID: '' }
    const vitest = spawn(join(tree, 'node_modules/.bin/vitest'), ['run', '--bail=1', '--testTimeout=10000', ...tests], { cwd: tree, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
    // with its workers: they are a group of their own
    const patience = setTimeout(() => { process.kill(-vitest.pid!, 'SIGKILL') }, limit)
    let output = ''
    vitest.stdout.on('data', chunk => { output += String(chunk) })
    vitest.once('error', reject)
    vitest.once('close', code => {
      clearTimeout(patience)
      if (/No test files found/.test(output)) reject(new Error(output))
      else resolve(code === 0)
    })
  })
}

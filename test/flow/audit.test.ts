/** The audit in CI fails on what is known and grave, and on nothing else. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { emptyFolder } from '../support/seawall.js'

const AUDIT = new URL('../../.ci/audit.mjs', import.meta.url).pathname

it.each([
  ['{"metadata":{"vulnerabilities":{"critical":0,"high":0,"moderate":2,"low":1}}}', 0, 'audit: 0 critical, 0 high, 2 moderate, 1 low\n'],
  ['{"metadata":{"vulnerabilities":{"critical":0,"high":1,"moderate":0,"low":0}}}', 1, 'audit: 0 critical, 1 high, 0 moderate, 0 low\n'],
  ['{"metadata":{"vulnerabilities":{"critical":1,"high":0,"moderate":0,"low":0}}}', 1, 'audit: 1 critical, 0 high, 0 moderate, 0 low\n'],
  ['{"error":{"code":"ENOAUDIT"}}', 0, 'audit: skipped, the registry gave no answer\n'],
  ['', 0, 'audit: skipped, the registry gave no answer\n']
])('where npm says %j it ends with %i', (says, status, stdout) => {
  const folder = emptyFolder()
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\ncat <<'END'\n${says}\nEND\nexit 1\n`, { mode: 0o755 })
  const ran = spawnSync(process.execPath, [AUDIT], { encoding: 'utf8', env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } })
  expect(ran).toMatchObject({ status, stdout })
})

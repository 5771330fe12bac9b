/** Seawall before a real FastAPI application, as Debian ships it. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { describeProductApp } from '../support/product-app.js'
import { startProgram } from '../support/program.js'

const folder = new URL('../../fixtures/fastapi/', import.meta.url).pathname
const PYTHON = '/usr/bin/python3'
const there = spawnSync(PYTHON, ['-c', 'import fastapi, uvicorn']).status === 0

if (!there) process.stderr.write('skipped: Seawall before FastAPI. To run it: apt-get install python3-fastapi uvicorn\n')

describe.skipIf(!there)('before FastAPI', () => {
  describeProductApp((port, env) => startProgram(PYTHON, ['-B', '-m', 'uvicorn', 'app:app', '--port', String(port)], { cwd: folder, env, ready: /Uvicorn running on / }))
})

if (!there && process.env['CI'] === 'true') {
  test('before FastAPI, which CI must have', () => { expect.unreachable('apt-get install python3-fastapi uvicorn') })
}

/** Seawall before a real Express application. */
import { describe } from 'vitest'
import { describeProductApp } from '../support/product-app.js'
import { startProgram } from '../support/program.js'

const folder = new URL('../../fixtures/express/', import.meta.url).pathname

describe('before Express', () => {
  describeProductApp((port, env) => startProgram(process.execPath, ['app.js'], { cwd: folder, env: { ...env, PORT: String(port) }, ready: /listening on / }))
})

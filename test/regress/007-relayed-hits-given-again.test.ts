/**
 * A hit that its owner gave again as it had gone over the wire lacked what another worker knows an owner's answer by: that
 * worker took the owner for gone, and asked the origin itself. Or, if it had gone to that worker first, clients were told
 * what was meant for it.
 */
import { expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import type { ProxyCore, ProxyRequest, ProxyResponse } from '../../src/core/types.js'
import type { Parts } from '../../src/proxy/parts.js'
import { put, type Passed } from '../../src/workers/envelope.js'
import { createOwnerCore } from '../../src/workers/owner-core.js'

it('an owner writes what it answers another worker anew, and what it answers clients as it was', async () => {
  const wire = Buffer.from('as it went over the wire')
  const hit: ProxyResponse = { status: 304, head: 'HTTP/1.1 304 Not Modified\r\n', tail: 'age: 1\r\n', body: { kind: 'none' }, outcome: 'hit', again: { wire } }
  const core = { tryHit: () => hit } as unknown as ProxyCore
  const log = { head: { epoch: 1, seq: 0 }, catchUp: () => Promise.resolve() }
  const owner = createOwnerCore(core, { route: () => undefined } as unknown as Parts, log, systemClock)
  const passed: Passed = { peer: { address: '127.0.0.1', secure: false, trusted: false }, version: '1.1', epoch: 1, seq: 0, copy: false }
  const request = { method: 'GET', target: '/a', version: '1.1', fields: { host: 'shop.test', raw: ['host', 'shop.test', ...put('request', passed)] } }
  const answered = await owner.handle(request as unknown as ProxyRequest)
  expect(answered.again).toBeUndefined()
  expect(answered.tail).toMatch(/^age: 1\r\nseawall-answer: /)
  expect(hit).toMatchObject({ tail: 'age: 1\r\n', again: { wire } })
})

/** When a worker passes a request on to its key's owner, and how long it waits for one that says nothing. */
import { describe, expect, it } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { silentLogger } from '../../src/core/logger.js'
import { headText } from '../../src/http/head.js'
import type { ProxyCore, ProxyRequest, ProxyResponse, RawHeaders } from '../../src/core/types.js'
import type { OriginRequest, Origins } from '../../src/origin/contract.js'
import type { Parts } from '../../src/proxy/parts.js'
import { turn } from '../../src/server/turn.js'
import type { Copies } from '../../src/workers/copies.js'
import { ACKNOWLEDGED, put, QUIET, RECEIPT } from '../../src/workers/envelope.js'
import { createOwnerCore } from '../../src/workers/owner-core.js'
import { nameOf, ownerOf } from '../../src/workers/owners.js'
import { createRelay } from '../../src/workers/relay.js'
import { manualClock, type ManualClock } from '../support/clock.js'

const PEER = { address: '127.0.0.1', secure: false, trusted: false }
const HERE: ProxyResponse = { status: 200, head: headText(200, []), tail: '', body: { kind: 'none' }, outcome: 'miss' }
const ROUTE = { cache: true, tags: [], key: { query: { ignore: [], only: undefined, sort: false }, headers: [], cookies: [] } }
const LOG = { head: { epoch: 1, seq: 0 }, catchUp: async () => undefined, pends: () => false }

interface Sent { readonly request: ProxyRequest, readonly interims: (readonly [number, RawHeaders])[] }

function requestOf (target: string, more: RawHeaders = []): Sent {
  const interims: [number, RawHeaders][] = []
  const request = {
    method: 'GET', target, version: '1.1', peer: PEER, body: undefined, onGone: undefined,
    fields: { host: 'shop.test', raw: ['host', 'shop.test', ...more], facts: undefined },
    interim: (status: number, raw: RawHeaders) => { interims.push([status, raw]) }
  }
  return { request: request as unknown as ProxyRequest, interims }
}

describe('an owner', () => {
  it('says that it has a request when it has no answer to it yet, once', async () => {
    const clock = manualClock()
    let answer!: (response: ProxyResponse) => void
    const core = { tryHit: () => undefined, handle: () => new Promise(resolve => { answer = resolve }) } as unknown as ProxyCore
    const owner = createOwnerCore(core, { route: () => undefined } as unknown as Parts, LOG, clock)
    const { request, interims } = requestOf('/a', put('request', { peer: PEER, version: '1.1', epoch: 1, seq: 0, copy: false }))
    const answered = owner.handle(request)
    await turn()
    clock.advance(ACKNOWLEDGED - 1)
    expect(interims).toEqual([])
    clock.advance(10 * QUIET)
    expect(interims).toEqual([[102, RECEIPT]])
    answer(HERE)
    expect((await answered).status).toBe(200)
  })

  it('says nothing of the kind when it has', async () => {
    const clock = manualClock()
    const core = { tryHit: () => HERE } as unknown as ProxyCore
    const { request, interims } = requestOf('/a', put('request', { peer: PEER, version: '1.1', epoch: 1, seq: 0, copy: false }))
    await createOwnerCore(core, { route: () => undefined } as unknown as Parts, LOG, clock).handle(request)
    clock.advance(10 * QUIET)
    expect(interims).toEqual([])
  })
})

interface Worker { readonly relay: ProxyCore, readonly clock: ManualClock, readonly asked: OriginRequest[], readonly path: string }

/** A worker whose fellow never answers. `pending`: the URLs of its writes that are on their way. */
function worker (pending: readonly string[] = []): Worker {
  const clock = manualClock()
  const asked: OriginRequest[] = []
  const owners = {
    ask (request: OriginRequest) {
      asked.push(request)
      let cancel!: (why: Error) => void
      const answer = new Promise<never>((_, reject) => { cancel = reject })
      return { answer, cancel }
    }
  } as unknown as Origins
  const core = { tryHit: () => undefined, handle: async () => HERE } as unknown as ProxyCore
  const parts = { route: () => ROUTE, store: { peek: () => undefined }, counters: new Counters(), logger: silentLogger } as unknown as Parts
  const relay = createRelay({ core, parts, owners, self: 0, count: 2, copies: { wanted: () => false } as unknown as Copies, log: { ...LOG, pends: url => pending.includes(url) }, clock })
  return { relay, clock, asked, path: Array.from({ length: 50 }, (_, i) => `/${i}`).find(path => ownerOf(`http://shop.test${path}`, 2) === 1)! }
}

describe('who passes a request on', () => {
  it('answers it itself when nothing is heard of the owner, whom it leaves alone for as long', async () => {
    const { relay, clock, asked, path } = worker()
    const answered = relay.handle(requestOf(path).request)
    expect(asked.map(({ origin }) => origin)).toEqual([nameOf(1)])
    clock.advance(QUIET)
    expect(await answered).toBe(HERE)
    expect(await relay.handle(requestOf(path).request)).toBe(HERE)
    expect(asked).toHaveLength(1)
    clock.advance(QUIET)
    void relay.handle(requestOf(path).request)
    expect(asked).toHaveLength(2)
  })

  it('keeps to itself what a write of its own may concern that the owner cannot know of', async () => {
    const { path } = worker()
    const pending = worker([`http://shop.test${path}`])
    expect(await pending.relay.handle(requestOf(path).request)).toBe(HERE)
    expect(pending.asked).toEqual([])
    const other = worker([`http://shop.test${path}/else`])
    void other.relay.handle(requestOf(path).request)
    expect(other.asked).toHaveLength(1)
  })

  it('waits for as long as it takes once the owner has said anything, and tells its client what is for it', async () => {
    const { relay, clock, asked, path } = worker()
    const { request, interims } = requestOf(path)
    let answered = false
    void relay.handle(request).then(() => { answered = true })
    clock.advance(QUIET - 1)
    asked[0]!.onInterim!(102, RECEIPT)
    asked[0]!.onInterim!(103, ['link', '</a>', ...RECEIPT])
    clock.advance(10 * QUIET)
    await turn()
    expect(answered).toBe(false)
    expect(interims).toEqual([[103, ['link', '</a>', ...RECEIPT]]])
  })
})

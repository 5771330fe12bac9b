/** src/origin/contract.ts: places at an origin that are held by requests whose own clients hardly send or read. */
import { describe, expect, it } from 'vitest'
import { SeawallError } from '../../src/core/errors.js'
import type { OriginConfig } from '../../src/origin/config.js'
import type { OriginRequest } from '../../src/origin/contract.js'
import { barrier } from '../support/barrier.js'
import { manualClock } from '../support/clock.js'
import { HEAD_END, HI, bench, turns, whole } from '../support/origins.js'

describe('those inside whose clients hardly move', () => {
  const wide: Partial<OriginConfig> = { connections: 4, queue: { length: 100, wait: 60_000 } }
  const LARGE = 'HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n'

  /** A request whose body comes when it is told to. */
  function upload (first = 'x'): { request: Partial<OriginRequest>, send (text: string): void } {
    const queue = [Buffer.from(first)]
    let wake: ((chunk: Uint8Array) => void) | undefined
    const read = (): Promise<Uint8Array> => queue.length > 0 ? Promise.resolve(queue.shift()!) : new Promise(resolve => { wake = resolve })
    return { request: { method: 'POST', body: { length: undefined, reader: { read, cancel: () => undefined } } }, send: text => { wake!(Buffer.from(text)) } }
  }

  /** An origin that answers GETs, those of /large with more than anybody reads, and of uploads hears. */
  async function stage () {
    const clock = manualClock()
    const heard = Array.from({ length: 10 }, () => barrier())
    let uploads = 0
    const { ask, origins } = await bench(async peer => {
      for (;;) {
        const head = await peer.expect(HEAD_END)
        if (head.startsWith('POST')) return heard[uploads++]!.open()
        if (!head.startsWith('GET /large')) peer.say(HI)
        else for (peer.say(LARGE); !peer.socket.destroyed; await new Promise(resolve => { setImmediate(resolve) })) if (!peer.socket.writableNeedDrain) peer.say('x'.repeat(65_536))
      }
    }, wide, clock)
    return { ask, clock, origins, heard }
  }

  it('make room for who waits, the slowest first, where they are most of them', async () => {
    const { ask, clock, origins, heard } = await stage()
    const slow = []
    for (let i = 0; i < 4; i++) {
      slow.push(ask(upload().request))
      await heard[i]!.passed
      clock.advance(100)
    }
    const next = ask()
    clock.advance(1_500)
    expect(origins.stats()['api']).toMatchObject({ active: 4, queued: 1 })
    clock.advance(400)
    await expect(slow[0]!.answer).rejects.toMatchObject({ code: 'origin_busy', retryAfter: 1_000 })
    expect(await whole((await next.answer).body)).toBe('hi')
    expect(origins.stats()['api']).toMatchObject({ active: 3, queued: 0, rejected: { busy: 1 } })
  })

  it('are those too who do not take their answers', async () => {
    const { ask, clock } = await stage()
    const slow = await Promise.all(Array.from({ length: 4 }, async () => (await ask({ target: '/large' }).answer).body))
    await Promise.all(slow.map(body => body.read()))
    // more than is held for them has come
    await turns(200)
    const next = ask()
    clock.advance(2_000)
    expect((await next.answer).status).toBe(200)
  })

  it('are left alone where most move, or others are to blame', async () => {
    const { ask, clock, origins, heard } = await stage()
    const all = []
    for (let i = 0; i < 4; i++) {
      all.push(upload())
      ask(all[i]!.request).answer.catch(() => undefined)
      await heard[i]!.passed
    }
    ask().answer.catch(() => undefined)
    for (let i = 0; i < 9; i++) {
      clock.advance(1_000)
      // a megabyte in two minutes
      for (const { send } of all.slice(2)) send('x'.repeat(9_000))
      await turns(5)
    }
    expect(origins.stats()['api']).toMatchObject({ active: 4, queued: 1, rejected: { busy: 0 } })
    origins.destroy(new SeawallError('draining'))
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeawallError } from '../../src/core/errors.js'
import type { BodyReader } from '../../src/core/types.js'
import { SharedBody } from '../../src/proxy/shared-body.js'
import { manualClock } from '../support/clock.js'
import { codeOf, whole } from '../support/origins.js'

const PIECE = 64 * 1024
/** More than the window of a body that is not retained. */
const OVERFULL = 9
const INTERVAL = 5_000
/** What must be taken in an interval, in pieces. */
const LEAST = 5
const GONE = new SeawallError('client_gone')

function start () {
  const clock = manualClock()
  let unread = 0
  const body = new SharedBody(clock, () => { unread++ })
  return { clock, body, unread: () => unread }
}

const piece = (fill = 0): Uint8Array => Buffer.alloc(PIECE, fill)

async function take (reader: BodyReader, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await reader.read()
}

/** Whether a promise is still open once all that is ready has run. */
async function pending (promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = promise === undefined
  promise?.then(() => { settled = true }, () => { settled = true })
  await new Promise(resolve => { setImmediate(resolve) })
  return !settled
}

/** Pushes until the feeder has to wait; returns what it waits for. */
function fillUp (body: SharedBody): Promise<void> {
  for (;;) {
    const room = body.room()
    if (room !== undefined) return room
    body.push(piece())
  }
}

/** A body that is not retained, with readers that have read all there is, and the feeder blocked by those that have not. */
async function blocked (stalled: number, waiting: number) {
  const scene = start()
  const slow = Array.from({ length: stalled }, () => scene.body.open())
  const fast = Array.from({ length: waiting }, () => scene.body.open())
  scene.body.release()
  const room = fillUp(scene.body)
  for (const reader of fast) await take(reader, OVERFULL)
  const waits = fast.map(reader => reader.read())
  for (const wait of waits) wait.catch(() => undefined)
  return { ...scene, slow, fast, room, waits }
}

describe('a retained body', () => {
  it('is read by each from its first byte, whenever it comes', async () => {
    const { body } = start()
    const early = body.open()
    body.push(Buffer.from('one'))
    const middle = body.open()
    expect(String(await early.read())).toBe('one')
    const next = early.read()
    body.push(Buffer.from('two'))
    expect(String(await next)).toBe('two')
    body.end()
    expect(await whole(middle)).toBe('onetwo')
    expect(await whole(body.open())).toBe('onetwo')
    expect(await early.read()).toBe(null)
    expect(await early.read()).toBe(null)
  })

  it('waits for nobody', async () => {
    const { body, clock } = start()
    const stalled = body.open()
    for (let i = 0; i < 100; i++) {
      expect(body.room()).toBeUndefined()
      body.push(piece())
    }
    clock.advance(10 * INTERVAL)
    body.end()
    expect((await whole(stalled)).length).toBe(100 * PIECE)
  })

  it.each([['read by nobody yet', 0], ['read by one that keeps up', 1], ['read by one that does not', 2]])('of tiny pieces, %s, is held in fewer', async (_, how) => {
    const { body } = start()
    const reader = how === 0 ? undefined : body.open()
    for (let i = 0; i < 10_000; i++) {
      body.push(Uint8Array.of(i))
      if (how === 1 || (how === 2 && i < 5_000)) await reader!.read()
    }
    body.end()
    const late = body.open()
    let pieces = 0
    const got: number[] = []
    for (let chunk = await late.read(); chunk !== null; chunk = await late.read()) {
      pieces++
      got.push(...chunk)
    }
    expect(pieces).toBeLessThan(200)
    expect(got).toEqual(Array.from({ length: 10_000 }, (_, i) => i % 256))
  })

  it('that breaks gives what came before, and then the failure', async () => {
    const { body } = start()
    const reader = body.open()
    body.push(Buffer.from('part'))
    body.fail(new SeawallError('origin_reset'))
    body.end()
    expect(String(await reader.read())).toBe('part')
    expect(await codeOf(reader.read())).toBe('origin_reset')
    expect(await codeOf(whole(body.open()))).toBe('origin_reset')
  })

  it('tells when its last reader leaves, not when one has read it', async () => {
    const { body, unread } = start()
    const [a, b] = [body.open(), body.open()]
    const reading = a.read()
    a.cancel(GONE)
    expect(await codeOf(reading)).toBe('client_gone')
    a.cancel(GONE)
    expect([unread(), body.readers]).toEqual([0, 1])
    b.cancel(GONE)
    expect([unread(), body.readers]).toEqual([1, 0])
    const c = body.open()
    body.end()
    await c.read()
    expect([unread(), body.readers]).toEqual([1, 0])
  })
})

describe('a body that is not retained', () => {
  it('has the feeder wait a window ahead of the slowest', async () => {
    const { body } = start()
    const [a, b] = [body.open(), body.open()]
    body.release()
    const room = fillUp(body)
    await take(a, OVERFULL)
    expect(await pending(room)).toBe(true)
    await take(b, 1)
    expect(await pending(room)).toBe(false)
    expect(body.room()).toBeUndefined()
  })

  it('drops what all have read when it is released late', async () => {
    const { body } = start()
    const [a, b] = [body.open(), body.open()]
    for (let i = 0; i < 20; i++) body.push(piece(i))
    await take(a, 20)
    await take(b, 15)
    body.release()
    expect(body.room()).toBeUndefined()
    expect((await b.read())?.[0]).toBe(15)
  })

  it('goes on when those who held it up leave', async () => {
    const { body, slow, room, unread } = await blocked(2, 1)
    slow[0]!.cancel(GONE)
    expect(await pending(room)).toBe(true)
    slow[1]!.cancel(GONE)
    expect(await pending(room)).toBe(false)
    expect([unread(), body.readers]).toEqual([0, 1])
  })

  it('lets the feeder go when nobody is left, or it is over', async () => {
    const left = await blocked(1, 0)
    left.slow[0]!.cancel(GONE)
    expect(await pending(left.room)).toBe(false)
    expect(left.unread()).toBe(1)
    const ended = await blocked(1, 0)
    ended.body.fail(GONE)
    expect(await pending(ended.room)).toBe(false)
    expect(ended.body.room()).toBeUndefined()
  })

  it('lets go of one that stalls while another waits', async () => {
    const { clock, slow, room, waits, body } = await blocked(1, 2)
    clock.advance(INTERVAL - 1)
    expect(await pending(room)).toBe(true)
    clock.advance(1)
    expect(await pending(room)).toBe(false)
    expect(await codeOf(slow[0]!.read())).toBe('slow_reader')
    body.push(Buffer.from('on'))
    expect((await Promise.all(waits)).map(String)).toEqual(['on', 'on'])
  })

  it('lets go of one that takes a little now and then', async () => {
    const { clock, slow, fast, waits, body } = await blocked(1, 1)
    for (let i = 0; i < 2; i++) {
      clock.advance(INTERVAL / 2 - 1)
      await take(slow[0]!, 1)
      fillUp(body).catch(() => undefined)
      if (i === 0) await waits[0]
      else await take(fast[0]!, 1)
    }
    clock.advance(2)
    expect(await codeOf(slow[0]!.read())).toBe('slow_reader')
  })

  it('keeps one that takes enough', async () => {
    const { clock, slow, fast, body } = await blocked(1, 1)
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < LEAST; j++) {
        await take(slow[0]!, 1)
        fillUp(body).catch(() => undefined)
        await take(fast[0]!, 1)
      }
      clock.advance(INTERVAL)
    }
    expect(body.readers).toBe(2)
  })

  it('keeps one that stalls where nobody waits for it', async () => {
    for (const count of [1, 2]) {
      const { clock, body } = await blocked(count, 0)
      clock.advance(10 * INTERVAL)
      expect(body.readers).toBe(count)
    }
  })

  it('leaves no timer behind', async () => {
    for (const over of ['end', 'fail'] as const) {
      const { clock, body } = await blocked(1, 1)
      body[over](GONE)
      clock.advance(10 * INTERVAL)
      expect(body.readers).toBe(2)
    }
  })
})

describe('whatever the order of things', () => {
  it('each reader reads every byte once, in order, up to where it left', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('pour' as const) }) },
      { weight: 6, arbitrary: fc.record({ do: fc.constant('read' as const), who: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const) }) }
    )
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const { body } = start()
      const readers = Array.from({ length: 5 }, () => ({ reader: body.open(), next: 0, left: false }))
      let pushed = 0
      for (const s of steps) {
        const one = 'who' in s ? readers[s.who]! : undefined
        if (s.do === 'push') body.push(Uint8Array.of(pushed++))
        else if (s.do === 'pour') for (let i = 0; i < 100; i++) body.push(Uint8Array.of(pushed++))
        else if (s.do === 'release') body.release()
        else if (s.do === 'leave') {
          one!.left = true
          one!.reader.cancel(GONE)
        } else if (!one!.left && one!.next < pushed) for (const byte of (await one!.reader.read())!) expect(byte).toBe(one!.next++ % 256)
      }
      body.end()
      for (const { reader, next, left } of readers) {
        if (left) expect(await codeOf(reader.read())).toBe('client_gone')
        else expect(await whole(reader)).toBe(Buffer.from(Array.from({ length: pushed - next }, (_, i) => next + i)).toString('latin1'))
      }
    }), { numRuns: 300 })
  })
})

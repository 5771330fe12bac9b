/**
 * Hostile requests, refused at their head: sent whole, cut in two at every byte, a byte at a time, and between two good
 * ones. The origin sees nothing of them, what was asked before is answered, what follows is discarded, and the connection
 * ends in order.
 */
import { describe, expect, it } from 'vitest'
import { AFTER, BEFORE, expectAnsweredBefore, expectRefusal } from './expect.js'
import type { Hostile } from './hostile.js'
import { recorded, type Recorder } from './recorder.js'
import { FRAMING } from './refused-framing.js'
import { LINES } from './refused-lines.js'
import { MEANING } from './refused-meaning.js'
import { abreast, talk, TRANSPORTS, type Transport } from './talk.js'

const GROUPS: readonly (readonly [string, readonly Hostile[]])[] = [['framing', FRAMING], ['lines', LINES], ['meaning', MEANING]]

function expectUntouched ({ whole, unfinished }: Recorder): void {
  expect(whole).toEqual([])
  expect(unfinished()).toEqual([])
}

describe('the suite', () => {
  it('holds at least 150 requests, no two alike', () => {
    const all = GROUPS.flatMap(([, hostile]) => hostile)
    expect(new Set(all.map(({ bytes }) => bytes)).size).toBe(all.length)
    expect(all.length).toBeGreaterThanOrEqual(150)
  })
})

describe.each(TRANSPORTS.map(transport => [transport.name, transport] as const))('over %s', (_, transport: Transport) => {
  describe.each(GROUPS)('%s', (_, hostile) => {
    it('whole', async () => {
      const recorder = await recorded(transport)
      await abreast(hostile.map(one => async () => {
        expectRefusal(await talk(transport, recorder.proxy.port, [one.bytes]), one, 'whole')
      }))
      expectUntouched(recorder)
    })

    it('cut at every byte', async () => {
      const recorder = await recorded(transport)
      await abreast(hostile.flatMap(one => transport.cuts(one.bytes.length).map(cut => async () => {
        expectRefusal(await talk(transport, recorder.proxy.port, [one.bytes.slice(0, cut), one.bytes.slice(cut)]), one, `cut at ${cut}`)
      })))
      expectUntouched(recorder)
    }, 60_000)

    it('a byte at a time', async () => {
      const recorder = await recorded(transport)
      await abreast(hostile.map(one => async () => {
        expectRefusal(await talk(transport, recorder.proxy.port, [...one.bytes]), one, 'a byte at a time')
      }))
      expectUntouched(recorder)
    }, 60_000)

    it('between two good ones', async () => {
      const { proxy, whole, unfinished } = await recorded(transport)
      await abreast(hostile.map(one => async () => {
        const said = await talk(transport, proxy.port, [BEFORE + one.bytes + AFTER])
        expectRefusal(expectAnsweredBefore(said, one.name), one, 'between')
      }))
      expect(whole.map(text => text.slice(0, text.indexOf('\r\n')))).toEqual(hostile.map(() => 'GET /before HTTP/1.1'))
      expect(unfinished()).toEqual([])
    })
  })
})

/** Requests that are served without what could mislead an origin, however they arrive, and the ones around them with them. */
import { describe, expect, it } from 'vitest'
import { AFTER, BEFORE } from './expect.js'
import { recorded, type Recorder } from './recorder.js'
import { abreast, talk, TRANSPORTS, type Transport } from './talk.js'
import { TAMED, type Tamed } from './tamed.js'

/** Every request of the hostile name the origin has seen, and that there are so many. */
function expectSeen ({ whole, unfinished }: Recorder, { name, seen, unseen }: Tamed, times: number): void {
  const sent = whole.filter(text => !/^GET \/(?:before|after) /.test(text))
  expect(sent.length, name).toBe(times)
  expect(unfinished(), name).toEqual([])
  for (const text of sent) {
    if (seen !== undefined) expect(text, name).toMatch(seen)
    if (unseen !== undefined) expect(text, name).not.toMatch(unseen)
  }
}

describe.each(TRANSPORTS.map(transport => [transport.name, transport] as const))('over %s', (_, transport: Transport) => {
  it.each(TAMED.map(one => [one.name, one] as const))('%s', async (name, one) => {
    const recorder = await recorded(transport)
    const sayings = [[one.bytes], [...one.bytes], ...transport.cuts(one.bytes.length).map(cut => [one.bytes.slice(0, cut), one.bytes.slice(cut)])]
    await abreast(sayings.map(pieces => async () => {
      const { text, end } = await talk(transport, recorder.proxy.port, pieces, true)
      expect(text, `${name}, ${pieces.length} pieces`).toMatch(/^HTTP\/1\.1 200 /)
      expect(end).toBe('end')
    }))
    expectSeen(recorder, one, sayings.length)
  })

  it.each(TAMED.map(one => [one.name, one] as const))('%s, between two others', async (name, one) => {
    const recorder = await recorded(transport)
    const { text } = await talk(transport, recorder.proxy.port, [BEFORE + one.bytes + AFTER], true)
    const persistent = !/ HTTP\/1\.0\r\n/.test(one.bytes)
    expect(text.match(/HTTP\/1\.1 200 /g), name).toHaveLength(persistent ? 3 : 2)
    expectSeen(recorder, one, 1)
  })
})

/**
 * Bodies that turn malformed, too large, or end early, behind a good head: whatever reached the origin is an unfinished
 * request on a connection that is broken off, and the client is refused as at a head.
 */
import { describe, expect, it } from 'vitest'
import { BROKEN } from './broken-bodies.js'
import { AFTER, BEFORE, expectAnsweredBefore, expectRefusal } from './expect.js'
import { post, refused } from './hostile.js'
import { recorded, type Recorder } from './recorder.js'
import { abreast, talk, TRANSPORTS, type Transport } from './talk.js'

async function expectUnfinished (recorder: Recorder): Promise<void> {
  await recorder.brokenOff()
  expect(recorder.whole.filter(text => !text.startsWith('GET /before '))).toEqual([])
  for (const { text } of recorder.unfinished()) expect(text).toMatch(/^POST \/hostile HTTP\/1\.1\r\n/)
}

const CUT_SHORT = refused(400, 'body_cut', {
  'a length of which nothing comes': post(['Content-Length: 5'], ''),
  'a length of which a part comes': post(['Content-Length: 5'], 'hell'),
  'chunks without a first': post(['Transfer-Encoding: chunked'], ''),
  'chunks without a last': post(['Transfer-Encoding: chunked'], '5\r\nhello\r\n'),
  'chunks that end inside one': post(['Transfer-Encoding: chunked'], '5\r\nhe'),
  'chunks that end inside a size': post(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0'),
  'chunks that end before the last blank line': post(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n'),
  'chunks that end inside the last blank line': post(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r'),
  'chunks that end inside a trailer': post(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\nX: y')
})

describe.each(TRANSPORTS.map(transport => [transport.name, transport] as const))('over %s', (_, transport: Transport) => {
  it('whole', async () => {
    const recorder = await recorded(transport)
    await abreast(BROKEN.map(one => async () => {
      expectRefusal(await talk(transport, recorder.proxy.port, [one.bytes]), one, 'whole')
    }))
    await expectUnfinished(recorder)
  })

  it('cut at every byte', async () => {
    const recorder = await recorded(transport)
    await abreast(BROKEN.flatMap(one => transport.cuts(one.bytes.length).map(cut => async () => {
      expectRefusal(await talk(transport, recorder.proxy.port, [one.bytes.slice(0, cut), one.bytes.slice(cut)]), one, `cut at ${cut}`)
    })))
    await expectUnfinished(recorder)
  }, 60_000)

  it('a byte at a time', async () => {
    const recorder = await recorded(transport)
    await abreast(BROKEN.filter(({ bytes }) => bytes.length < 4096).map(one => async () => {
      expectRefusal(await talk(transport, recorder.proxy.port, [...one.bytes]), one, 'a byte at a time')
    }))
    await expectUnfinished(recorder)
  }, 60_000)

  it('between two good ones', async () => {
    const recorder = await recorded(transport)
    await abreast(BROKEN.map(one => async () => {
      const said = await talk(transport, recorder.proxy.port, [BEFORE + one.bytes + AFTER])
      expectRefusal(expectAnsweredBefore(said, one.name), one, 'between')
    }))
    await expectUnfinished(recorder)
    expect(recorder.whole.length).toBe(BROKEN.length)
  })

  it('ended before the end', async () => {
    const recorder = await recorded(transport)
    await abreast(CUT_SHORT.flatMap(one => [[one.bytes], [...one.bytes]].map(pieces => async () => {
      expectRefusal(await talk(transport, recorder.proxy.port, pieces, true), one, `${pieces.length} pieces`)
    })))
    await expectUnfinished(recorder)
  })
})

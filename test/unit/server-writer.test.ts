/** Content at hand goes out in pieces, and nobody waits for all of them. */
import { expect, it } from 'vitest'
import { SeawallError } from '../../src/core/errors.js'
import { pour, type Sink } from '../../src/server/writer.js'

/** Takes everything at once, and notes what and after how many turns of the event loop. */
function willing (piece: number): Sink & { gone: Error | undefined, readonly taken: [string, number][], stop: () => void } {
  let turns = 0
  let timer = setImmediate(function again () { turns++; timer = setImmediate(again) })
  const taken: [string, number][] = []
  return {
    piece, taken, gone: undefined,
    write: part => { taken.push([part.toString(), turns]); return true },
    drained: () => Promise.reject(new Error('nobody needs to wait')),
    stop: () => { clearImmediate(timer) }
  }
}

it('a piece goes out each turn of the event loop, however willing the client is', async () => {
  const sink = willing(4)
  await pour([Buffer.from('abcdefghij'), Buffer.from('kl')], sink)
  sink.stop()
  expect(sink.taken).toEqual([['abcd', 0], ['efgh', 1], ['ij', 2], ['kl', 3]])
})

it('nothing is written to a client that went meanwhile', async () => {
  const sink = willing(4)
  const poured = pour([Buffer.from('abcdefgh')], sink)
  sink.gone = new SeawallError('client_gone')
  await expect(poured).rejects.toBe(sink.gone)
  sink.stop()
  expect(sink.taken).toEqual([['abcd', 0]])
})

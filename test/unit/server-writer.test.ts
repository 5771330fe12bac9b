/** Content at hand goes out in pieces, and nobody waits for all of them. */
import { expect, it } from 'vitest'
import { SeawallError } from '../../src/core/errors.js'
import type { Socket } from 'node:net'
import type { ProxyResponse } from '../../src/core/types.js'
import { pour, pump, writeAnswer, type Sink } from '../../src/server/writer.js'

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

it('a chunk without content does not end a chunked body', async () => {
  const sink = willing(4)
  const chunks = [Buffer.from('ab'), Buffer.alloc(0), Buffer.from('cd')]
  await pump({ read: () => Promise.resolve(chunks.shift() ?? null), cancel: () => undefined }, { ...sink, write: (...parts) => parts.map(part => sink.write(part)).every(Boolean) }, 'chunked', undefined)
  sink.stop()
  expect(sink.taken.map(([text]) => text).join('')).toBe('2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n')
})

it('an answer that is shorter than it says is not filled up with what lay there', () => {
  const socket = { write: () => true, cork: () => undefined, uncork: () => undefined, writableLength: 0 } as unknown as Socket
  const answer = (text: string, length: number): ProxyResponse => ({
    status: 200, head: 'HTTP/1.1 200 OK\r\n', tail: '', body: { kind: 'bytes', chunks: [Buffer.from(text)], length }, outcome: 'hit'
  })
  expect(() => writeAnswer(socket, answer('whole', 5), '\r\n', 'whole')).not.toThrow()
  for (const length of [5, 5_000]) expect(() => writeAnswer(socket, answer('cut', length), '\r\n', 'whole')).toThrow(SeawallError)
  expect(() => writeAnswer(socket, answer('cut', 5_000), '\r\n', 'length')).toThrow(SeawallError)
  expect(() => writeAnswer(socket, answer('x'.repeat(5_000), 5_000), '\r\n', 'whole')).not.toThrow()
})

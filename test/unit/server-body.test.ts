/** A request's body that has come whole is taken at once, and nothing else is. */
import { expect, it } from 'vitest'
import { SeawallError } from '../../src/core/errors.js'
import type { Framing } from '../../src/core/types.js'
import { createBodyDecoder } from '../../src/http/framing.js'
import { RequestBodyReader } from '../../src/server/body.js'

const source = { flow: () => undefined, awaited: () => undefined, fed: () => undefined }

function reader (framing: Framing, limit = Infinity): RequestBodyReader {
  const length = framing.kind === 'length' ? framing.length : undefined
  return new RequestBodyReader(createBodyDecoder(framing), length, limit, source)
}

const SIX: Framing = { kind: 'length', length: 6 }
const text = (chunks: readonly Uint8Array[] | undefined): string | undefined => chunks && Buffer.concat(chunks).toString()

it.each<[string, Framing, string]>([['a length', SIX, 'abcdef'], ['chunks', { kind: 'chunked' }, '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n']])('all of it, by %s', (_, framing, wire) => {
  const body = reader(framing)
  body.feed(Buffer.from(wire.slice(0, -1)))
  expect(body.whole()).toBeUndefined()
  body.feed(Buffer.from(wire.slice(-1)))
  expect(text(body.whole())).toBe('abcdef')
  expect(body.open).toBe(false)
})

it('not where some of it was read', async () => {
  const body = reader(SIX)
  body.feed(Buffer.from('abc'))
  expect(text([(await body.read())!])).toBe('abc')
  body.feed(Buffer.from('def'))
  expect(body.whole()).toBeUndefined()
  expect(text([(await body.read())!])).toBe('def')
  expect(await body.read()).toBeNull()
})

it('not twice, nor where it is too large, malformed, or unwanted', () => {
  const taken = reader(SIX)
  taken.feed(Buffer.from('abcdef'))
  taken.whole()
  expect(taken.whole()).toBeUndefined()
  const large = reader({ kind: 'chunked' }, 2)
  large.feed(Buffer.from('3\r\nabc\r\n0\r\n\r\n'))
  const bad = reader({ kind: 'chunked' })
  bad.feed(Buffer.from('3\r\nabcX'))
  const unwanted = reader(SIX)
  unwanted.feed(Buffer.from('abcdef'))
  unwanted.cancel(new SeawallError('abandoned'))
  for (const body of [large, bad, unwanted]) expect(body.whole()).toBeUndefined()
})

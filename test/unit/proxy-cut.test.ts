import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Body, BodyReader } from '../../src/core/types.js'
import { cut } from '../../src/proxy/cut.js'

function readerOf (chunks: readonly Uint8Array[]): BodyReader & { cancelled: boolean, read (): Promise<Uint8Array | null> } {
  const left = [...chunks]
  return { cancelled: false, read: () => Promise.resolve(left.shift() ?? null), cancel () { this.cancelled = true } }
}

async function bytesOf (body: Body): Promise<Buffer> {
  if (body.kind === 'none') return Buffer.alloc(0)
  if (body.kind === 'bytes') return Buffer.concat(body.chunks)
  const all: Uint8Array[] = []
  for (let chunk = await body.reader.read(); chunk !== null; chunk = await body.reader.read()) all.push(chunk)
  return Buffer.concat(all)
}

const chunks = fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 6 })

it('is what slicing is, of bytes and of streams', async () => {
  await fc.assert(fc.asyncProperty(chunks, fc.nat(36), fc.nat(36), async (parts, a, b) => {
    const whole = Buffer.concat(parts)
    const [from, to] = [Math.min(a, b, whole.length), Math.min(Math.max(a, b), whole.length)]
    for (const body of [{ kind: 'bytes', chunks: parts, length: whole.length }, { kind: 'stream', reader: readerOf(parts), length: whole.length }] as const) {
      const piece = cut(body, from, to)
      expect(piece.length).toBe(to - from)
      expect((await bytesOf(piece)).equals(whole.subarray(from, to))).toBe(true)
    }
  }))
})

it('of a stream reads no further than it has to, and never ends early', async () => {
  const reader = readerOf([Buffer.from('abc'), Buffer.from('def'), Buffer.from('ghi')])
  expect(String(await bytesOf(cut({ kind: 'stream', reader, length: 9 }, 1, 4)))).toBe('bcd')
  expect(reader.cancelled).toBe(true)
  expect(String(await reader.read())).toBe('ghi')
  await expect(bytesOf(cut({ kind: 'stream', reader: readerOf([Buffer.from('abc')]), length: 9 }, 1, 4))).rejects.toThrow('shorter')
})

it('of no body is none', () => {
  expect(cut({ kind: 'none', length: 9 }, 1, 4)).toEqual({ kind: 'none', length: 9 })
})

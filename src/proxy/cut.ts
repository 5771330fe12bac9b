/** A run of bytes out of a body. */
import { SeawallError } from '../core/errors.js'
import type { Body, BodyReader } from '../core/types.js'

/** The bytes from `from` up to `to` (exclusive), both within the body. Of a stream the rest is not read. */
export function cut (body: Body, from: number, to: number): Body {
  switch (body.kind) {
    case 'none': return body
    case 'bytes': return { kind: 'bytes', chunks: slice(body.chunks, from, to), length: to - from }
    case 'stream': return { kind: 'stream', reader: cutReader(body.reader, from, to), length: to - from }
  }
}

function slice (chunks: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const out: Uint8Array[] = []
  let at = 0
  for (const chunk of chunks) {
    const a = Math.max(from - at, 0)
    const b = Math.min(to - at, chunk.length)
    if (a < b) out.push(chunk.subarray(a, b))
    at += chunk.length
  }
  return out
}

function cutReader (reader: BodyReader, from: number, to: number): BodyReader {
  let at = 0
  return {
    async read () {
      while (at < to) {
        const chunk = await reader.read()
        if (chunk === null) throw new SeawallError('origin_invalid', { detail: 'Its body is shorter than announced.' })
        const [a, b] = [Math.max(from - at, 0), Math.min(to - at, chunk.length)]
        at += chunk.length
        if (at >= to) reader.cancel(new SeawallError('abandoned'))
        if (a < b) return chunk.subarray(a, b)
      }
      return null
    },
    cancel: why => { reader.cancel(why) }
  }
}

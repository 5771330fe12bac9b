/**
 * A stored part and what it lacked, as one answer of the origin (RFC 9111 §3.4, RFC 9110 §15.3.7.3): a 200 where the
 * representation is whole with it, otherwise the 206 of both together.
 */
import { SeawallError } from '../core/errors.js'
import type { BodyReader, Lacking, Part } from '../core/types.js'
import { endToEnd } from '../http/fields.js'
import { decodeHead } from '../http/head.js'
import type { OriginAnswer } from '../origin/contract.js'
import { freshen } from '../policy/freshen.js'
import { completes, storedAs, union } from '../policy/partial.js'

/** `part`: undefined where it is whole. */
export interface Completed { readonly answer: OriginAnswer, readonly part: Part | undefined, readonly tags: readonly string[] }

/** Undefined: the answer is not to be combined with the part. Its body then is still to be read or cancelled. */
export function combined (lacking: Lacking, answer: OriginAnswer): Completed | undefined {
  if (answer.status !== 206 || answer.framing === 'none') return undefined
  const { entry } = lacking
  const received = endToEnd(answer.headers)
  const added = completes(lacking, received)
  if (added === undefined) return undefined
  const both = union(entry, added)
  // RFC 9111 §3.4, §3.2: the newer fields are those of the whole
  const { status, headers, part } = storedAs(freshen(decodeHead(entry.head).headers, received), both)
  const fetched = exactly(answer.body, added.last + 1 - added.first)
  const body = both.first < added.first ? inOrder([chunksOf(entry.body), fetched]) : inOrder([fetched, chunksOf(entry.body)])
  const framing = answer.framing === 'close' ? 'close' : 'length'
  return { answer: { ...answer, status, headers, framing, length: both.last + 1 - both.first, body }, part, tags: entry.tags }
}

/** What is shorter or longer than its Content-Range says is broken. */
function exactly (reader: BodyReader, length: number): BodyReader {
  let left = length
  return {
    async read () {
      const chunk = await reader.read()
      left -= chunk?.length ?? 0
      if (left < 0 || (chunk === null && left > 0)) throw new SeawallError('origin_invalid', { detail: 'Its body is not as long as its Content-Range says.' })
      return chunk
    },
    cancel: why => { reader.cancel(why) }
  }
}

function inOrder (readers: readonly BodyReader[]): BodyReader {
  let at = 0
  return {
    async read () {
      for (; at < readers.length; at++) {
        const chunk = await readers[at]!.read()
        if (chunk !== null) return chunk
      }
      return null
    },
    cancel: why => { for (const reader of readers) reader.cancel(why) }
  }
}

function chunksOf (chunks: readonly Uint8Array[]): BodyReader {
  let next = 0
  return { read: () => Promise.resolve(chunks[next++] ?? null), cancel: () => { next = chunks.length } }
}

/** What a 304 does to the fields of the response it validates. */
import type { RawHeaders } from '../core/types.js'

/**
 * What the stored response keeps of its own (RFC 9111 §3.2, §4.3.4). Content-Length must stay. The others tell how the
 * stored bytes are to be read, or were made from the empty content of the 304 itself (RFC 9530 §2), and §3.2 lets them
 * stay for the sake of integrity. ETag names those bytes. Via tells the way they took, which the 304 did not.
 * Content-Type is not among them: §3.2 has it updated.
 */
const KEPT: ReadonlySet<string> = new Set([
  'content-length', 'content-encoding', 'content-range', 'content-md5', 'content-digest', 'transfer-encoding', 'etag', 'via'
])

/** Speak of the message that carried them: the stored ones go even if the 304 has none of its own. */
const OF_THE_MESSAGE: ReadonlySet<string> = new Set(['age', 'date'])

/**
 * The stored fields as the 304 leaves them (RFC 9111 §3.2, §4.3.4): its fields take the place of those of the same name,
 * new ones are added. Both without hop-by-hop fields. Age is the 304's own: for judging anew, not for storing.
 */
export function freshen (storedHeaders: RawHeaders, newHeaders: RawHeaders): string[] {
  const stored = namesOf(storedHeaders)
  const update: string[] = []
  const replaced = new Set(OF_THE_MESSAGE)
  for (let i = 0; i + 1 < newHeaders.length; i += 2) {
    const name = newHeaders[i]!.toLowerCase()
    if (KEPT.has(name) && (name !== 'etag' || stored.has(name))) continue
    replaced.add(name)
    update.push(newHeaders[i]!, newHeaders[i + 1]!)
  }
  const merged: string[] = []
  for (let i = 0; i + 1 < storedHeaders.length; i += 2) {
    if (!replaced.has(storedHeaders[i]!.toLowerCase())) merged.push(storedHeaders[i]!, storedHeaders[i + 1]!)
  }
  merged.push(...update)
  return merged
}

function namesOf (headers: RawHeaders): Set<string> {
  return new Set(headers.filter((_, i) => i % 2 === 0).map(name => name.toLowerCase()))
}

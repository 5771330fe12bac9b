/** Records as the store and invalidation tests need them. */
import type { EntryMeta, Judged, PassRecord, Policy, Stamp, StoreKey, VaryRecord } from '../../src/core/types.js'
import type { EntryWriter } from '../../src/store/contract.js'

export const keyOf = (name: string): StoreKey => `http://example.com/${name}` as StoreKey
export const stampOf = (seq: number, epoch = 1): Stamp => ({ epoch, seq })
export const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
export const text = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString('latin1')

/** Fresh until 60,000, kept until 100,000 past `now`. */
export function policyOf (now: number, changes: Partial<Policy> = {}): Policy {
  const freshUntil = now + 60_000
  return { bornAt: now, freshUntil, swrUntil: freshUntil, sieUntil: freshUntil, keepUntil: now + 100_000, askedAt: now, flags: 0, ...changes }
}

export function metaOf (name: string, policy: Policy, changes: Partial<EntryMeta> = {}): EntryMeta {
  const key = keyOf(name)
  return {
    kind: 'entry', key, primary: key, url: key, status: 200, policy, head: bytes(`HTTP/1.1 200 OK\r\nx-name: ${name}\r\n`),
    etag: `"${name}"`, lastModified: undefined, tags: ['all-of-it', name], filledAt: stampOf(1), checkedAt: undefined, generation: 1, ...changes
  }
}

export function varyOf (name: string, keepUntil: number, changes: Partial<VaryRecord> = {}): VaryRecord {
  const key = keyOf(name)
  return { kind: 'vary', key, url: key, tags: [], names: ['accept-encoding'], filledAt: stampOf(1), checkedAt: undefined, generation: 1, keepUntil, ...changes }
}

export function passOf (name: string, keepUntil: number, changes: Partial<PassRecord> = {}): PassRecord {
  const key = keyOf(name)
  return { kind: 'pass', key, url: key, tags: [], filledAt: stampOf(1), checkedAt: undefined, generation: 1, keepUntil, ...changes }
}

/** What only the log looks at. */
export function judgedOf (name: string, tags: readonly string[], filledAt: Stamp): Judged {
  return { url: keyOf(name), tags, filledAt, checkedAt: undefined }
}

/** As another process's record, with the same stamp, would come out of Redis. */
export function stranger ({ url, tags, filledAt: { epoch, seq } }: Judged): Judged {
  return { url, tags, filledAt: { epoch, seq }, checkedAt: undefined }
}

export function present<T> (value: T | undefined): T {
  if (value === undefined) throw new Error('nothing there')
  return value
}

/** Writes and commits a whole body. */
export function fill (writer: EntryWriter | undefined, ...chunks: string[]): ReturnType<EntryWriter['commit']> {
  const open = present(writer)
  for (const chunk of chunks) open.write(bytes(chunk))
  return open.commit()
}

/** Entries of one shape, however they come about: spreading one into another gives each a shape of its own, and costs. */
import type { Entry, EntryMeta } from './types.js'

/** `meta` with these bytes in the place of its head. */
export function entryOf (meta: EntryMeta, bytes: Pick<Entry, 'head' | 'body' | 'length'>): Entry {
  return {
    kind: 'entry', key: meta.key, primary: meta.primary, url: meta.url, status: meta.status, policy: meta.policy, head: bytes.head,
    body: bytes.body, length: bytes.length, etag: meta.etag, lastModified: meta.lastModified, tags: meta.tags,
    filledAt: meta.filledAt, checkedAt: meta.checkedAt, generation: meta.generation, part: meta.part, copy: meta.copy, row: undefined, givenAt: undefined
  }
}

/**
 * Memory in front of a store that processes share.
 *
 * Invariants: what is hot never leaves this process; what memory took is shared before its commit resolves, or within the
 * shared store's deadline not at all; what comes from below keeps its stamp and has to be judged again; nothing newer in
 * memory gives way to it.
 */
import type { Entry, EntryMeta, Ms, PassRecord, SearchRecord, StoredRecord, StoreKey, Swept, VaryRecord } from '../core/types.js'
import type { EntryWriter, Store, StoreStats } from './contract.js'
import type { Lease } from './leases.js'
import type { MemoryStore } from './memory.js'
import { newCopy, type RedisStore } from './redis.js'

export function createTieredStore (memory: MemoryStore, shared: RedisStore): Store {
  return new Tiered(memory, shared)
}

class Tiered implements Store {
  readonly maxObject: number
  private readonly memory: MemoryStore
  private readonly shared: RedisStore

  constructor (memory: MemoryStore, shared: RedisStore) {
    this.memory = memory
    this.shared = shared
    this.maxObject = memory.maxObject
  }

  peek (key: StoreKey): StoredRecord | undefined {
    return this.memory.peek(key)
  }

  holds (record: StoredRecord, now: Ms): boolean {
    return this.memory.holds(record, now)
  }

  async get (key: StoreKey): Promise<StoredRecord | undefined> {
    return this.memory.peek(key) ?? this.adopt(await this.shared.get(key))
  }

  async reread (key: StoreKey): Promise<StoredRecord | undefined> {
    return this.adopt(await this.shared.reread(key)) ?? this.memory.peek(key)
  }

  begin (meta: EntryMeta, length: number | undefined, lease?: Lease): EntryWriter | undefined {
    const writer = this.memory.begin({ ...meta, copy: newCopy() }, length)
    // no room here, perhaps there, in what little is kept apart for that
    if (writer === undefined) return this.shared.begin(meta, length, lease)
    return {
      write: chunk => { writer.write(chunk) },
      abort: () => { writer.abort() },
      commit: async () => {
        const entry = await writer.commit()
        if (entry !== undefined) await this.share(entry, lease)
        return entry
      }
    }
  }

  note (record: VaryRecord | PassRecord | SearchRecord): void {
    this.memory.note(record)
    this.shared.note(record)
  }

  async refresh (entry: Entry, meta: EntryMeta, lease?: Lease): Promise<Entry | undefined> {
    const fresh = await this.memory.refresh(entry, { ...meta, copy: newCopy() })
    if (fresh === undefined) return this.memory.peek(entry.key) === undefined ? await this.shared.refresh(entry, meta, lease) : undefined
    await this.share(fresh, lease, entry.copy)
    return fresh
  }

  async delete (key: StoreKey): Promise<void> {
    await this.memory.delete(key)
    await this.shared.delete(key)
  }

  records (): IterableIterator<Swept> {
    return this.memory.records()
  }

  stats (): StoreStats {
    return this.memory.stats()
  }

  async close (): Promise<void> {
    await this.memory.close()
    await this.shared.close()
  }

  private async share (entry: Entry, lease: Lease | undefined, replaces?: string): Promise<void> {
    if (entry.length > this.shared.maxObject) return
    const said = replaces === undefined ? 'other' : await this.shared.put(entry, lease, replaces)
    // what was never shared, or is not any more, is shared as if it were new
    if (said === 'other') await this.shared.put(entry, lease)
  }

  /** Into memory with it, unless what memory has is newer. */
  private adopt (record: StoredRecord | undefined): StoredRecord | undefined {
    if (record === undefined) return undefined
    const held = this.memory.peek(record.key)
    if (held !== undefined && !isNewer(record, held)) return held
    return this.memory.adopt(record) ?? record
  }
}

/** By position in the log, then by when the origin was asked. */
function isNewer (record: StoredRecord, held: StoredRecord): boolean {
  const [a, b] = [record.filledAt, held.filledAt]
  if (a.epoch !== b.epoch) return a.epoch > b.epoch
  if (a.seq !== b.seq) return a.seq > b.seq
  return record.kind !== 'entry' || held.kind !== 'entry' || record.policy.askedAt > held.policy.askedAt
}

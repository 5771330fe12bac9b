/**
 * Row numbers by key, in many small tables: a table that has grown full is built anew at one insertion, and of one large
 * table that would take a good part of a second.
 */
import type { StoreKey } from '../core/types.js'

const SHARDS = 256
/** Every third character chooses the table, so that two digits of a number count; of long keys, 32 characters in all. */
const STRIDE = 3
const SAMPLES = 32

export class KeyIndex {
  size = 0
  private readonly shards = Array.from({ length: SHARDS }, () => new Map<StoreKey, number>())

  get (key: StoreKey): number | undefined {
    return this.shards[shardOf(key)]!.get(key)
  }

  /** `key` is absent, or gets another row. */
  set (key: StoreKey, row: number): void {
    const shard = this.shards[shardOf(key)]!
    const before = shard.size
    shard.set(key, row)
    this.size += shard.size - before
  }

  delete (key: StoreKey): void {
    if (this.shards[shardOf(key)]!.delete(key)) this.size--
  }

  clear (): void {
    for (const shard of this.shards) shard.clear()
    this.size = 0
  }
}

function shardOf (key: string): number {
  const stride = Math.max(STRIDE, Math.ceil(key.length / SAMPLES))
  let hash = key.length
  for (let i = key.length - 1; i >= 0; i -= stride) hash = Math.imul(hash, 31) + key.charCodeAt(i)
  return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SHARDS - 1)
}

/**
 * The store that processes share, in Redis: the tier below each one's memory.
 *
 * Invariants: a value is written by one command, so it is whole or not there; nothing newer is overwritten, nothing is
 * written under a lost lease; what cannot be read is a miss, and deleted; Redis failing costs the sharing, never a request;
 * what is put together here for it is bounded (`room`).
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import { nextGeneration } from '../core/generation.js'
import type { Entry, EntryMeta, PassRecord, SearchRecord, StoredRecord, StoreKey, VaryRecord } from '../core/types.js'
import type { RedisCounters } from '../redis/counters.js'
import { RedisFailure } from '../redis/failure.js'
import type { KeySpace } from '../redis/keys.js'
import type { RedisLink } from '../redis/link.js'
import { bytes } from '../redis/reply.js'
import type { RedisTime } from '../redis/time.js'
import { Assembly } from './assembly.js'
import { decode, encode, lifeLeft, orderOf, PREFIX } from './codec.js'
import { compressed, inflated } from './compress.js'
import type { EntryWriter, Store, StoreStats } from './contract.js'
import type { Lease } from './leases.js'
import { DROP, WRITE } from './redis-scripts.js'
import { frameSize } from './size.js'

export interface RedisStoreOptions {
  readonly link: RedisLink
  readonly time: RedisTime
  readonly keys: KeySpace
  /** Largest body in bytes. */
  readonly maxObject: number
  /** Bytes that writers may hold together, until Redis has taken them. */
  readonly room: number
  /** Bodies of text from this size on are compressed; undefined: none are. */
  readonly compress: number | undefined
  readonly clock: Clock
  readonly counters: RedisCounters
}

export interface RedisStore extends Store {
  /** Shares a record. `replaces`: only in place of that copy. Never rejects. */
  put (record: StoredRecord, lease?: Lease, replaces?: string): Promise<Put>
}

/** `older`: something newer is stored. `other`: not the copy it was to replace. `over`: its life is. */
export type Put = 'done' | 'lost' | 'older' | 'other' | 'over' | 'failed'

/** A name for a copy of a response, unlike any other. */
export function newCopy (): string {
  return randomBytes(8).toString('hex')
}

/** With the checksum, enough of a value to know it by. */
const IDENTITY = PREFIX + 4

export function createRedisStore (options: RedisStoreOptions): RedisStore {
  return new SharedStore(options)
}

/** A look-up under way. Emptied when it is over: what remains of a Map that made room goes on naming its values (`Crowd`). */
interface Asked { answer: Promise<StoredRecord | undefined> | undefined }

class SharedStore implements RedisStore {
  readonly maxObject: number
  private readonly options: RedisStoreOptions
  /** Who asks for the same meanwhile shares the answer. */
  private readonly asked = new Map<StoreKey, Asked>()
  /** Bytes of `room` in use. */
  private held = 0

  constructor (options: RedisStoreOptions) {
    this.options = options
    this.maxObject = options.maxObject
  }

  peek (): undefined {
    return undefined
  }

  holds (): false {
    return false
  }

  get (key: StoreKey): Promise<StoredRecord | undefined> {
    const asked = this.asked.get(key)
    if (asked?.answer !== undefined) return asked.answer
    const answer = this.read(key)
    this.asked.set(key, { answer })
    return answer
  }

  reread (key: StoreKey): Promise<StoredRecord | undefined> {
    return this.read(key)
  }

  begin (meta: EntryMeta, length: number | undefined, lease?: Lease): EntryWriter | undefined {
    const size = frameSize(meta) + meta.head.length + (length ?? 0)
    if ((length ?? 0) > this.maxObject || !this.hold(size)) return undefined
    let held = size
    const assembly = new Assembly(meta.head, length, this.maxObject, bytes => {
      if (!this.hold(bytes)) return false
      held += bytes
      return true
    })
    let open = true
    const close = (): void => {
      open = false
      this.held -= held
      held = 0
    }
    return {
      write: chunk => {
        if (!open) throw new Error('This writer is closed.')
        try {
          assembly.write(chunk)
        } catch (refused) {
          close()
          throw refused
        }
      },
      commit: async () => {
        if (!open) return undefined
        open = false
        try {
          const entry: Entry = { ...meta, copy: newCopy(), ...assembly.finish() }
          return await this.put(entry, lease) === 'done' ? entry : undefined
        } finally {
          close()
        }
      },
      abort: () => { if (open) close() }
    }
  }

  note (record: VaryRecord | PassRecord | SearchRecord): void {
    void this.put(record)
  }

  async refresh (entry: Entry, meta: EntryMeta, lease?: Lease): Promise<Entry | undefined> {
    if (meta.key !== entry.key || entry.copy === undefined) return undefined
    const fresh: Entry = { ...meta, copy: newCopy(), body: entry.body, length: entry.length }
    return await this.put(fresh, lease, entry.copy) === 'done' ? fresh : undefined
  }

  async put (record: StoredRecord, lease?: Lease, replaces = ''): Promise<Put> {
    const { keys, link, time, clock, counters, compress } = this.options
    try {
      const now = clock.now()
      const life = lifeLeft(record, now)
      const packed = record.kind === 'entry' ? await compressed(record, compress) : undefined
      await time.ready()
      const at = time.early(now)
      const start = lease?.startedAt ?? startOf(record, now, at)
      const copy = record.kind === 'entry' && record.copy !== undefined ? record.copy : newCopy()
      const name = keys.name(record.key)
      const end = Math.floor(at / 1000) + life
      const said: Put = life <= 0 ? 'over' : String(await link.eval(WRITE, [keys.record(name), keys.lease(lease === undefined ? name : keys.name(lease.key))], [
        encode(record, { here: now, there: at / 1000 }, { start, copy }, packed), orderOf(record.filledAt, start), end, lease?.token ?? '', replaces
      ])) as Put
      if (said === 'done') counters.writes++
      else counters.writesRefused++
      return said
    } catch (thrown) {
      return failed(thrown, 'failed')
    }
  }

  async delete (key: StoreKey): Promise<void> {
    const { keys, link } = this.options
    try {
      await link.call('DEL', keys.record(keys.name(key)))
    } catch (thrown) {
      failed(thrown, undefined)
    }
  }

  * records (): IterableIterator<StoredRecord> {
    // what is shared is judged when it is read, and settled by nobody
  }

  stats (): StoreStats {
    return { entries: 0, records: 0, bytes: 0, limit: 0, evictions: 0, refusals: this.options.counters.writesRefused }
  }

  close (): Promise<void> {
    return Promise.resolve()
  }

  private async read (key: StoreKey): Promise<StoredRecord | undefined> {
    const { keys, link, time, clock, counters } = this.options
    const generation = nextGeneration()
    const name = keys.record(keys.name(key))
    try {
      const ready = time.ready()
      if (ready !== undefined) await ready
      const reply = await link.call('GET', name)
      const value = reply === null ? null : bytes(reply)
      const here = clock.now()
      const found = value === null ? undefined : decode(value, key, { here, there: time.late(here) / 1000 }, generation)
      const record = found?.packed === true ? await inflated(found) : found?.record
      if (record !== undefined && lifeLeft(record, here) > 0) {
        counters.hits++
        return record
      }
      counters.misses++
      return value === null || record !== undefined ? undefined : await this.drop(name, value.subarray(0, IDENTITY))
    } catch (thrown) {
      if (!(thrown instanceof RedisFailure)) throw thrown
      if (thrown.fault !== 'wrongtype') return undefined
      counters.misses++
      return await this.drop(name, '')
    } finally {
      this.settle(key)
    }
  }

  private hold (size: number): boolean {
    if (this.held + size > this.options.room) return false
    this.held += size
    return true
  }

  private settle (key: StoreKey): void {
    const asked = this.asked.get(key)
    if (asked === undefined) return
    asked.answer = undefined
    this.asked.delete(key)
  }

  /** Deletes what is none of ours, if it is still what it was: what begins like this, or is no string. */
  private async drop (name: string, beginning: Uint8Array | string): Promise<undefined> {
    this.options.counters.undecodable++
    try {
      await this.options.link.eval(DROP, [name], [beginning])
    } catch (thrown) {
      failed(thrown, undefined)
    }
  }
}

/** Without a lease the order of two fetches of one position is that of their beginnings, as well as it is known. */
function startOf (record: StoredRecord, now: number, at: number): number {
  return record.kind === 'entry' ? at - Math.ceil((now - record.policy.askedAt) * 1000) : at
}

function failed<T> (thrown: unknown, instead: T): T {
  if (thrown instanceof RedisFailure) return instead
  throw thrown
}

/**
 * What a fill keeps of its answer: the store's side of it.
 *
 * Invariants: nothing is committed that a hard purge overtook, or may have; a store that fails costs the storing, never the answer.
 */
import type { StoreRefusal } from '../core/reasons.js'
import type { Entry, EntryMeta } from '../core/types.js'
import type { OriginAnswer } from '../origin/contract.js'
import type { EntryWriter } from '../store/contract.js'
import type { Lease } from '../store/leases.js'
import { searchRecords } from './equivalent.js'
import type { Filling } from './fill-plan.js'
import type { Freshened } from './freshened.js'
import type { Parts } from './parts.js'
import { besideWhole, extended, passRecord, varyRecord } from './records.js'

export class Keeping {
  private readonly parts: Parts
  private readonly fill: Filling
  private writer: EntryWriter | undefined

  constructor (parts: Parts, fill: Filling) {
    this.parts = parts
    this.fill = fill
  }

  /** Whether the body is being stored. */
  get active (): boolean {
    return this.writer !== undefined
  }

  /** Begins to store what the rules allow, `length` bytes where that is known; says why not. */
  begin (meta: EntryMeta, { framing, answeredAt }: OriginAnswer, length: number | undefined, lease: Lease | undefined): StoreRefusal | undefined {
    if (framing === 'close') return 'unverifiable-length'
    // it was fresh for those who wait, and would be for nobody else
    if (meta.policy.keepUntil <= answeredAt) return 'expired'
    this.writer = this.parts.store.begin(meta, length, lease)
    if (this.writer !== undefined) return undefined
    return (length ?? 0) > this.parts.store.maxObject ? 'too-large' : 'no-room'
  }

  /** Past the store's limit the fetch goes on for those who read it, unstored. */
  write (chunk: Uint8Array): void {
    if (this.writer === undefined) return
    try {
      this.writer.write(chunk)
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown
      this.writer = undefined
      // for want of room it is as cacheable as before
      if ('code' in thrown && thrown.code === 'too-large') this.parts.store.note(passRecord(this.fill, this.parts.clock.now()))
    }
  }

  /** The entry, or undefined where nothing was stored. */
  commit (): Promise<Entry | undefined> {
    return this.tried(this.committed())
  }

  /** The entry as a 304 left it, where the store still holds what was validated. */
  refresh (entry: Entry, fresh: Freshened, lease: Lease | undefined): Promise<Entry | undefined> {
    return this.tried(this.refreshed(entry, fresh, lease))
  }

  abort (): void {
    this.writer?.abort()
    this.writer = undefined
  }

  private async committed (): Promise<Entry | undefined> {
    const writer = this.writer
    this.writer = undefined
    if (writer === undefined) return undefined
    if (this.overtaken() || besideWhole(this.parts, this.fill)) {
      writer.abort()
      return undefined
    }
    const vary = varyRecord(this.fill, this.parts.store.peek(this.fill.plan.r.primary))
    if (vary !== undefined) this.parts.store.note(vary)
    const entry = await writer.commit()
    if (entry === undefined) return undefined
    for (const record of searchRecords(this.fill, entry)) this.parts.store.note(record)
    if (refetched(this.fill)) this.parts.onRefetched?.(entry)
    return entry
  }

  private async refreshed (entry: Entry, { entry: fresh, fate }: Freshened, lease: Lease | undefined): Promise<Entry | undefined> {
    const { store } = this.parts
    if (fate === 'dropped') await store.delete(entry.key)
    if (fate !== 'kept' || this.overtaken()) return undefined
    const kept = await store.refresh(entry, fresh, lease)
    const vary = kept && extended(this.fill, store.peek(entry.primary), kept.policy.keepUntil)
    if (vary !== undefined) store.note(vary)
    return kept
  }

  private async tried (storing: Promise<Entry | undefined>): Promise<Entry | undefined> {
    try {
      return await storing
    } catch (thrown) {
      this.parts.logger.error({ err: thrown, url: this.fill.plan.r.url }, 'storing failed')
      return undefined
    }
  }

  private overtaken (): boolean {
    const { kind } = this.parts.log.verdict(this.fill.judged)
    return kind === 'hard' || kind === 'unsure'
  }
}

/** Whether the request that led it may have been answered with what is stored, had it not asked for better. */
function refetched ({ plan: { r: { facts, route } } }: Filling): boolean {
  const { noCache, maxAge, minFresh } = facts.directives
  return route.clientDirectives === 'honor' && (noCache || maxAge !== undefined || minFresh !== undefined)
}

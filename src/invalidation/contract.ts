/**
 * What an invalidation log promises. A purge is an event; records are compared with it when they are looked up, so a
 * purge costs the same however many entries it concerns.
 *
 * Invariants: `head` only moves forward within an epoch and is replaced, never mutated, so that identity is equality;
 * an event is applied (visible to `verdict`) before its `append` resolves; only clean verdicts are memoised.
 */
import type { Judged, Ms, PurgeMode, Scope, Stamp, Trust, Verdict } from '../core/types.js'

export interface Acknowledged { readonly seq: number, readonly applied: number, readonly unreachable: readonly string[] }

export interface InvalidationLog {
  /** The newest applied position. */
  readonly head: Stamp
  /**
   * Judges a record by its url, tags, prefixes and `all`. A hard purge after `filledAt` decides, whatever soft came later.
   * What was filled before anything the log may have missed or has forgotten is `unsure`.
   */
  verdict (record: Judged): Verdict
  /** Applied here when this returns its promise; acknowledged as the implementation's lease promises when it resolves. */
  append (scopes: readonly Scope[], mode: PurgeMode, wait: 'cluster' | 'local'): Promise<Acknowledged>
  /** An unsafe request's own invalidation: applied here at once, never waits for others, never fails the caller. */
  appendWrite (scopes: readonly Scope[]): Promise<void>
  /** May a response validated at `askedAt` be used without asking again, given what this process knows of the log? */
  trusted (askedAt: Ms): Trust
  stats (): LogStats
  close (): Promise<void>
}

export interface LogStats {
  readonly epoch: number
  readonly seq: number
  /** Scopes held, and how many of them are prefixes. */
  readonly events: number
  readonly prefixes: number
  readonly sweeps: number
  /** Of a log that processes share: whether it was read at all, ms since it was reached, events not applied yet, processes. */
  readonly joined?: boolean | undefined
  readonly contactAge?: Ms | undefined
  readonly lag?: number | undefined
  readonly members?: number | undefined
  /** Of such a log, that this process has followed. */
  readonly epochs?: number | undefined
}

/** What a sweep needs of a log. */
export interface SweepableLog extends Pick<InvalidationLog, 'head' | 'verdict'> {
  /** Scopes held, and how many of them are prefixes. */
  readonly size: number
  readonly prefixes: number
  /** The number by which this process orders stamps; undefined for one that cannot be ordered with those of now. */
  position (stamp: Stamp): number | undefined
  /** Drops the purges up to a position: whatever is stored has been settled against them. */
  forget (position: number): void
  /** Called after every event. */
  onAppend: (() => void) | undefined
}

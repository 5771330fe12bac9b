/**
 * What carries a shared log: something that numbers events and hands them out, the same to every process.
 *
 * Invariants a backend keeps: positions of an epoch are 1, 2, 3 …, each event has its own, and none changes; an epoch that
 * may have lost or rewritten an event is replaced by a greater one, under which positions begin again; each call is
 * carried out at one instant, whole, or not at all. A call that rejects may have been carried out.
 */
import type { Ms, PurgeMode, Scope } from '../core/types.js'

/** What a process knows when it asks. */
export interface LogPosition {
  readonly epoch: number
  readonly seq: number
  /** `batch` of the event at `seq`, as a proof; empty where it is not known. */
  readonly last: string
}

export interface LogRequest extends LogPosition {
  /** Members that were known before the epoch began, and are to be listed again as vanished. */
  readonly restore: readonly string[]
  /** Members to be removed, unless they were heard of since (`beat`). */
  readonly forget: readonly Pick<LogMember, 'id' | 'beat'>[]
  /** Whether a new epoch may begin, if the log turns out to be lost; otherwise the call rejects then, and nothing has changed. */
  readonly begin: boolean
}

export interface NewEvent { readonly batch: string, readonly mode: PurgeMode, readonly scopes: readonly Scope[] }

export interface LogEvent extends NewEvent { readonly seq: number, readonly writer: string }

/** A process, and what it had applied when it last asked. */
export interface LogMember {
  readonly id: string
  readonly epoch: number
  readonly seq: number
  /** Since it last asked, by the backend's clock. */
  readonly age: Ms
  /** Another one after each time it asked. */
  readonly beat: string
}

export interface LogReply {
  readonly epoch: number
  /** How long the epoch exists, by the backend's clock. */
  readonly epochAge: Ms
  /** The newest position of the epoch. */
  readonly seq: number
  /** `events` follow this position: the one asked from, or a later one where what came in between is lost. */
  readonly after: number
  /** In order; not all there are, if there are many. */
  readonly events: readonly LogEvent[]
  /** Everyone who asked and did not leave. */
  readonly members: readonly LogMember[]
}

export interface LogBackend {
  /** Says what this process has applied, and learns what came since. */
  poll (request: LogRequest): Promise<LogReply>
  /** The same, with an event appended first: `appended` is its position in the reply's epoch. */
  append (request: LogRequest, event: NewEvent): Promise<LogReply & { readonly appended: number }>
  /** Called when there is reason to ask at once. A hint: it may be missed. */
  onWake: (() => void) | undefined
  /** This process is no member any more. */
  leave (): Promise<void>
  close (): void
}

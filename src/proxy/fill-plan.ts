/** What a fill is asked for, and what it tells those who wait when its head is known. */
import type { SeawallError } from '../core/errors.js'
import type { StoreRefusal } from '../core/reasons.js'
import type { Entry, EntryMeta, Judged, Lacking, Ms, Part, RawHeaders, Stamp, StoreKey } from '../core/types.js'
import type { Exchange } from '../origin/contract.js'
import type { Recognised } from './recognise.js'

/** What the readers of a fill are told when its head is known. */
export type FillHead =
  /** The origin answered; `open` reads its body. */
  | {
    readonly kind: 'answer'
    readonly status: number
    /** What the origin said, where a stored part was completed with it. */
    readonly fwdStatus: number
    readonly headers: RawHeaders
    readonly upstreamAge: string | undefined
    readonly length: number | undefined
    /** Where the body lies in the representation, if it was put together here and is not whole. */
    readonly part: Part | undefined
    /** The origin was asked for the very range the request asks for, so this is its answer to that. */
    readonly asRanged: boolean
    readonly bodiless: boolean
    /** The rules allow it to be stored, so it answers whoever it matches. */
    readonly meta: EntryMeta | undefined
    readonly storing: boolean
    readonly refusal: StoreRefusal | undefined
    /** The origin is failing (5xx): waiters do not share this answer. */
    readonly failing: boolean
  }
  /** 304: what is stored holds, and was freshened. `storable`: it answers whoever it matches. */
  | { readonly kind: 'entry', readonly entry: Entry, readonly storable: boolean }
  /** Another process brought it; `waited`: while this one waited for it. */
  | { readonly kind: 'shared', readonly entry: Entry, readonly waited: boolean }
  /** The origin was not asked: the answer is for nobody else, or another process refreshes it. */
  | { readonly kind: 'left', readonly why: 'uncacheable' | 'elsewhere' }
  | { readonly kind: 'failed', readonly error: SeawallError }

/**
 * An exchange that began before its fill. `startedAt`: the log's head that purges are counted from, as it was when the origin
 * was asked, or behind a POST's own invalidation; `generation` is of the same moment.
 */
export interface Adopted { readonly exchange: Exchange, readonly startedAt: Stamp, readonly beganAt: Ms, readonly generation: number }

export interface FillPlan {
  readonly r: Recognised
  /** Where the answer belongs, as far as its Vary is known. */
  readonly key: StoreKey
  /** Sent as validators, and refreshed by a 304. */
  readonly entry: Entry | undefined
  /** A stored part to be completed: only what it lacks is asked for. */
  readonly lacking?: Lacking | undefined
  /** Several clients may share it. */
  readonly shared: boolean
  /** Nobody waits for it: what is stored is refreshed before it is needed. */
  readonly background?: boolean
  /** This is the second try after a failed fill: its failure is everybody's. */
  readonly last: boolean
  /** An exchange whose answer came already and answers GETs as well: the origin is not asked. */
  readonly adopted?: Adopted
  /** Remembered under this key when the answer turns out uncacheable. */
  readonly passKey: StoreKey
}

/** What a fill is to those who write down what it brings. */
export interface Filling {
  readonly plan: FillPlan
  /** The log's head before the origin was asked. */
  readonly startedAt: Stamp
  /** Start order of fills. */
  readonly generation: number
  /** Undefined until the head is known. */
  readonly known: FillHead | undefined
  /** What the log judges: tags are known with the head. */
  readonly judged: Judged
  /** The request fields the answer varies on; empty until it is known to be storable. */
  readonly vary: readonly string[]
}

/** For one client alone and without an entry to validate, the client's own conditions and range go along. */
export function asIs ({ shared, entry }: FillPlan): boolean {
  return !shared && entry === undefined
}

/** The client's own range is asked for: of what is not stored, or with the validators of a part that would answer it. */
export function asRanged ({ r, entry, shared }: FillPlan): boolean {
  return r.request.method === 'GET' && r.facts.range !== undefined && (entry === undefined ? !shared : entry.part !== undefined)
}

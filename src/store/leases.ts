/**
 * The right to fetch a key from its origin, among processes that share a store: one holds it, the others wait for what it
 * brings.
 *
 * Invariants: a lease that is not extended ends by itself, so a holder that died holds up nobody for long; waiting is
 * bounded; what cannot be told within a command's deadline costs the sharing, never the request.
 */
import type { StoreKey } from '../core/types.js'

/** What a holder has learned of the answer it waits for, that others need not wait for it in vain. */
export type Told =
  | 'storable'     // it will be stored
  | 'unstorable'   // it is for nobody else
  | 'large'        // it will not be shared, for its size
  | 'slow'         // it will be stored, but its body takes its time

/** Held by this process until `release`. */
export interface Lease {
  /** What it was obtained for: what is fetched under it may belong under another key of the same URL. */
  readonly key: StoreKey
  /** Names the holder to the store: a write under a lost lease is refused. */
  readonly token: string
  /** When it was obtained, in µs of the shared store's clock: orders what was fetched under leases. */
  readonly startedAt: number
  /** It ran out, or somebody else holds it now. */
  readonly lost: boolean
  announce (told: Told): void
  /** Wakes those who wait. Never rejects; safe to call twice. */
  release (): Promise<void>
}

export type Acquired =
  /** `changed`: what is stored is not what was `known` any more, and may do. */
  | { readonly kind: 'held', readonly lease: Lease, readonly changed: boolean }
  /**
   * Another process holds it. `next` resolves with what it tells next, or with `free` once it has let go or is silent for
   * too long: then look what is stored, and ask again. `leave`: nobody here waits any more, and a `next`
   * under way resolves with `free`.
   */
  | { readonly kind: 'elsewhere', readonly told: Told | undefined, next (): Promise<Told | 'free'>, leave (): void }
  /** The shared store does not answer: fetch without. */
  | { readonly kind: 'alone' }

export interface Leases {
  /** `known`: the `copy` of the entry that is to be replaced, if one is known. Never rejects. */
  acquire (key: StoreKey, known: string | undefined): Promise<Acquired>
}

/**
 * Whose turn it is to ask the origin for a key, among processes that share a store. Within one process `fills.ts` decides
 * that; a fill that may be shared then takes its turn here.
 *
 *   acquire ─┬─ held ──────▶ changed meanwhile, and usable? ── yes ─▶ stored
 *            │                        └── no ─▶ ours (left, where the other learned that it varies)
 *            ├─ alone ─────▶ ours, without a lease
 *            └─ elsewhere ─┬─ it will not be shared ──▶ left (for nobody else), or ours without a lease (large, slow)
 *                          ├─ free ─▶ usable now? ── yes ─▶ stored
 *                          │                └── no ─▶ acquire again, for a while
 *                          └─ a background refresh ──▶ left: it is being done
 */
import type { Timer } from '../core/clock.js'
import type { StoreRefusal } from '../core/reasons.js'
import type { Entry, Ms } from '../core/types.js'
import { decide } from '../policy/decide.js'
import type { Acquired, Lease, Leases, Told } from '../store/leases.js'
import type { FillPlan } from './fill-plan.js'
import { reread } from './lookup.js'
import type { Parts } from './parts.js'
import { demandsNew, variantOf } from './recognise.js'

export type Outcome =
  | { readonly kind: 'ours' }
  /** Another process has brought it. `waited`: while this one waited. `names`: what it varies on. */
  | { readonly kind: 'stored', readonly entry: Entry, readonly names: readonly string[], readonly waited: boolean }
  | { readonly kind: 'left', readonly why: 'uncacheable' | 'elsewhere' }

const OURS: Outcome = { kind: 'ours' }
/** All waiting for others together; then this process asks for itself. */
const PATIENCE: Ms = 10_000
/** A body that is not whole so long after its head is not worth waiting for elsewhere. */
const SLOW: Ms = 500
const LAST_LOOK: Ms = 1

export class Turn {
  /** What the store is to write under. */
  lease: Lease | undefined
  private readonly parts: Parts
  private readonly plan: FillPlan
  private slow: Timer | undefined

  constructor (parts: Parts, plan: FillPlan) {
    this.parts = parts
    this.plan = plan
  }

  /** Undefined: there is nobody to share with, or nothing that could be shared; the origin is asked at once. */
  take (): Promise<Outcome> | undefined {
    const { leases } = this.parts
    const { r, shared, adopted } = this.plan
    // who demands a new answer is not served by what another asked for before
    return leases === undefined || !shared || adopted !== undefined || demandsNew(r) ? undefined : this.among(leases)
  }

  /** The head is known: others need not wait for what they will not get. */
  announce (storing: boolean, uncacheable: boolean, refusal: StoreRefusal | undefined): void {
    const { lease, parts } = this
    const told = toldOf(storing, uncacheable, refusal)
    if (lease === undefined || told === undefined) return
    lease.announce(told)
    if (told !== 'storable') return
    // a process that was busy reads first what has come meanwhile
    this.slow = parts.clock.after(SLOW - LAST_LOOK, () => { this.slow = parts.clock.after(LAST_LOOK, () => { lease.announce('slow') }) })
  }

  /** The body is whole: only the storing is waited for. */
  whole (): void {
    this.slow?.cancel()
  }

  /** What is to be stored is stored, or never will be. */
  end (): void {
    this.whole()
    void this.lease?.release()
  }

  private async among (leases: Leases): Promise<Outcome> {
    const { clock } = this.parts
    const { key, passKey, entry, background } = this.plan
    const patience = clock.now() + PATIENCE
    for (let waited = false; ; waited = true) {
      // those with credentials wait for one another only, as in one process
      const acquired = await leases.acquire(passKey, passKey === key ? entry?.copy : undefined)
      switch (acquired.kind) {
        case 'alone': return OURS
        case 'held': {
          const found = acquired.changed || waited ? await this.found(waited) : undefined
          if (found !== undefined) void acquired.lease.release()
          else this.lease = acquired.lease
          return found ?? OURS
        }
        case 'elsewhere': {
          if (background === true) return left(acquired, 'elsewhere')
          const told = await this.heard(acquired, patience)
          if (told === 'unstorable') return left(acquired, 'uncacheable')
          acquired.leave()
          const found = told === 'free' ? await this.found(true) : undefined
          if (found !== undefined) return found
          if (told !== 'free' || clock.now() >= patience) return OURS
        }
      }
    }
  }

  /** The first word that ends the waiting; `free` also when patience does. */
  private async heard (acquired: Acquired & { kind: 'elsewhere' }, patience: Ms): Promise<Exclude<Told, 'storable'> | 'free'> {
    const { clock } = this.parts
    const timer = clock.after(Math.max(0, patience - clock.now()), () => acquired.leave())
    try {
      let told: Told | 'free' | undefined = acquired.told
      while (told === undefined || told === 'storable') told = await acquired.next()
      return told
    } finally {
      timer.cancel()
    }
  }

  /** What is stored by now, if it answers. */
  private async found (waited: boolean): Promise<Outcome | undefined> {
    const { parts, plan: { r, key } } = this
    const { record, names } = await reread(parts, r)
    if (record?.kind === 'pass') return { kind: 'left', why: 'uncacheable' }
    // what the other learned of Vary: each has to take the turn of its own variant
    if (record === undefined && names !== undefined && variantOf(r, names) !== key) return { kind: 'left', why: 'elsewhere' }
    if (record?.kind !== 'entry') return undefined
    const decision = decide({
      method: 'GET', facts: r.facts, route: r.route, now: parts.clock.now(), verdict: parts.log.verdict(record),
      trusted: parts.log.trusted(record.policy.askedAt), strict: parts.strictPurge
    }, record, 'uri-miss')
    if (decision.kind !== 'hit') return undefined
    return { kind: 'stored', entry: decision.entry, names: names ?? [], waited }
  }
}

/** Of what failed nothing is told, so that one of those who wait asks in its turn. */
function toldOf (storing: boolean, uncacheable: boolean, refusal: StoreRefusal | undefined): Told | undefined {
  if (storing) return 'storable'
  if (refusal === 'too-large') return 'large'
  return uncacheable || refusal === 'unverifiable-length' ? 'unstorable' : undefined
}

function left (acquired: Acquired & { kind: 'elsewhere' }, why: 'uncacheable' | 'elsewhere'): Outcome {
  acquired.leave()
  return { kind: 'left', why }
}

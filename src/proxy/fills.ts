/**
 * Fills in flight: who leads, who joins.
 *
 * One fill is listed for each key and class; a newer one takes the older's place, which goes on for its own readers.
 * Requests with Authorization lead a class of their own and join the other only once its answer is known to be for all.
 * What a head says of Vary counts from the head on, not from the commit, so that those it turns away meet the fill of
 * their own variant.
 */
import { Crowd } from '../core/crowd.js'
import type { Judged, Ms, StoreKey } from '../core/types.js'
import type { FillPlan } from './fill-plan.js'
import { Fill } from './fill.js'
import type { Parts } from './parts.js'
import { variantOf, type Recognised } from './recognise.js'

/** The class of requests that carry credentials. No key of `policy/key` ends like this. */
export function credentialed (key: StoreKey): StoreKey {
  return `${key}\ncredentials` as StoreKey
}

/** The key in the class of the request. */
export function keyFor ({ facts }: Recognised, key: StoreKey): StoreKey {
  return facts.authorization ? credentialed(key) : key
}

/** How long a failure that a stampede met is the answer to the rest of it. */
const AFTERMATH: Ms = 100

/** Where a fill is listed. Emptied as it leaves: what remains of a Map that made room goes on naming its values (`Crowd`). */
interface Listing { fill: Fill | undefined }

export class Fills {
  private readonly listed = new Map<StoreKey, Listing>()
  private readonly open = new Crowd<Fill>()
  private readonly learned = new Map<StoreKey, { names: readonly string[], fills: number }>()
  private readonly parts: Parts

  constructor (parts: Parts) {
    this.parts = parts
  }

  /** Vary as a fill in flight learned it; undefined when none did. */
  namesFor (primary: StoreKey): readonly string[] | undefined {
    return this.learned.get(primary)?.names
  }

  /** The fill a request may wait for. */
  find (key: StoreKey, r: Recognised): Fill | undefined {
    const own = this.at(keyFor(r, key))
    if (own !== undefined) return own
    const other = this.at(r.facts.authorization ? key : credentialed(key))
    return other?.known?.kind === 'answer' && other.known.meta !== undefined ? other : undefined
  }

  /** Whether any fill for the key is under way, whoever asked. */
  busy (key: StoreKey): boolean {
    return this.listed.has(key) || this.listed.has(credentialed(key))
  }

  lead (plan: FillPlan): Fill {
    const slots = [keyFor(plan.r, plan.key)]
    const fill: Fill = new Fill(this.parts, plan, () => this.learn(fill, slots), () => this.end(fill, slots))
    this.open.add(fill)
    if (plan.shared) this.list(slots[0]!, fill)
    return fill
  }

  /** What the sweep must not outrun: fills that may yet be stored. */
  judged (): Judged[] {
    return this.open.members().filter(fill => fill.mayStore).map(fill => fill.judged)
  }

  private learn (fill: Fill, slots: StoreKey[]): void {
    const { r, shared } = fill.plan
    if (!fill.joinable) this.unlist(fill, slots)
    if (fill.vary.length === 0) return
    const known = this.learned.get(r.primary)
    this.learned.set(r.primary, { names: fill.vary, fills: (known?.fills ?? 0) + 1 })
    if (!shared || !fill.joinable) return
    const key = variantOf(r, fill.vary)
    const slot = keyFor(r, key)
    if (slot === slots[0]) return
    this.unlist(fill, slots)
    slots[0] = slot
    this.list(slot, fill)
  }

  private end (fill: Fill, slots: StoreKey[]): void {
    this.open.delete(fill)
    // what a stampede has not yet read from its sockets is the same stampede
    if (fill.failedForAll) this.parts.clock.after(AFTERMATH, () => { this.unlist(fill, slots) })
    else this.unlist(fill, slots)
    const { primary } = fill.plan.r
    const known = this.learned.get(primary)
    if (known === undefined || fill.known === undefined || fill.vary.length === 0) return
    if (--known.fills === 0) this.learned.delete(primary)
  }

  private at (slot: StoreKey): Fill | undefined {
    return this.listed.get(slot)?.fill
  }

  private list (slot: StoreKey, fill: Fill): void {
    const listing = this.listed.get(slot)
    if (listing === undefined) this.listed.set(slot, { fill })
    else listing.fill = fill
  }

  private unlist (fill: Fill, slots: StoreKey[]): void {
    for (const slot of slots) {
      const listing = this.listed.get(slot)
      if (listing === undefined || listing.fill !== fill) continue
      listing.fill = undefined
      this.listed.delete(slot)
    }
  }
}

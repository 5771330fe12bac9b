/**
 * Purges by what they concern: a url, a tag, a prefix, or everything. A record is judged by a handful of lookups,
 * however many purges there were and however many records they concern.
 *
 * A scope keeps its last hard purge and the soft ones after it: a hard one answers for all before it. Of several soft
 * ones the first after a record was filled says since when it is stale, so they are kept apart, up to `MAX_SOFTS` a
 * scope; beyond, the two nearest in time become one that counts from the earlier, which errs towards stale.
 */
import { CLEAN, HARD, type Judged, type Ms, type PurgeMode, type Scope, type Verdict } from '../core/types.js'

const MAX_SOFTS = 8
/** Weights of a verdict: the instant a record is stale from. */
const NEVER = Infinity
const ALWAYS = -Infinity

interface Soft { seq: number, readonly at: Ms }

interface Purges {
  /** Position of the last hard purge; 0: none. */
  hard: number
  /** Ascending, all after `hard`. */
  readonly softs: Soft[]
  /** Position of the last purge of either mode. */
  last: number
}

export class PurgeTables {
  private readonly urls = new Map<string, Purges>()
  private readonly tags = new Map<string, Purges>()
  /** By length, so that a url is cut once for each length there is. */
  private readonly byLength = new Map<number, Map<string, Purges>>()
  private everything = none()
  private prefixCount = 0

  /** Scopes held. */
  get size (): number {
    return this.urls.size + this.tags.size + this.prefixCount + (this.everything.last > 0 ? 1 : 0)
  }

  get prefixes (): number {
    return this.prefixCount
  }

  /** `seq` and `at` never go back from one call to the next. */
  add (scope: Scope, mode: PurgeMode, seq: number, at: Ms): void {
    const purges = this.purgesOf(scope)
    purges.last = seq
    if (mode === 'soft') return addSoft(purges.softs, seq, at)
    purges.hard = seq
    purges.softs.length = 0
  }

  /** What the purges after position `base` make of a record. */
  judge (record: Judged, base: number): Verdict {
    const since = this.weigh(record, base)
    return since === NEVER ? CLEAN : since === ALWAYS ? HARD : { kind: 'soft', since }
  }

  /** Forgets the scopes that were not purged after position `seq`. */
  forget (seq: number): void {
    trim(this.urls, seq)
    trim(this.tags, seq)
    for (const [length, table] of this.byLength) {
      this.prefixCount -= trim(table, seq)
      if (table.size === 0) this.byLength.delete(length)
    }
    if (this.everything.last <= seq) this.everything = none()
  }

  private purgesOf (scope: Scope): Purges {
    if (scope === 'all') return this.everything
    if ('url' in scope) return entryOf(this.urls, scope.url)
    if ('tag' in scope) return entryOf(this.tags, scope.tag)
    let table = this.byLength.get(scope.prefix.length)
    if (table === undefined) this.byLength.set(scope.prefix.length, table = new Map())
    const before = table.size
    const purges = entryOf(table, scope.prefix)
    this.prefixCount += table.size - before
    return purges
  }

  private weigh (record: Judged, base: number): Ms {
    let since = weight(this.everything, base)
    since = Math.min(since, weight(this.urls.get(record.url), base))
    if (this.tags.size > 0) {
      for (let i = 0; i < record.tags.length && since !== ALWAYS; i++) {
        since = Math.min(since, weight(this.tags.get(record.tags[i]!), base))
      }
    }
    if (this.prefixCount > 0) {
      for (const [length, table] of this.byLength) {
        if (since === ALWAYS) break
        if (length <= record.url.length) since = Math.min(since, weight(table.get(record.url.slice(0, length)), base))
      }
    }
    return since
  }
}

function none (): Purges {
  return { hard: 0, softs: [], last: 0 }
}

function weight (purges: Purges | undefined, base: number): Ms {
  if (purges === undefined || purges.last <= base) return NEVER
  if (purges.hard > base) return ALWAYS
  for (const soft of purges.softs) if (soft.seq > base) return soft.at
  return NEVER
}

function addSoft (softs: Soft[], seq: number, at: Ms): void {
  const last = softs.at(-1)
  if (last !== undefined && last.at === at) {
    last.seq = seq
    return
  }
  softs.push({ seq, at })
  if (softs.length > MAX_SOFTS) mergeNearest(softs)
}

function mergeNearest (softs: Soft[]): void {
  let nearest = 1
  for (let i = 2; i < softs.length; i++) {
    if (softs[i]!.at - softs[i - 1]!.at < softs[nearest]!.at - softs[nearest - 1]!.at) nearest = i
  }
  softs[nearest - 1]!.seq = softs[nearest]!.seq
  softs.splice(nearest, 1)
}

function entryOf (table: Map<string, Purges>, name: string): Purges {
  let purges = table.get(name)
  if (purges === undefined) table.set(name, purges = none())
  return purges
}

/** Returns how many scopes went. */
function trim (table: Map<string, Purges>, seq: number): number {
  const before = table.size
  for (const [name, purges] of table) if (purges.last <= seq) table.delete(name)
  return before - table.size
}

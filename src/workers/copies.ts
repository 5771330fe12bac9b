/**
 * What a worker keeps of another's keys: what is asked for again and again, until its owner may have a newer one.
 *
 * Invariant: once an owner has told that a copy is outdated, or is known to have ended, neither what was copied of it nor
 * what was asked for until then is used.
 */
import type { Clock } from '../core/clock.js'
import { nextGeneration } from '../core/generation.js'
import type { Ms, RawHeaders, StoreKey } from '../core/types.js'
import { encodeHead } from '../http/head.js'
import type { EntryWriter, Store } from '../store/contract.js'
import { metaOf, varyOf, type CopyOf } from './envelope.js'
import { Hot } from './hot.js'
import { Lately } from './lately.js'

/** How long a copy is used at most, though it be fresh for longer. */
const LIFE: Ms = 60_000

export class Copies {
  private readonly store: Store
  private readonly clock: Clock
  private readonly hot: Hot
  /** Of what may be copied still. */
  private readonly urls: Lately<StoreKey, string>
  /** When an owner last told that any copy is. */
  private outdatedAt: Ms = -Infinity

  constructor (store: Store, clock: Clock) {
    this.store = store
    this.clock = clock
    this.hot = new Hot(clock)
    this.urls = new Lately(clock, LIFE)
  }

  /** Whether `key` is worth a copy; counts this time. */
  wanted (key: StoreKey): boolean {
    return this.hot.hit(key)
  }

  /** `headers` as the owner answered, `length` that of the body, `since` when it was asked. Undefined: there is no room. */
  begin (of: CopyOf, headers: RawHeaders, length: number, since: Ms): EntryWriter | undefined {
    const own = asStored(headers)
    const generation = nextGeneration()
    const meta = metaOf(of, encodeHead(of.meta.status, own), since, LIFE, generation)
    const vary = varyOf(of, meta.policy.keepUntil, generation)
    if (vary !== undefined) this.store.note(vary)
    const writer = this.store.begin(meta, length)
    if (writer === undefined) return undefined
    this.urls.note(meta.key, meta.url)
    return {
      write: chunk => { writer.write(chunk) },
      commit: async () => {
        if (since > this.outdatedAt) return writer.commit()
        writer.abort()
        return undefined
      },
      abort: () => { writer.abort() }
    }
  }

  /** Its owner has a newer one. */
  async outdated (key: StoreKey): Promise<void> {
    this.outdatedAt = this.clock.now()
    await this.store.delete(key)
  }

  /** The owner of these URLs has ended, and tells nothing any more. */
  async orphaned (had: (url: string) => boolean): Promise<void> {
    this.outdatedAt = this.clock.now()
    for (const [key, url] of this.urls) if (had(url)) await this.store.delete(key)
  }
}

/** Without what the owner said of this one answer: its age, and its own member of Cache-Status, the last. */
function asStored (headers: RawHeaders): RawHeaders {
  const names = headers.map((name, i) => i % 2 === 0 ? name.toLowerCase() : '')
  const own = names.lastIndexOf('cache-status')
  return headers.filter((_, i) => names[i & ~1] !== 'age' && (i & ~1) !== own)
}

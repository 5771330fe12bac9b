/**
 * When a new epoch of the log may begin. What was lost once begins anew at once. Where it is lost again and again, as where
 * Redis has less memory than it takes for itself, each epoch would be a gap and a reason to ask at once: a loop.
 *
 * Invariants: of epochs that do not last, each is begun later after the one before, up to `maxLag`, and by a poll alone, of
 * which one is under way at a time; an epoch that lasted ends that; either is logged once. Until one may begin, whatever
 * needs the log fails, as where it cannot be reached.
 */
import type { Logger } from '../core/logger.js'
import type { Ms } from '../core/types.js'

export interface EpochsOptions {
  readonly maxLag: Ms
  readonly logger: Logger
}

/** Times `maxLag`: an epoch as old as this has lasted, and purges are quick again. */
const LASTS = 2
/** Of `maxLag`: the first pause; each further one is twice as long. */
const FIRST = 1 / 16
/** Epochs that may fail to last, in a row, before there is one. */
const ACCIDENTS = 2

export class Epochs {
  /** Epochs this process has followed. */
  count = 0
  private readonly options: EpochsOptions
  /** Epochs in a row that did not last. */
  private short = 0
  private lasted = true
  /** When the one that began last did. */
  private since: Ms = -Infinity

  constructor (options: EpochsOptions) {
    this.options = options
  }

  /** That a new one began is no news. */
  get fleeting (): boolean {
    return this.short >= ACCIDENTS
  }

  /** Whether what is asked now may begin an epoch where the log was lost. */
  mayBegin (by: 'poll' | 'append', now: Ms): boolean {
    return !this.fleeting || (by === 'poll' && now - this.since >= this.pause)
  }

  /** `at`: by our clock; at the latest. */
  began (epoch: number, at: Ms): void {
    this.count++
    this.short = this.lasted ? 0 : this.short + 1
    this.lasted = false
    this.since = at
    if (this.short !== ACCIDENTS) return
    this.options.logger.warn({ epoch }, 'the invalidation log is lost again and again: what is stored is asked about before it is used, and purges fail until it lasts. '
      + 'If Redis evicts it at once, raise maxmemory above what Redis takes for itself')
  }

  /** The epoch that began last is still there. */
  stands (epoch: number, now: Ms): void {
    if (this.lasted || now - this.since < LASTS * this.options.maxLag) return
    if (this.fleeting) this.options.logger.info({ epoch, epochs: this.count }, 'the invalidation log lasts again')
    this.lasted = true
    this.short = 0
  }

  private get pause (): Ms {
    return this.options.maxLag * Math.min(1, FIRST * 2 ** (this.short - ACCIDENTS))
  }
}

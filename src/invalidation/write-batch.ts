/**
 * What writes invalidated, on its way to the shared log: gathered into batches, so that a flood of writes costs one
 * append every few milliseconds, whatever they concern.
 *
 * Invariants: one append is under way at a time, in order; a batch that failed is appended again, under its own name,
 * before any later one; equal scopes of a batch are one; what is kept unsent is bounded, and what is dropped is counted.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import type { Ms, Scope } from '../core/types.js'
import type { NewEvent } from './backend.js'

export interface WriteBatchOptions {
  readonly clock: Clock
  /** Appends; rejects if that is not known to have happened. */
  readonly send: (event: NewEvent) => Promise<unknown>
  /** Whether it has come back from the log, whatever its append said. */
  readonly arrived: (batch: string) => boolean
}

/** Between the beginnings of two appends. */
const PAUSE: Ms = 10
/** Scopes kept unsent. */
const MAX_UNSENT = 10_000

interface Batch {
  readonly id: string
  readonly scopes: Map<string, Scope>
  /** Of the URLs among them: without their queries, as No-Vary-Search has one answer for another of the same path. */
  readonly paths: Set<string>
  /** Some concern more than a URL tells, or are not kept any more. */
  vague: boolean
  /** Resolves once it was tried, with whatever outcome. */
  readonly tried: Promise<void>
  readonly settle: () => void
}

export class WriteBatches {
  /** Scopes given up because the log was away for too long. */
  dropped = 0
  /** Appends that failed, or may have. */
  failures = 0
  private readonly options: WriteBatchOptions
  private filling = newBatch()
  /** Under way, or failed and to be sent again. */
  private sending: Batch | undefined
  private busy = false
  private pausing = false
  /** The last append failed: nothing is sent until the log is known to be reached. */
  private failing = false

  constructor (options: WriteBatchOptions) {
    this.options = options
  }

  get unsent (): number {
    return this.filling.scopes.size + (this.sending?.scopes.size ?? 0)
  }

  /** Whether something that has not come back from the log yet may concern this URL. */
  pends (url: string): boolean {
    const path = withoutQuery(url)
    return [this.filling, this.sending].some(batch => batch !== undefined && batch.scopes.size > 0 &&
      (batch.vague || batch.paths.has(path)) && !this.options.arrived(batch.id))
  }

  /** Returns the name of the batch they are in, and a promise that its append was tried. */
  add (scopes: readonly Scope[]): { readonly batch: string, readonly tried: Promise<void> } {
    const { filling } = this
    for (const scope of scopes) {
      filling.scopes.set(JSON.stringify(scope), scope)
      if (scope !== 'all' && 'url' in scope) filling.paths.add(withoutQuery(scope.url))
      else filling.vague = true
    }
    this.drop()
    if (this.failing) return { batch: filling.id, tried: Promise.resolve() }
    // the caller applies them under the batch's name before anything is sent
    queueMicrotask(() => { this.next() })
    return { batch: filling.id, tried: filling.tried }
  }

  /** The log was reached. */
  retry (): void {
    this.failing = false
    this.next()
  }

  private next (): void {
    if (this.busy || this.pausing || this.failing) return
    if (this.sending !== undefined && this.options.arrived(this.sending.id)) this.sending = undefined
    if (this.sending === undefined && this.filling.scopes.size > 0) {
      this.sending = this.filling
      this.filling = newBatch()
    }
    if (this.sending !== undefined) void this.try(this.sending)
  }

  private async try (batch: Batch): Promise<void> {
    this.busy = true
    this.pause()
    try {
      await this.options.send({ batch: batch.id, mode: 'hard', scopes: [...batch.scopes.values()] })
      this.sending = undefined
    } catch {
      // it stays, and goes again when the log is reached; what failed is logged with the connection
      this.failures++
      this.failing = true
    } finally {
      this.busy = false
      batch.settle()
    }
    this.next()
  }

  private pause (): void {
    this.pausing = true
    this.options.clock.after(PAUSE, () => {
      this.pausing = false
      this.next()
    })
  }

  private drop (): void {
    const { scopes } = this.filling
    for (const oldest of scopes.keys()) {
      if (scopes.size <= MAX_UNSENT) return
      scopes.delete(oldest)
      this.filling.vague = true
      this.dropped++
    }
  }
}

function newBatch (): Batch {
  let settle!: () => void
  const tried = new Promise<void>(resolve => { settle = resolve })
  return { id: randomUUID(), scopes: new Map(), paths: new Set(), vague: false, tried, settle }
}

function withoutQuery (url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

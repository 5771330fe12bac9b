/**
 * The pulled end of an answer's body. Holds at most a window and the piece that overfills it, then has the connection
 * held; nothing that arrives after a failure or a cancel is ever read.
 */
import { SeawallError, toSeawallError } from '../core/errors.js'
import { Gathered } from '../core/gathered.js'
import type { BodyReader } from '../core/types.js'

/** Where the bytes come from. */
export interface AnswerSource {
  /** Nothing more is to arrive until `flow`. */
  hold (): void
  /** May deliver at once, before it returns. */
  flow (): void
  /** Whether a read waits for the origin. */
  wait (waiting: boolean): void
  cancel (why: Error): void
}

/** Bytes kept ready for the reader. */
const WINDOW = 64 * 1024
const END = Promise.resolve(null)

/** The body of an answer that has none. */
export const EMPTY_BODY: BodyReader = { read: () => END, cancel: () => undefined }

export class AnswerBody implements BodyReader {
  private readonly source: AnswerSource
  private readonly queue = new Gathered()
  private held = false
  private begun = false
  private ended = false
  private failure: SeawallError | undefined
  private resolve: ((chunk: Uint8Array | null) => void) | undefined
  private reject: ((error: SeawallError) => void) | undefined

  constructor (source: AnswerSource) {
    this.source = source
  }

  whole (): readonly Uint8Array[] | undefined {
    return this.ended && !this.begun && this.failure === undefined ? this.queue.all : undefined
  }

  read (): Promise<Uint8Array | null> {
    this.begun = true
    const chunk = this.queue.shift()
    if (chunk !== undefined) {
      if (this.held && this.queue.length < WINDOW) {
        this.held = false
        this.source.flow()
      }
      return Promise.resolve(chunk)
    }
    if (this.failure !== undefined) return Promise.reject(this.failure)
    if (this.ended) return END
    if (this.resolve !== undefined) return Promise.reject(new SeawallError('internal', { detail: 'Two reads of one body at a time.' }))
    return new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
      this.source.wait(true)
    })
  }

  cancel (why: Error): void {
    this.source.cancel(why)
    this.fail(toSeawallError(why))
  }

  push (chunk: Uint8Array): void {
    if (this.failure !== undefined) return
    if (this.settle(chunk)) return
    this.queue.push(chunk)
    if (this.held || this.queue.length < WINDOW) return
    this.held = true
    this.source.hold()
  }

  end (): void {
    this.ended = true
    this.settle(null)
  }

  /** What is queued is dropped: a broken body is of no use to anyone. */
  fail (error: SeawallError): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.queue.clear()
    this.reject?.(error)
    this.resolve = this.reject = undefined
  }

  private settle (chunk: Uint8Array | null): boolean {
    const { resolve } = this
    if (resolve === undefined) return false
    this.resolve = this.reject = undefined
    this.source.wait(false)
    resolve(chunk)
    return true
  }
}

/**
 * A request's body on its way out, pulled by undici as fast as the origin's socket takes it. A reader that rejects
 * makes undici destroy the connection with the request unfinished, so the origin never takes a part for the whole.
 */
import type { SeawallError } from '../core/errors.js'
import type { RequestBody } from '../core/types.js'
import type { Waits } from './waits.js'

/** What there is to send: at once where all of it has come, as it comes else. */
export function contentOf (body: RequestBody | undefined, waits: Waits): Uint8Array | Upload | undefined {
  if (body === undefined || body.length === 0) return undefined
  const chunks = body.reader.whole?.()
  if (chunks === undefined) return new Upload(body, waits)
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
}

export class Upload implements AsyncIterableIterator<Uint8Array> {
  private readonly body: RequestBody
  private readonly waits: Waits
  private over = false
  private reject: ((why: SeawallError) => void) | undefined

  constructor (body: RequestBody, waits: Waits) {
    this.body = body
    this.waits = waits
  }

  [Symbol.asyncIterator] (): this {
    return this
  }

  next (): Promise<IteratorResult<Uint8Array>> {
    if (this.over) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => {
      this.reject = reject
      this.waits.upload(true)
      this.body.reader.read().then(chunk => {
        this.over ||= chunk === null
        this.waits.move(chunk?.length ?? 0)
        this.waits.upload(false)
        resolve(chunk === null ? { done: true, value: undefined } : { done: false, value: chunk })
      }, (thrown: unknown) => {
        this.over = true
        this.waits.upload(false)
        reject(thrown as Error)
      })
    })
  }

  /** Neither whole nor broken. */
  get open (): boolean {
    return !this.over
  }

  /** The origin wants no more of it. Does nothing once the body is whole or broken. */
  stop (why: SeawallError): void {
    if (this.over) return
    this.over = true
    this.waits.upload(false)
    this.reject?.(why)
    this.body.reader.cancel(why)
  }
}

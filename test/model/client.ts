/** A client of the model: asks through the core as a connection does, reads, leaves, and is told what it may believe. */
import { SeawallError } from '../../src/core/errors.js'
import { fieldsOf } from '../support/policy.js'
import { HOST, type Resource } from './resources.js'
import type { BodyReader, Ms, ProxyCore, ProxyRequest, ProxyResponse } from '../../src/core/types.js'
import type { Step } from './steps.js'

export interface Ask {
  readonly method: string
  readonly resource: Resource
  readonly principal: string | undefined
  readonly language: string
  readonly extra: Extract<Step, { do: 'get' }>['extra']
  readonly paced: boolean
}

/** What came of it: an answer that was read to its end, or none. */
export interface Got { readonly response: ProxyResponse, readonly head: string, readonly body: string }

const EXTRAS: Readonly<Record<Ask['extra'], readonly string[]>> = {
  none: [], head: [], 'no-cache': ['Cache-Control', 'no-cache'], range: ['Range', 'bytes=10-59'], 'only-if-cached': ['Cache-Control', 'only-if-cached']
}

export class Client {
  readonly ask: Ask
  readonly at: Ms
  /** Done, one way or the other. */
  over = false
  private readonly request: ProxyRequest
  private readonly onGot: (got: Got) => void
  private reader: BodyReader | undefined
  private allowed = 0
  private wake: (() => void) | undefined

  constructor (core: ProxyCore, ask: Ask, now: Ms, onGot: (client: Client, got: Got) => void) {
    this.ask = ask
    this.at = now
    this.onGot = got => { onGot(this, got) }
    const raw = ['Host', HOST, 'X-Language', ask.language, ...(ask.principal === undefined ? [] : ['Authorization', ask.principal]), ...EXTRAS[ask.extra]]
    this.request = {
      method: ask.method, target: ask.resource.path, version: '1.1', fields: fieldsOf(raw, HOST),
      peer: { address: '192.0.2.1', secure: false, trusted: false }, arrivedAt: now, body: undefined, interim: () => undefined, onGone: undefined
    }
    const hit = core.tryHit(this.request, now)
    if (hit === undefined) void core.handle(this.request).then(response => this.take(response))
    else void this.take(hit)
  }

  /** One piece more. */
  pace (): void {
    this.allowed++
    this.wake?.()
  }

  leave (): void {
    if (this.over) return
    this.over = true
    const why = new SeawallError('client_gone')
    this.request.onGone?.(why)
    this.reader?.cancel(why)
    this.wake?.()
  }

  private async take (response: ProxyResponse): Promise<void> {
    const { body } = response
    if (body.kind === 'stream') this.reader = body.reader
    if (this.over || this.ask.method === 'HEAD') this.reader?.cancel(new SeawallError('abandoned'))
    const text = this.over ? undefined : await this.read(response)
    if (this.over) return
    this.over = true
    if (text === undefined) return
    const head = (typeof response.head === 'string' ? response.head : Buffer.from(response.head).toString('latin1')) + response.tail
    this.onGot({ response, head, body: text })
  }

  /** Undefined: it broke, as a connection would. */
  private async read ({ body }: ProxyResponse): Promise<string | undefined> {
    if (body.kind === 'none' || this.ask.method === 'HEAD') return ''
    if (body.kind === 'bytes') return Buffer.concat(body.chunks).toString('latin1')
    let text = ''
    for (;;) {
      while (this.ask.paced && this.allowed === 0 && !this.over) await new Promise<void>(resolve => { this.wake = resolve })
      if (this.over) return undefined
      this.allowed--
      const piece = await body.reader.read().catch(() => undefined)
      if (piece === undefined) return undefined
      if (piece === null) return body.length === undefined || body.length === text.length ? text : undefined
      text += Buffer.from(piece).toString('latin1')
    }
  }
}

/**
 * The model's origin, in the place of the client that asks real ones. An exchange moves on only when a step says so, or
 * goes through at once; what it answers was true when it was asked.
 */
import { SeawallError } from '../../src/core/errors.js'
import { bodyOf, etagOf, fieldsOf, RESOURCES, type Identity, type Resource } from './resources.js'
import type { Clock } from '../../src/core/clock.js'
import type { BodyReader, Ms, RawHeaders } from '../../src/core/types.js'
import type { AnswerFraming, Exchange, OriginAnswer, OriginRequest, Origins } from '../../src/origin/contract.js'
import type { Step } from './steps.js'

export type Manner = Omit<Step & { do: 'origin' }, 'do'>

export interface Asked {
  readonly resource: Resource
  readonly method: string
  readonly plain: boolean
  readonly authorized: boolean
  readonly at: Ms
  over: boolean
  /** Its head is out, and says that it answers nobody else. */
  single: boolean
  /** Moves on by a piece. */
  step (): void
}

export interface ModelOrigin extends Origins {
  manner: Manner
  /** All that is not over, in order. */
  underWay (): Asked[]
  versionOf (resource: Resource): number
  change (resource: Resource, written: boolean): void
}

export interface Observer {
  /** Once it counts as under way. */
  asked (asked: Asked): void
  /** Before it changes; `written`: by a client, whose answer is on its way. */
  changes (resource: Resource, version: number, written: boolean): void
}

export function createModelOrigin (clock: Clock, observer: Observer): ModelOrigin {
  const versions = new Map(RESOURCES.map(resource => [resource, 1]))
  let exchanges: Exchanging[] = []
  const origin: ModelOrigin = {
    manner: { fault: 'none', framing: 'length', atOnce: true },
    underWay: () => (exchanges = exchanges.filter(({ over }) => !over)),
    versionOf: resource => versions.get(resource)!,
    change: (resource, written) => {
      const version = versions.get(resource)!
      observer.changes(resource, version, written)
      versions.set(resource, version + 1)
    },
    ask (request) {
      const resource = RESOURCES.find(({ path }) => path === request.target)!
      const exchange = new Exchanging(request, resource, clock, origin.manner, origin)
      if (origin.manner.fault !== 'none') origin.manner = { ...origin.manner, fault: 'none' }
      exchanges.push(exchange)
      observer.asked(exchange)
      if (exchange.atOnce) while (!exchange.over) exchange.step()
      return exchange
    },
    upgrade: () => Promise.reject(new SeawallError('origin_failed')),
    stats: () => ({}),
    close: () => Promise.resolve(),
    destroy: () => undefined
  }
  return origin
}

function valueOf (headers: RawHeaders, name: string): string | undefined {
  const at = headers.findIndex((field, i) => i % 2 === 0 && field.toLowerCase() === name)
  return at === -1 ? undefined : headers[at + 1]
}

class Exchanging implements Exchange, Asked {
  readonly answer: Promise<OriginAnswer>
  readonly resource: Resource
  readonly method: string
  readonly plain: boolean
  readonly authorized: boolean
  readonly at: Ms
  readonly atOnce: boolean
  over = false
  single = false
  private readonly request: OriginRequest
  private readonly clock: Clock
  private readonly manner: Manner
  private readonly origin: ModelOrigin
  private readonly identity: Identity
  private settle!: { resolve (answer: OriginAnswer): void, reject (why: Error): void }
  private readonly pieces: (Uint8Array | null | Error)[] = []
  private left: (Uint8Array | null | Error)[] | undefined
  private wake: (() => void) | undefined

  constructor (request: OriginRequest, resource: Resource, clock: Clock, manner: Manner, origin: ModelOrigin) {
    const { headers, method } = request
    this.request = request
    this.resource = resource
    this.method = method
    this.clock = clock
    this.manner = manner
    this.origin = origin
    this.at = clock.now()
    this.atOnce = manner.atOnce
    const principal = valueOf(headers, 'authorization')
    this.authorized = principal !== undefined
    this.plain = method === 'GET' && valueOf(headers, 'range') === undefined
    const personal = resource.kind === 'personal' || resource.kind === 'private'
    this.identity = {
      resource, principal: personal ? principal ?? '-' : '-', version: origin.versionOf(resource),
      language: resource.kind === 'vary' ? valueOf(headers, 'x-language') ?? '' : '-'
    }
    this.answer = new Promise((resolve, reject) => { this.settle = { resolve, reject } })
    // Whoever cancels may not look at it any more.
    this.answer.catch(() => undefined)
  }

  step (): void {
    if (this.over) return
    if (this.left === undefined) this.head()
    else {
      const piece = this.left.shift()
      if (piece !== undefined) this.pieces.push(piece)
      if (piece === null || piece instanceof Error) this.over = true
      this.wake?.()
    }
  }

  cancel (why: Error): void {
    if (this.over) return
    this.over = true
    this.settle.reject(why)
    this.pieces.push(why)
    this.wake?.()
  }

  private head (): void {
    const { fault } = this.manner
    if (fault === 'refused') return this.fail('origin_refused')
    if (fault === 'timeout') return this.fail('origin_timeout')
    if (fault === 'reset-head') return this.fail('origin_reset')
    if (fault === 'error' || fault === 'busy') return this.say(fault === 'error' ? 500 : 503, [], 'the origin failed')
    if (this.method !== 'GET' && this.method !== 'HEAD') {
      this.origin.change(this.resource, true)
      return this.say(200, ['Cache-Control', 'no-store'], String(this.origin.versionOf(this.resource)))
    }
    const etag = etagOf(this.identity)
    const fields = ['ETag', etag, ...fieldsOf(this.identity)]
    const { headers } = this.request
    if (valueOf(headers, 'if-none-match')?.includes(etag) === true) return this.say(304, fields, '')
    const body = bodyOf(this.identity)
    const ifRange = valueOf(headers, 'if-range')
    const range = /^bytes=(\d+)-(\d*)$/.exec(valueOf(headers, 'range') ?? '')
    if (range === null || (ifRange !== undefined && ifRange !== etag)) return this.say(200, fields, body)
    const first = Number(range[1])
    const last = Math.min(range[2] === '' ? Infinity : Number(range[2]), body.length - 1)
    this.say(206, [...fields, 'Content-Range', `bytes ${first}-${last}/${body.length}`], body.slice(first, last + 1))
  }

  private fail (code: 'origin_refused' | 'origin_timeout' | 'origin_reset'): void {
    this.over = true
    this.settle.reject(new SeawallError(code))
  }

  private say (status: number, fields: readonly string[], text: string): void {
    const bodiless = this.method === 'HEAD' || status === 304
    const framing: AnswerFraming = bodiless ? 'none' : this.manner.framing
    const body = Buffer.from(bodiless ? '' : text)
    const half = Math.ceil(body.length / 2)
    this.single = (status !== 200 && status !== 304) || framing === 'close'
    this.left = body.length === 0 ? [null] : [body.subarray(0, half), this.manner.fault === 'reset-body' ? new SeawallError('origin_reset') : body.subarray(half), null]
    this.settle.resolve({
      status, headers: ['Date', new Date(this.clock.wall()).toUTCString(), ...fields], askedAt: this.at, answeredAt: this.clock.now(), framing,
      length: framing === 'length' || this.method === 'HEAD' ? text.length : undefined, body: this.reader()
    })
    if (bodiless) this.step()
  }

  private reader (): BodyReader {
    return {
      read: async () => {
        while (this.pieces.length === 0) await new Promise<void>(resolve => { this.wake = resolve })
        const piece = this.pieces[0]!
        if (piece instanceof Error) throw piece
        if (piece !== null) this.pieces.shift()
        return piece
      },
      cancel: why => { this.cancel(why) }
    }
  }
}


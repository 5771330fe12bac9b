/** The public listener in front of a core that a test writes, on real sockets and wound time. */
import { afterEach } from 'vitest'
import { Counters } from '../../src/core/counters.js'
import { silentLogger } from '../../src/core/logger.js'
import { Certificates } from '../../src/server/certificates.js'
import { createListener, type Listener } from '../../src/server/listener.js'
import { barrier, type Barrier } from './barrier.js'
import { certificate } from './certificates.js'
import { connect, connectTls, type RawConnection } from './client.js'
import { manualClock, type ManualClock } from './clock.js'
import type { Body, BodyReader, ProxyCore, ProxyRequest, ProxyResponse } from '../../src/core/types.js'
import type { ServerLimits } from '../../src/server/limits.js'
import type { AnswerEnd } from '../../src/server/serving.js'

export const LIMITS: ServerLimits = {
  headerBytes: 16_384, headerCount: 100, url: 8192, headerTimeout: 10_000, idle: 60_000, bodyTimeout: 20_000, writeStall: 30_000,
  pipelined: 64, body: undefined
}

export interface Answered { readonly request: ProxyRequest | undefined, readonly response: ProxyResponse | undefined, readonly end: AnswerEnd }

export interface TestListener {
  readonly listener: Listener
  readonly port: number
  readonly clock: ManualClock
  readonly counters: Counters
  readonly answered: Answered[]
  /** Requests the core was asked, in order. */
  readonly asked: ProxyRequest[]
  open (): Promise<RawConnection>
}

const running: Listener[] = []
const clients: RawConnection[] = []

/** Ends what a test has started. */
export function cleanUp (): void {
  afterEach(() => {
    for (const listener of running.splice(0)) listener.close()
    for (const client of clients.splice(0)) client.socket.destroy()
  })
}

/** `secure`: what is spoken is TLS, with the certificate `a`. */
export async function startListener (core: Partial<ProxyCore>, limits: Partial<ServerLimits> = {}, secure = false): Promise<TestListener> {
  const clock = manualClock()
  const counters = new Counters()
  const asked: ProxyRequest[] = []
  const answered: Answered[] = []
  const missing = (): Promise<never> => Promise.reject(new Error('the test has no answer to this'))
  const listener = createListener({
    core: {
      tryHit: (request, now) => {
        asked.push(request)
        return core.tryHit?.(request, now)
      },
      handle: request => {
        if (!asked.includes(request)) asked.push(request)
        return core.handle?.(request) ?? missing()
      },
      upgrade: request => core.upgrade?.(request) ?? missing()
    },
    certificates: secure ? new Certificates([{ ...certificate('a'), hosts: undefined }]) : undefined,
    limits: { ...LIMITS, ...limits },
    clock, counters, log: silentLogger, trusted: () => false,
    onAnswer: (request, response, end) => { answered.push({ request, response, end }) }
  })
  running.push(listener)
  const { port } = await listener.listen('127.0.0.1', 0)
  return {
    listener, port, clock, counters, answered, asked,
    open: async () => {
      const client = await (secure ? connectTls(port) : connect(port))
      clients.push(client)
      return client
    }
  }
}

export function response (body: Body, more: Partial<ProxyResponse> = {}): ProxyResponse {
  const status = more.status ?? 200
  return { status, head: `HTTP/1.1 ${status} X\r\nA: b\r\n`, tail: '', body, outcome: 'miss', ...more }
}

export function bytes (...parts: string[]): Body {
  const chunks = parts.map(part => Buffer.from(part, 'latin1'))
  return { kind: 'bytes', chunks, length: parts.join('').length }
}

export const text = (body: string, more: Partial<ProxyResponse> = {}): ProxyResponse => response(bytes(body), more)

/** A stream that a test feeds. */
export interface Source {
  readonly body: Body
  push (chunk: string | Buffer | null): void
  fail (why: Error): void
  readonly cancelled: Barrier & { why?: Error }
  /** Reads asked for. */
  reads: number
}

export function source (length?: number): Source {
  const queue: (Uint8Array | null | Error)[] = []
  let waiting: { resolve (chunk: Uint8Array | null): void, reject (why: Error): void } | undefined
  const cancelled: Source['cancelled'] = barrier()
  const step = (): void => {
    if (waiting === undefined || queue.length === 0) return
    const next = queue.shift()!
    const { resolve, reject } = waiting
    waiting = undefined
    if (next instanceof Error) reject(next)
    else resolve(next)
  }
  const reader: BodyReader = {
    read: () => new Promise((resolve, reject) => {
      made.reads++
      waiting = { resolve, reject }
      step()
    }),
    cancel: why => {
      cancelled.why ??= why
      cancelled.open()
    }
  }
  const made: Source = {
    body: { kind: 'stream', reader, length },
    push: chunk => { queue.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk); step() },
    fail: why => { queue.push(why); step() },
    cancelled,
    reads: 0
  }
  return made
}

/** The whole of a request's body, latin1. */
export async function readAll (request: ProxyRequest): Promise<string> {
  let all = ''
  for (;;) {
    const chunk = await request.body!.reader.read()
    if (chunk === null) return all
    all += Buffer.from(chunk).toString('latin1')
  }
}

/** Turns of the event loop enough for what is on its way over loopback to arrive. */
export async function turns (count = 30): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => { setImmediate(resolve) })
}

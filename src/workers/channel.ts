/**
 * Questions and answers between two processes, over the channel the system gave them when one began the other.
 *
 * Invariants: a question is answered once, or rejects: when the other side failed, when it is gone, and when its time is
 * up; what waits for an answer is kept no longer.
 */
import { systemClock, type Clock } from '../core/clock.js'
import type { Ms } from '../core/types.js'

/** One end of what carries messages. Whatever structured cloning can copy may be sent. */
export interface Port {
  send (message: unknown): void
  onMessage (take: (message: unknown) => void): void
}

type Message =
  | { readonly kind: 'ask', readonly id: number, readonly topic: string, readonly body: unknown }
  | { readonly kind: 'answer', readonly id: number, readonly body: unknown }
  | { readonly kind: 'failed', readonly id: number, readonly why: string }
  | { readonly kind: 'tell', readonly topic: string, readonly body: unknown }

interface Waiting { resolve (body: unknown): void, reject (why: Error): void }

export class Channel {
  private readonly port: Port
  private readonly topics = new Map<string, (body: unknown) => unknown>()
  private readonly waiting = new Map<number, Waiting>()
  private readonly clock: Clock
  private last = 0
  private gone: Error | undefined

  constructor (port: Port, clock: Clock = systemClock) {
    this.port = port
    this.clock = clock
    port.onMessage(message => { this.take(message as Message) })
  }

  /** Answers questions on a topic, or hears what is told there. What it throws is the other side's rejection. */
  on<Body> (topic: string, handler: (body: Body) => unknown): void {
    this.topics.set(topic, handler as (body: unknown) => unknown)
  }

  /** `limit`: for how long an answer is waited for; one that comes later is for nobody. Undefined: as long as the other side lives. */
  async ask<Answer> (topic: string, body?: unknown, limit?: Ms): Promise<Answer> {
    if (this.gone !== undefined) throw this.gone
    const id = ++this.last
    const answer = new Promise<unknown>((resolve, reject) => { this.waiting.set(id, { resolve, reject }) })
    const timer = limit === undefined ? undefined : this.clock.after(limit, () => {
      this.settle(id)?.reject(new Error(`no answer to ${topic} in ${limit} ms`))
    })
    this.post({ kind: 'ask', id, topic, body })
    return await answer.finally(() => { timer?.cancel() }) as Answer
  }

  tell (topic: string, body?: unknown): void {
    if (this.gone === undefined) this.post({ kind: 'tell', topic, body })
  }

  /** The other side is gone. */
  close (why: Error): void {
    this.gone ??= why
    for (const { reject } of this.waiting.values()) reject(this.gone)
    this.waiting.clear()
  }

  private post (message: Message): void {
    try {
      this.port.send(message)
    } catch (thrown) {
      this.close(thrown instanceof Error ? thrown : new Error(String(thrown)))
    }
  }

  private take (message: Message): void {
    switch (message.kind) {
      case 'tell': this.topics.get(message.topic)?.(message.body); break
      case 'ask': void this.answer(message.id, message.topic, message.body); break
      case 'answer': this.settle(message.id)?.resolve(message.body); break
      case 'failed': this.settle(message.id)?.reject(new Error(message.why)); break
    }
  }

  private async answer (id: number, topic: string, body: unknown): Promise<void> {
    try {
      const handler = this.topics.get(topic)
      if (handler === undefined) throw new Error(`nobody answers ${topic}`)
      this.post({ kind: 'answer', id, body: await handler(body) })
    } catch (thrown) {
      this.post({ kind: 'failed', id, why: thrown instanceof Error ? thrown.message : String(thrown) })
    }
  }

  private settle (id: number): Waiting | undefined {
    const waiting = this.waiting.get(id)
    this.waiting.delete(id)
    return waiting
  }
}

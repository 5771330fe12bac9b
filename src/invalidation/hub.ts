/**
 * A shared log in the memory of one process, for the processes it began: it lives as long as any of them, so that nothing
 * of it is ever lost, and who has ended is known.
 */
import type { Clock } from '../core/clock.js'
import type { Ms } from '../core/types.js'
import type { LogBackend, LogEvent, LogReply, LogRequest, NewEvent } from './backend.js'

interface Member { readonly epoch: number, readonly seq: number, readonly at: Ms, readonly beat: string }

/** Kept at least; who is further behind than that takes everything for unsure. */
const EVENTS = 50_000
/** Handed out in one answer. */
const PAGE = 1_000

export class LogHub {
  private readonly clock: Clock
  private readonly epoch: number
  private readonly members = new Map<string, Member>()
  private readonly wakes = new Map<string, () => void>()
  private events: LogEvent[] = []
  private seq = 0
  private beats = 0

  /** `epoch`: unlike that of any other log. */
  constructor (clock: Clock, epoch: number) {
    this.clock = clock
    this.epoch = epoch
  }

  /** Called whenever another than `id` has appended. */
  listen (id: string, wake: () => void): void {
    this.wakes.set(id, wake)
  }

  /** It has ended, or will use nothing more. */
  leave (id: string): void {
    this.members.delete(id)
    this.wakes.delete(id)
  }

  poll (id: string, request: LogRequest): LogReply {
    const now = this.clock.now()
    this.members.set(id, { epoch: request.epoch, seq: request.seq, at: now, beat: String(++this.beats) })
    const { epoch, seq, events } = this
    const oldest = events[0]?.seq ?? seq + 1
    const after = request.epoch === epoch && request.seq + 1 >= oldest ? request.seq : oldest - 1
    const from = after + 1 - oldest
    return {
      epoch, seq, after,
      // there was nobody before it whom it could have forgotten
      epochAge: Infinity,
      events: events.slice(from, from + PAGE),
      members: [...this.members].map(([name, { at, ...member }]) => ({ ...member, id: name, age: now - at }))
    }
  }

  append (id: string, request: LogRequest, event: NewEvent): LogReply & { readonly appended: number } {
    this.events.push({ ...event, seq: ++this.seq, writer: id })
    if (this.events.length > 2 * EVENTS) this.events = this.events.slice(-EVENTS)
    for (const [other, wake] of this.wakes) if (other !== id) wake()
    const appended = this.seq
    return { ...this.poll(id, request), appended }
  }

  /** For the process it lives in. */
  backend (id: string): LogBackend {
    const listen = (wake: () => void): void => { this.listen(id, wake) }
    return {
      poll: async request => this.poll(id, request),
      append: async (request, event) => this.append(id, request, event),
      leave: async () => { this.leave(id) },
      close: () => { this.leave(id) },
      get onWake () { return undefined },
      set onWake (wake) { if (wake !== undefined) listen(() => { setImmediate(wake) }) }
    }
  }
}

/** What a shared log's backend is to do, in memory: the reference the real one is held to, and the network's place in tests. */
import type { Clock } from '../../src/core/clock.js'
import type { LogBackend, LogEvent, LogPosition, LogReply, LogRequest, NewEvent } from '../../src/invalidation/backend.js'

interface Member { readonly epoch: number, readonly seq: number, readonly at: number, readonly beat: string }

/** How a call travels: it is carried out when `call` is called, and answered when the promise settles. */
export type Transport = <T>(call: () => T) => Promise<T>

const direct: Transport = async call => call()

export class LogServer {
  epoch = 2 ** 50
  bornAt: number
  events: LogEvent[] = []
  seq = 0
  readonly members = new Map<string, Member>()
  /** Answers given. */
  polls = 0
  /** Events given out in one answer. */
  page = 3
  /** Everything is lost again as soon as it was answered from. */
  fleeting = false
  /** Epochs that began. */
  renewals = 0
  private readonly clock: Clock
  private readonly wakes = new Map<string, () => void>()
  private beats = 0
  private lost = false

  /** Old enough for purges to be acknowledged at once, unless `age` says otherwise. */
  constructor (clock: Clock, age = 1e9) {
    this.clock = clock
    this.bornAt = clock.now() - age
  }

  /** All of it is lost, and another process has begun it anew. */
  flush (): void {
    this.members.clear()
    this.renew(0)
  }

  /** All of it is lost, until somebody begins it anew. */
  lose (): void {
    this.members.clear()
    this.lost = true
  }

  /** All but the newest are dropped. */
  trim (keep: number): void {
    this.events = keep === 0 ? [] : this.events.slice(-keep)
  }

  /** As an older copy of it would be. */
  setBack (events: number): void {
    this.events = this.events.slice(0, -events)
    this.seq -= events
  }

  backend (id: string, transport: Transport = direct): LogBackend {
    const { wakes } = this
    return {
      poll: request => transport(() => this.poll(id, request)),
      append: (request, event) => transport(() => this.append(id, request, event)),
      leave: () => transport(() => { this.members.delete(id) }),
      close: () => { wakes.delete(id) },
      get onWake () { return wakes.get(id) },
      set onWake (wake) { if (wake === undefined) wakes.delete(id); else wakes.set(id, wake) }
    }
  }

  private append (id: string, request: LogRequest, event: NewEvent): LogReply & { appended: number } {
    this.agree(request)
    this.events.push({ ...event, seq: ++this.seq, writer: id })
    for (const [other, wake] of this.wakes) if (other !== id) queueMicrotask(wake)
    const appended = this.seq
    return { ...this.poll(id, request), appended }
  }

  private poll (id: string, request: LogRequest): LogReply {
    this.agree(request)
    this.polls++
    const now = this.clock.now()
    const { epoch, seq, members } = this
    const note = (name: string, at: LogPosition | undefined): void => {
      members.set(name, { epoch: at?.epoch ?? 0, seq: at?.seq ?? 0, at: at === undefined ? -Infinity : now, beat: `${++this.beats}` })
    }
    for (const one of request.restore) if (!members.has(one)) note(one, undefined)
    for (const one of request.forget) if (members.get(one.id)?.beat === one.beat) members.delete(one.id)
    note(id, request)
    const oldest = this.events[0]?.seq ?? seq + 1
    const after = request.epoch === epoch && request.seq + 1 >= oldest ? request.seq : oldest - 1
    const reply = {
      epoch, epochAge: now - this.bornAt, seq, after,
      events: this.events.filter(event => event.seq > after).slice(0, this.page),
      members: [...members].map(([name, { at, ...member }]) => ({ ...member, id: name, age: now - at }))
    }
    if (this.fleeting) this.lose()
    return reply
  }

  /** Whoever knows of something this log does not have proves that it lost something. */
  private agree (request: LogRequest): void {
    if (!this.lost && this.has(request)) return
    if (!request.begin) throw new Error('lost')
    this.renew(request.epoch)
  }

  private has ({ epoch, seq, last }: LogPosition): boolean {
    if (epoch !== this.epoch) return epoch < this.epoch
    const event = this.events.find(one => one.seq === seq)
    return seq <= this.seq && (event === undefined || last === '' || event.batch === last)
  }

  private renew (atLeast: number): void {
    this.epoch = Math.max(this.epoch, atLeast) + 1
    this.bornAt = this.clock.now()
    this.events = []
    this.seq = 0
    this.lost = false
    this.renewals++
  }
}

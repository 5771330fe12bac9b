/**
 * What a client may cost: the listener's limits, and the timing wheel that all its deadlines share.
 *
 * A deadline is touched with every request and hardly ever runs out, so a touch must cost next to nothing: it writes
 * one number. A deadline is looked at when the slot it lies in comes round, and laid into a later one if it was touched
 * meanwhile. It never expires early; at most three ticks late, and as many turns of the event loop as it takes to expire
 * those before it a few at a time: a thousand that came together must not hold up everybody else as they go.
 */
import type { Clock, Timer } from '../core/clock.js'
import type { Ms } from '../core/types.js'

export interface ServerLimits {
  /** Bytes of a request head; also what may wait behind a request that is being answered. */
  readonly headerBytes: number
  readonly headerCount: number
  /** Bytes of a request target. */
  readonly url: number
  /** From the first byte of a head to its last. */
  readonly headerTimeout: Ms
  /** Between requests. */
  readonly idle: Ms
  /** Without a byte of a body that is waited for; `idle` where absent. */
  readonly bodyTimeout?: Ms | undefined
  /** Without a byte taken by a client that has some to take. */
  readonly writeStall: Ms
  /** Requests of one connection answered in one turn of the event loop. */
  readonly pipelined: number
  /** Bytes of a request body; undefined: any number. */
  readonly body: number | undefined
  /** Connections at one time; more are closed as they come. Undefined: any number. */
  readonly connections?: number | undefined
}

const SLOTS = 512
/** Deadlines that expire in one turn of the event loop. */
const AT_ONCE = 32

/** Calls `expire` once when its time has come; may be touched again then. */
export class Deadline {
  due: Ms = Infinity
  /** The tick whose slot holds it; -1 outside the wheel. */
  tick = -1
  previous: Deadline = this
  next: Deadline = this
  readonly expire: () => void

  constructor (expire: () => void) {
    this.expire = expire
  }
}

export class TimingWheel {
  private readonly clock: Clock
  private readonly length: Ms
  private readonly slots = Array.from({ length: SLOTS }, () => new Deadline(() => undefined))
  private readonly due = new Deadline(() => undefined)
  private timer: Timer | undefined
  private held = 0
  /** Some that are due wait for the next turn of the event loop. */
  private settling = false
  /** As of the last tick. */
  private now: Ms = 0
  private tick = 0

  /** `length` of a tick in ms: the coarseness of every deadline. */
  constructor (clock: Clock, length: Ms = 250) {
    this.clock = clock
    this.length = length
  }

  /** Sets `deadline` to `delay` ms from now, whatever it was before. */
  touch (deadline: Deadline, delay: Ms): void {
    if (this.timer === undefined) this.start()
    deadline.due = this.now + this.length + delay
    // Lying too early is harmless, it will be moved on; lying too late is not.
    if (deadline.tick !== -1 && deadline.tick * this.length <= deadline.due) return
    if (deadline.tick !== -1) this.take(deadline)
    this.lay(deadline)
  }

  /** It will not expire. Leaves it in its slot: cheap, for a deadline that is touched again. */
  disarm (deadline: Deadline): void {
    deadline.due = Infinity
  }

  /** It will not expire, and the wheel forgets it. */
  remove (deadline: Deadline): void {
    deadline.due = Infinity
    if (deadline.tick !== -1) this.take(deadline)
  }

  private start (): void {
    this.now = this.clock.now()
    this.tick = Math.floor(this.now / this.length)
    this.timer = this.clock.after(this.length, this.turn)
  }

  private lay (deadline: Deadline): void {
    deadline.tick = Math.min(Math.ceil(deadline.due / this.length), this.tick + SLOTS - 1)
    const head = this.slots[deadline.tick % SLOTS]!
    deadline.previous = head.previous
    deadline.next = head
    head.previous.next = deadline
    head.previous = deadline
    this.held++
  }

  private take (deadline: Deadline): void {
    deadline.previous.next = deadline.next
    deadline.next.previous = deadline.previous
    deadline.previous = deadline.next = deadline
    deadline.tick = -1
    this.held--
  }

  private readonly turn = (): void => {
    const first = this.tick + 1
    this.now = this.clock.now()
    this.tick = Math.floor(this.now / this.length)
    const last = Math.min(this.tick, first + SLOTS - 1)
    for (let tick = first; tick <= last; tick++) this.collect(this.slots[tick % SLOTS]!)
    if (!this.settling) this.settle()
    this.timer = this.held === 0 ? undefined : this.clock.after(this.length, this.turn)
  }

  /** Sets apart what lies in a slot: what is laid back into this very slot waits for its next round. */
  private collect (head: Deadline): void {
    if (head.next === head) return
    const { due } = this
    head.next.previous = due.previous
    due.previous.next = head.next
    head.previous.next = due
    due.previous = head.previous
    head.next = head.previous = head
  }

  private readonly settle = (): void => {
    const { due } = this
    let expired = 0
    while (due.next !== due && expired < AT_ONCE) {
      const deadline = due.next
      this.take(deadline)
      if (deadline.due <= this.now) {
        expired++
        deadline.due = Infinity
        deadline.expire()
      } else if (deadline.due !== Infinity) this.lay(deadline)
    }
    this.settling = due.next !== due
    if (this.settling) setImmediate(this.settle)
  }
}

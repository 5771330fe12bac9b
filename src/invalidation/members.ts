/**
 * Who shares the log, and how far each has come, as this process heard it last.
 *
 * Invariants: whoever was ever listed stays listed until it left or was forgotten; a list that was lost with its epoch is
 * completed from what this process remembers, because who cannot be reached may still be answering its clients; an answer
 * that was overtaken by a later one takes nobody off.
 */
import type { Ms } from '../core/types.js'
import type { LogMember, LogReply, LogRequest } from './backend.js'

interface Known {
  readonly member: LogMember
  /** When this process first heard this beat. */
  readonly since: Ms
}

export class Members {
  private readonly self: string
  private readonly forgetAfter: Ms
  private readonly known = new Map<string, Known>()
  /** Lost with an epoch, and not listed again yet. */
  private readonly missing = new Set<string>()
  private epoch = 0
  /** How old the epoch was in the latest answer. */
  private age: Ms = -Infinity

  /** `forgetAfter`: silence after which a member surely uses nothing unasked. */
  constructor (self: string, forgetAfter: Ms) {
    this.self = self
    this.forgetAfter = forgetAfter
  }

  /** Those besides this process. */
  get count (): number {
    return this.known.size
  }

  heard ({ epoch, epochAge, members }: LogReply, now: Ms): void {
    const listed = new Set<string>()
    for (const member of members) {
      if (member.id === this.self) continue
      listed.add(member.id)
      this.missing.delete(member.id)
      if (this.known.get(member.id)?.member.beat !== member.beat) this.known.set(member.id, { member, since: now })
    }
    const renewed = epoch !== this.epoch
    const later = epochAge > this.age
    this.epoch = epoch
    this.age = renewed ? epochAge : Math.max(this.age, epochAge)
    for (const id of this.known.keys()) {
      if (listed.has(id) || this.missing.has(id)) continue
      if (renewed) this.missing.add(id)
      else if (later) this.known.delete(id)
    }
  }

  /** What to ask for on their behalf. */
  demands (now: Ms): Pick<LogRequest, 'restore' | 'forget'> {
    const forget: LogMember[] = []
    for (const { member, since } of this.known.values()) if (now - since > this.forgetAfter) forget.push(member)
    return { restore: [...this.missing], forget }
  }

  /** Those that may not have applied an event. Whoever is in a later epoch has taken everything before for unsure. */
  behind (epoch: number, seq: number): string[] {
    const behind: string[] = []
    for (const [id, { member }] of this.known) {
      if (member.epoch < epoch || (member.epoch === epoch && member.seq < seq)) behind.push(id)
    }
    return behind
  }

  /** Those not heard of for longer than `limit`. */
  silent (limit: Ms, now: Ms): string[] {
    return [...this.known].filter(([, { member, since }]) => member.age + (now - since) > limit).map(([id]) => id)
  }
}

/**
 * Workers that share Redis are members of its log, each by itself: who has ended, however it ended, is taken out of it.
 *
 * Invariant: nobody is taken out but a process that the system has said is gone, which uses nothing any more. One that asked
 * the log with its last breath may be listed again: then purges wait for it, as for any that vanished.
 */
import type { Logger } from '../core/logger.js'
import type { Channel } from '../workers/channel.js'

export class Memberships {
  private readonly remove: (member: string) => Promise<void>
  private readonly logger: Logger
  private readonly members = new Map<string, string>()
  private removing: Promise<unknown> = Promise.resolve()

  /** `remove` takes a member out of the log. */
  constructor (remove: (member: string) => Promise<void>, logger: Logger) {
    this.remove = remove
    this.logger = logger
  }

  /** The worker says what it is called there. */
  begun (channel: Pick<Channel, 'on'>, id: string): void {
    channel.on<string>('member', member => { this.members.set(id, member) })
  }

  ended (id: string): void {
    const member = this.members.get(id)
    if (member === undefined) return
    this.members.delete(id)
    const removed = this.remove(member).catch((err: unknown) => {
      this.logger.warn({ err, member }, 'a worker that ended is still a member of the log: purges will wait for it')
    })
    this.removing = Promise.all([this.removing, removed])
  }

  /** Resolves once whoever has ended is taken out, or could not be. */
  async settled (): Promise<void> {
    await this.removing
  }
}

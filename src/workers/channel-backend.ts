/** The shared log as a worker sees it: it lives in the process that began it. */
import type { LogBackend, LogReply, LogRequest, NewEvent } from '../invalidation/backend.js'
import type { LogHub } from '../invalidation/hub.js'
import type { Channel } from './channel.js'

interface Asked { readonly request: LogRequest, readonly event?: NewEvent }

export function channelBackend (channel: Channel): LogBackend {
  const backend: LogBackend = {
    onWake: undefined,
    poll: request => channel.ask<LogReply>('poll', { request } satisfies Asked),
    append: (request, event) => channel.ask<LogReply & { appended: number }>('append', { request, event } satisfies Asked),
    leave: () => channel.ask<void>('leave'),
    close: () => { backend.onWake = undefined }
  }
  channel.on('wake', () => { backend.onWake?.() })
  return backend
}

/** The other end of it. */
export function serveLog (channel: Channel, hub: LogHub, id: string): void {
  channel.on<Asked>('poll', ({ request }) => hub.poll(id, request))
  channel.on<Asked>('append', ({ request, event }) => hub.append(id, request, event!))
  channel.on('leave', () => { hub.leave(id) })
  hub.listen(id, () => { channel.tell('wake') })
}

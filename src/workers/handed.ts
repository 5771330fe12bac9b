/**
 * Connections on their way to a worker. Node forgets those that a dying worker did not take, which leaves their clients
 * with an open connection that nobody reads; here they are closed.
 */
import type { ChildProcess } from 'node:child_process'

interface Handle { close (...args: unknown[]): unknown }
type Send = (message: unknown, handle?: unknown, ...rest: unknown[]) => boolean

/** Returns what closes the connections that were sent to `child` and not taken by it. */
export function watchHanded (child: ChildProcess): () => void {
  const handed = new Set<Handle>()
  const send = child.send.bind(child) as Send
  const watched: Send = (message, handle, ...rest) => {
    if (isHandle(handle)) watch(handle)
    return send(message, handle, ...rest)
  }
  child.send = watched as typeof child.send

  /** Node closes its own copy as soon as the worker says that it has the connection. */
  function watch (handle: Handle): void {
    handed.add(handle)
    const close = handle.close.bind(handle)
    handle.close = (...args) => {
      handed.delete(handle)
      return close(...args)
    }
  }

  return () => { for (const handle of handed) handle.close() }
}

function isHandle (handle: unknown): handle is Handle {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function'
}

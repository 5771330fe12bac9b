/** One turn of the event loop, its poll for input included. */
export function turn (): Promise<void> {
  return new Promise(resolve => { setImmediate(resolve) })
}

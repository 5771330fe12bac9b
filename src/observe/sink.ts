/**
 * Where log lines go: gathered for a moment, then written in one piece, one write at a time.
 *
 * Invariants: a log target that fails, is full, closed or stalled costs lines, which are counted, and nothing else:
 * no exception, no waiting, at most LIMIT characters of memory beside the one batch the stream holds. Lines keep their
 * order. A batch that failed is counted whole, although some of it may have arrived.
 */
import type { Clock, Timer } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import type { Ms } from '../core/types.js'

/** How long a line may wait for others. */
const GATHER: Ms = 10
/** Characters that are written without waiting for more. */
const BATCH = 64 * 1024
/** Characters that may wait for a stalled target. */
const LIMIT = 4 * 1024 * 1024
/** How long a target that stalls holds up the end of the process. */
const PATIENCE: Ms = 1000

export interface Sink {
  /** `text` ends with a line feed. Never throws. */
  push (text: string): void
  /** Hands everything gathered to the stream now; what the stream cannot pass on at once is its own. */
  flush (): void
  /** Flushes; resolves when the stream has taken everything or failed, or will not within PATIENCE. */
  drain (): Promise<void>
}

/** `stream` keeps an error listener for good: a pipe may break long after the last line. */
export function createSink (stream: NodeJS.WritableStream, counters: Pick<Counters, 'logDropped'>, clock: Clock): Sink {
  let text = ''
  let lines = 0
  let inFlight = 0
  let timer: Timer | undefined
  const drained: (() => void)[] = []

  // Each failed write is counted by its own callback; without a listener the event would end the process.
  stream.on('error', () => undefined)

  function flush (): void {
    timer?.cancel()
    timer = undefined
    if (lines === 0) return
    const [batch, count] = [text, lines]
    text = ''
    lines = 0
    inFlight++
    let settled = false
    const settle = (failed: boolean): void => {
      if (settled) return
      settled = true
      inFlight--
      if (failed) counters.logDropped += count
      if (inFlight > 0) return
      if (lines > 0) return schedule()
      for (const resolve of drained.splice(0)) resolve()
    }
    try {
      stream.write(batch, error => settle(error !== undefined && error !== null))
    } catch {
      settle(true)
    }
  }

  function schedule (): void {
    if (text.length >= BATCH) flush()
    else timer ??= clock.after(GATHER, flush)
  }

  return {
    push (line) {
      if (text.length + line.length > LIMIT) {
        counters.logDropped++
        return
      }
      text += line
      lines++
      if (inFlight === 0) schedule()
    },
    flush,
    drain () {
      flush()
      if (inFlight === 0) return Promise.resolve()
      return new Promise(resolve => {
        const deadline = clock.after(PATIENCE, resolve)
        drained.push(() => {
          deadline.cancel()
          resolve()
        })
      })
    }
  }
}

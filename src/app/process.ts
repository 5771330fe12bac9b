/** What every process that serves has of its own: where it logs, and what it stores in. */
import { getHeapStatistics } from 'node:v8'
import type { Settings } from '../config/settings.js'
import type { Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import type { SweptEntry } from '../core/types.js'
import { createLog, type Log } from '../observe/log.js'
import { createMemoryStore, type MemoryStore } from '../store/memory.js'

/** Of what V8 lets the heap grow to, for what is stored: its bodies lie elsewhere, its keys and objects do not. */
const HEAP_SHARE = 0.4

interface Output { readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }, readonly env: Readonly<Record<string, string | undefined>> }

/** Also says the last word: an error nobody expected is logged before it ends the process. */
export function outputOf (settings: Settings, { stdout, env }: Output, counters: Counters, clock: Clock): Log {
  const tty = stdout.isTTY === true
  const log = createLog({ level: settings.log.level, access: settings.log.access, tty, color: tty && !env['NO_COLOR'], stream: stdout, counters, clock })
  // Node then prints the error, runs what is to be done at exit (the log is written out) and ends with 1.
  const fatal = (err: unknown, origin: string): void => { log.logger.error({ err, origin }, 'an error nobody expected: the process ends') }
  process.on('uncaughtExceptionMonitor', fatal)
  return {
    ...log,
    close () {
      process.off('uncaughtExceptionMonitor', fatal)
      return log.close()
    }
  }
}

/** `processes`: among how many the configured memory is divided. */
export function createMemory ({ cache: { memory, maxObject, maxVariants } }: Settings, processes: number, clock: Clock, onOutdated?: (entry: SweptEntry) => void): MemoryStore {
  const limit = Math.floor(memory / processes)
  return createMemoryStore({ limit, heapLimit: getHeapStatistics().heap_size_limit * HEAP_SHARE, maxObject: Math.min(maxObject, limit), maxVariants, clock, onOutdated })
}

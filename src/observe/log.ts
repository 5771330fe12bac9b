/**
 * The log: JSON lines, or short coloured lines on a terminal, through one sink. The only importer of pino.
 * A log target that fails costs lines (counted), never a request.
 */
import { pino, stdSerializers } from 'pino'
import { systemClock, type Clock } from '../core/clock.js'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/logger.js'
import { jsonLine, terminalLine, type Access } from './access.js'
import { createSink } from './sink.js'
import { terminalLogger, type Level } from './terminal.js'

export interface LogOptions {
  /** The least level written; the line a request is governed by `access` alone. */
  readonly level: Level
  readonly access: boolean
  /** Lines for a person instead of JSON. */
  readonly tty: boolean
  /** Only with `tty`. */
  readonly color: boolean
  /** process.stdout, usually: it neither blocks on a full pipe nor closes on an error. */
  readonly stream: NodeJS.WritableStream
  readonly counters?: Pick<Counters, 'logDropped'>
  readonly clock?: Clock
}

export interface Log {
  readonly logger: Logger
  /** Called once a request, after its answer; undefined when requests are not logged. */
  readonly access: Access | undefined
  /** Writes what is gathered; also done when the process exits. */
  flush (): void
  /** Resolves when everything is written or lost, within a second; no longer listens for the process's end. */
  close (): Promise<void>
}

export function createLog (options: LogOptions): Log {
  const { level, tty, color, clock = systemClock } = options
  const { push, flush, drain } = createSink(options.stream, options.counters ?? { logDropped: 0 }, clock)
  const access: Access = tty
    ? (request, response, info) => push(terminalLine(request, response, info, color))
    : (request, response, info, peer, origin) => push(jsonLine(clock.wall(), request, response, info, peer, origin))
  process.on('exit', flush)
  return {
    logger: tty ? terminalLogger(level, color, clock.wall, push) : jsonLogger(level, clock.wall, push),
    access: options.access ? access : undefined,
    flush,
    close () {
      process.off('exit', flush)
      return drain()
    }
  }
}

function jsonLogger (level: Level, wall: () => number, push: (line: string) => void): Logger {
  const { err } = stdSerializers
  return pino({
    level,
    base: null,
    timestamp: () => `,"time":${wall()}`,
    formatters: { level: label => ({ level: label }) },
    serializers: { err, error: err, cause: err }
  }, { write: push })
}

/**
 * Log lines for a person at a terminal: `12:34:56 WARN origin does not answer origin=api code=origin_refused`.
 *
 * Invariant: every value is escaped, so that nothing that came over the network moves the cursor, changes colours or
 * starts a line of its own.
 */
import { inspect } from 'node:util'
import type { Logger } from '../core/logger.js'

const COLOURS = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, grey: 90 } as const
export type Colour = keyof typeof COLOURS

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'silent'
const RANK: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 }
const LEVEL_COLOURS = { debug: 'grey', info: 'green', warn: 'yellow', error: 'red' } as const

export function paint (text: string, colour: Colour, color: boolean): string {
  return color ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text
}

/** `text` with everything that is not plainly visible escaped: controls, line ends, marks that turn the direction. */
export function visible (text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, c => {
    const code = c.codePointAt(0)!
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

function stackOf (error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own
}

function show (value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message)
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
  return inspect(value, { breakLength: Infinity, depth: 3 })
}

/** Errors given at level error bring their stack, indented below the line; at other levels their message. */
export function terminalLogger (level: Level, color: boolean, wall: () => number, push: (line: string) => void): Logger {
  const at = (name: keyof typeof LEVEL_COLOURS) => (fields: object, message: string): void => {
    if (RANK[name] < RANK[level]) return
    const parts = [new Date(wall()).toTimeString().slice(0, 8), paint(name.toUpperCase(), LEVEL_COLOURS[name], color), visible(message)]
    const stacks: string[] = []
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) continue
      parts.push(visible(`${key}=${show(value)}`))
      if (name === 'error' && value instanceof Error) stacks.push(...stackOf(value).split('\n').map(line => `\n    ${visible(line.trim())}`))
    }
    push(parts.join(' ') + stacks.join('') + '\n')
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

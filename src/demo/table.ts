/** The tour's table: columns of fixed width, so that each line is printed as it happens; the one without bounds is last. */
import type { Ms } from '../core/types.js'

/** What one line shows. */
export interface Line {
  readonly what: string
  readonly sent: string
  readonly status: string
  /** Cache-Status behind this cache's name, or what else the answer says of itself. */
  readonly said: string
  readonly age: string | undefined
  readonly time: Ms
  /** Requests the origin saw because of it. */
  readonly origin: number
}

export type Paint = (text: string, colour: 'red' | 'green' | 'grey' | 'cyan') => string

const WIDTHS = [24, 40, 9, 3, 10, 8] as const
const RIGHT: readonly number[] = [3, 4, 5]

function columns (cells: readonly [what: string, sent: string, status: string, age: string, time: string, origin: string]): string[] {
  return WIDTHS.map((width, i) => RIGHT.includes(i) ? cells[i]!.padStart(width) : cells[i]!.padEnd(width))
}

export function heading (paint: Paint): string {
  return paint(`  ${columns(['', 'sent', 'status', 'age', 'time', 'origin']).join('')}  Cache-Status: seawall; …`, 'grey')
}

export function formatLine ({ what, sent, status, said, age, time, origin }: Line, right: boolean, paint: Paint): string {
  const [first, ...rest] = columns([what, sent, status, age ?? '-', `${time.toFixed(time < 10 ? 1 : 0)} ms`, `+${origin}`])
  return `${paint(right ? '✓' : '✗', right ? 'green' : 'red')} ${paint(first!, 'cyan')}${rest.join('')}  ${said}`
}

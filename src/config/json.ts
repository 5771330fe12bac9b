/**
 * JSON (RFC 8259) read so that what is wrong can be pointed at: JSON.parse names no position in some of its errors, and
 * lets the last of two equal keys win in silence. Objects have no prototype, so that no key can be anything but data.
 */

/** `line` and `column` count from 1. */
export class JsonError extends Error {
  readonly line: number
  readonly column: number

  constructor (text: string, offset: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'JsonError'
    const before = text.slice(0, offset).split('\n')
    this.line = before.length
    this.column = before.at(-1)!.length + 1
  }
}

const SPACE = /[ \t\n\r]*/y
const STRING = /"(?:[^"\\\n]|\\.)*"/y
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y
const MAX_DEPTH = 32

/** Throws JsonError. */
export function parseJson (text: string): unknown {
  let at = 0

  function take (pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }

  /** Whether `mark` is next, blanks aside; it is then behind us. */
  function next (mark: string): boolean {
    take(SPACE)
    if (text[at] !== mark) return false
    at++
    return true
  }

  function fail (expected: string): never {
    take(SPACE)
    throw new JsonError(text, at, `found ${at < text.length ? JSON.stringify(text[at]) : 'the end of the file'} where ${expected} should be`)
  }

  /** JSON.parse knows what a string may hold. */
  function string (expected: string): string {
    const start = at
    const quoted = take(STRING) ?? fail(expected)
    try {
      return JSON.parse(quoted) as string
    } catch (cause) {
      throw new JsonError(text, start, 'found a string with a character or escape that JSON does not have', { cause })
    }
  }

  function object (depth: number): object {
    const members: Record<string, unknown> = Object.create(null)
    if (next('}')) return members
    do {
      take(SPACE)
      const start = at
      const key = string('a key in double quotes')
      if (key in members) throw new JsonError(text, start, `the key ${JSON.stringify(key)} is there twice`)
      if (!next(':')) fail('":"')
      members[key] = value(depth + 1)
    } while (next(','))
    return next('}') ? members : fail('"," or "}"')
  }

  function list (depth: number): unknown[] {
    const items: unknown[] = []
    if (next(']')) return items
    do items.push(value(depth + 1))
    while (next(','))
    return next(']') ? items : fail('"," or "]"')
  }

  function value (depth: number): unknown {
    if (depth > MAX_DEPTH) throw new JsonError(text, at, 'nested too deeply')
    if (next('{')) return object(depth)
    if (next('[')) return list(depth)
    const scalar = take(SCALAR)
    return scalar === undefined ? string('a value') : JSON.parse(scalar) as unknown
  }

  const whole = value(0)
  take(SPACE)
  return at === text.length ? whole : fail('the end of the file')
}

/**
 * The path an origin may take a path for. Requests are keyed and forwarded as they came; servers differ in what they
 * decode and resolve before they look at a path, and a route that is chosen by its spelling may not be the one that serves it.
 */

/** A path without any of these is the same to all. */
const SUSPECT = /[%\\;]|\/\/|\/\./
const ESCAPE = /%([0-9a-f]{2})/gi
/** As often as servers behind one another are known to decode. */
const ROUNDS = 3

/**
 * `path` as the most lenient server has it: escapes decoded, escapes of escapes too, backslashes as slashes, parameters of
 * segments dropped, empty segments and dot-segments (RFC 3986 §5.2.4) resolved. Characters are bytes.
 */
export function resolved (path: string): string {
  if (!SUSPECT.test(path)) return path
  const segments: string[] = []
  const parts = decoded(path).replaceAll('\\', '/').split('/').map(segment => segment.replace(/;.*$/s, ''))
  for (const part of parts) {
    if (part === '..') segments.pop()
    else if (part !== '' && part !== '.') segments.push(part)
  }
  const last = parts.at(-1)!
  return `/${segments.join('/')}${segments.length > 0 && (last === '' || last === '.' || last === '..') ? '/' : ''}`
}

/** Until there is nothing to decode. */
export function decoded (text: string): string {
  let sofar = text
  for (let round = 0; round < ROUNDS && sofar.includes('%'); round++) {
    sofar = sofar.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  return sofar
}

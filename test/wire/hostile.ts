/** How hostile requests are written down. Bytes are latin1 strings; `code` is what the refusal names (core/errors.ts). */
export interface Hostile { readonly name: string, readonly bytes: string, readonly status: number, readonly code: string }

/** Rows that are refused alike: a name, and the bytes. */
export function refused (status: number, code: string, rows: Readonly<Record<string, string>>): Hostile[] {
  return Object.entries(rows).map(([name, bytes]) => ({ name, bytes, status, code }))
}

export const HOST = 'Host: a.test'

/** A request of these lines, CRLF behind each and a blank one behind all, and then `body`. */
export function request (lines: readonly string[], body = ''): string {
  return [...lines, '', ''].join('\r\n') + body
}

/** A GET of an innocent target with these fields. */
export function get (...fields: string[]): string {
  return request(['GET /hostile HTTP/1.1', HOST, ...fields])
}

/** A POST with these fields; `body` is what a lenient parser would take for its content. */
export function post (fields: readonly string[], body = 'hello'): string {
  return request(['POST /hostile HTTP/1.1', HOST, ...fields], body)
}

/** What a request smuggler wants to be read as a request of its own. */
export const SMUGGLED = request(['GET /smuggled HTTP/1.1', HOST])

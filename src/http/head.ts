/**
 * Response heads as they go over the wire: written once when a response is stored, decoded off the hit path.
 * Bytes are latin1, so obs-text survives unchanged. A head cannot be split: what is not allowed in a field line becomes
 * a space (RFC 9110 §5.5), also characters beyond latin1, whose low byte could be a line feed.
 */
import { STATUS_CODES } from 'node:http'
import type { RawHeaders } from '../core/types.js'

const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/
const ALL_FORBIDDEN = new RegExp(FORBIDDEN, 'g')

/** The registered phrase, '' for a status without one. */
export function reasonPhrase (status: number): string {
  return STATUS_CODES[status] ?? ''
}

/** Status line and fields, each ended by CRLF, no blank line. */
export function headText (status: number, headers: RawHeaders): string {
  let text = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) {
    text += `${allowed(headers[i]!)}: ${allowed(headers[i + 1]!)}\r\n`
  }
  return text
}

/** Hardly anything is forbidden: looking costs less than replacing nothing. */
function allowed (text: string): string {
  return FORBIDDEN.test(text) ? text.replace(ALL_FORBIDDEN, ' ') : text
}

/** `headText` in latin1 bytes, one for each character. */
export function encodeHead (status: number, headers: RawHeaders): Uint8Array {
  return Buffer.from(headText(status, headers), 'latin1')
}

/** The inverse of `encodeHead`. Of bytes that did not come from it, status is 0 and lines without ": " are left out. */
export function decodeHead (head: Uint8Array): { status: number, headers: string[] } {
  const lines = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1').split('\r\n')
  const headers: string[] = []
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!
    const colon = line.indexOf(': ')
    if (colon > 0) headers.push(line.slice(0, colon), line.slice(colon + 2))
  }
  const status = /^HTTP\/1\.1 ([1-9]\d\d) /.exec(lines[0]!)
  return { status: status === null ? 0 : Number(status[1]), headers }
}

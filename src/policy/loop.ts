/**
 * Whether a request has been here before (RFC 8586): what is sent to origins names this proxy in CDN-Loop, and nobody on the
 * way may take that off. A request that led back here would wait for its own fetch.
 */
import type { RawHeaders } from '../core/types.js'
import { fieldLines, listMembers } from '../http/fields.js'

const BLANKS = /[ \t]+/g

/** What CDN-Loop is to say to the origin: what it said, and `id`, which names this proxy and no other. */
export function loopField (raw: RawHeaders, id: string): string {
  return [...fieldLines(raw, 'cdn-loop'), member(id)].join(', ')
}

export function looped (raw: RawHeaders, id: string): boolean {
  const lines = fieldLines(raw, 'cdn-loop')
  return lines.length > 0 && listMembers(lines.join(', ')).some(one => one.replace(BLANKS, '') === member(id).replace(BLANKS, ''))
}

function member (id: string): string {
  return `seawall; id=${id}`
}

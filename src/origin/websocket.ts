/** Whether an origin has agreed to a websocket (RFC 6455 §4.1, §4.2.2). */
import { createHash } from 'node:crypto'
import type { RawHeaders } from '../core/types.js'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What is wrong with the fields of a 101 as the answer to a handshake with those fields. */
export function disagreement (asked: RawHeaders, answered: RawHeaders): string | undefined {
  if (value(answered, 'upgrade')?.toLowerCase() !== 'websocket') return 'It switched to another protocol than websocket.'
  const key = value(asked, 'sec-websocket-key') ?? ''
  const accept = createHash('sha1').update(key + GUID).digest('base64')
  // whoever answers any handshake with 101 has not read this one
  return value(answered, 'sec-websocket-accept') === accept ? undefined : 'Its Sec-WebSocket-Accept does not follow from the key.'
}

/** Of the only field of that name; undefined where there is none or another. */
function value (fields: RawHeaders, name: string): string | undefined {
  const values = fields.filter((_, i) => i % 2 === 1 && fields[i - 1]!.toLowerCase() === name)
  return values.length === 1 ? values[0] : undefined
}

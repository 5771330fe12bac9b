/** What a client reads when Seawall itself answers: one look for refusals at the wire and for failures behind it. */
import { SeawallError, type ErrorCode } from '../core/errors.js'
import { headText } from './head.js'
import type { Ms, ProxyResponse } from '../core/types.js'

/** Methods answered here or by origins. */
export const SERVED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/**
 * The answer for a coded failure: `{"error":code,"message":…}`, or a line of text for an Accept that names text and no
 * JSON. `accept` is undefined where the request's fields are not known. `wall` is Unix time in ms, for Date.
 * A 405 names what is served (RFC 9110 §15.5.6). `retryAfter`: ms until it is of use to try again (§10.2.3).
 */
export function refusalResponse (code: ErrorCode, accept?: string, wall: number = Date.now(), retryAfter?: Ms): ProxyResponse {
  const { status, message, side } = new SeawallError(code)
  const text = accept !== undefined && /\btext\//i.test(accept) && !/json/i.test(accept)
  const body = Buffer.from(text ? `${status}: ${message} (${code})\n` : `${JSON.stringify({ error: code, message })}\n`)
  const fields = ['Date', new Date(wall).toUTCString(), 'Content-Type', text ? 'text/plain; charset=utf-8' : 'application/json', 'Cache-Control', 'no-store']
  if (retryAfter !== undefined) fields.push('Retry-After', String(Math.ceil(retryAfter / 1000)))
  if (status === 405) fields.push('Allow', SERVED)
  return {
    status,
    head: headText(status, fields),
    tail: '',
    body: { kind: 'bytes', chunks: [body], length: body.length },
    outcome: side === 'client' ? 'refused' : 'error',
    code
  }
}

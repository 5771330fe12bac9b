/** What the fields of a 200 to a HEAD say of a stored response to a GET (RFC 9111 §4.3.5). */
import type { RawHeaders } from '../core/types.js'
import { weakMatch } from '../http/conditional.js'
import { fieldValue } from '../http/fields.js'

/** `headers` as received or stored; `length` of the body, undefined where a HEAD does not tell. */
export interface Described { readonly headers: RawHeaders, readonly length: number | undefined }

/**
 * `same`: ETag, Last-Modified and Content-Length, whichever the HEAD has, are those of what is stored. `changed`: one is
 * not. `unknown`: it has none of them, and a lifetime alone is no reason to believe that an old body is the current one.
 */
export function headSays (head: Described, stored: Described): 'same' | 'changed' | 'unknown' {
  const agree: boolean[] = []
  for (const name of ['etag', 'last-modified']) {
    const value = fieldValue(head.headers, name)
    const known = fieldValue(stored.headers, name)
    if (value !== undefined) agree.push(value === known || (name === 'etag' && known !== undefined && weakMatch(value, known)))
  }
  if (head.length !== undefined) agree.push(head.length === stored.length)
  return agree.length === 0 ? 'unknown' : agree.every(Boolean) ? 'same' : 'changed'
}

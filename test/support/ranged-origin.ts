/** What serves ranges of a versioned text as RFC 9110 §14 has it, and less well where a test says so. */
import type { Handler, Seen } from './origin.js'

export interface Ranged {
  handle: Handler
  version: number
  /** Of a version: as long as the first, and different at every place. */
  body (version: number): string
  /** What tells versions apart: ETag, a weak one, Last-Modified, or nothing. */
  validator: 'etag' | 'weak' | 'date' | 'none'
  /** `*`: the complete length is not told. */
  total: '*' | undefined
  ignoresRange: boolean
  ignoresIfRange: boolean
  fields: Record<string, string>
  seen: readonly Seen[]
}

/** Fresh for a minute, tagged `own`; version 1 is `text`. */
export function rangedOrigin (text: string): Ranged {
  const origin: Ranged = {
    version: 1,
    body: version => [...text].map(c => String.fromCharCode(c.charCodeAt(0) + (version - 1))).join(''),
    validator: 'etag', total: undefined, ignoresRange: false, ignoresIfRange: false, fields: {}, seen: [],
    handle (request, response) { respond(origin, request, response) }
  }
  return origin
}

type Response = Parameters<Handler>[1]

function respond (origin: Ranged, { headers }: Seen, response: Response): void {
  const { version } = origin
  const body = origin.body(version)
  const [name, value] = validatorOf(origin)
  const fields = {
    'cache-control': 'max-age=60', 'surrogate-key': 'own', 'x-own': 'kept', 'x-version': String(version), ...(value === '' ? {} : { [name]: value }), ...origin.fields
  }
  if (value !== '' && [headers['if-none-match'], headers['if-modified-since']].includes(value)) return void response.writeHead(304, fields).end()
  const range = origin.ignoresRange ? null : /^bytes=(\d*)-(\d*)$/i.exec(headers.range ?? '')
  const holds = origin.ignoresIfRange || headers['if-range'] === undefined || headers['if-range'] === value
  if (range === null || !holds) return void response.writeHead(200, { ...fields, 'content-length': body.length }).end(body)
  const [, from, to] = range as unknown as [string, string, string]
  const first = from === '' ? Math.max(0, body.length - Number(to)) : Number(from)
  const last = from === '' || to === '' ? body.length - 1 : Math.min(Number(to), body.length - 1)
  if (first >= body.length) return void response.writeHead(416, { ...fields, 'content-range': `bytes */${body.length}` }).end()
  const part = body.slice(first, last + 1)
  response.writeHead(206, { ...fields, 'content-range': `bytes ${first}-${last}/${origin.total ?? body.length}`, 'content-length': part.length }).end(part)
}

function validatorOf ({ validator, version }: Ranged): [name: string, value: string] {
  switch (validator) {
    case 'etag': return ['etag', `"v${version}"`]
    case 'weak': return ['etag', `W/"v${version}"`]
    case 'date': return ['last-modified', new Date(Date.UTC(2020, 0, version)).toUTCString()]
    case 'none': return ['etag', '']
  }
}

/**
 * Who may use the admin listener. With a token: whoever shows it (RFC 6750 §2.1). Without one (loopback only, which the
 * config holds): any program of this machine, but no web page open in its browser. A page is known by a foreign Origin,
 * or, after DNS rebinding, by a Host that is a name of its own.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { AdminRefusal } from './refusal.js'

export type Guard = (request: IncomingMessage) => void

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Throws 401 unless the request carries the token. Takes the same time wherever a guess goes wrong. */
export function tokenGuard (token: string): Guard {
  const expected = digest(token)
  return request => {
    const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      const error = given === undefined ? '' : ', error="invalid_token"'
      throw new AdminRefusal(401, 'unauthorized', 'Send the admin token as "Authorization: Bearer …".',
        { headers: { 'www-authenticate': `Bearer realm="seawall admin"${error}` } })
    }
  }
}

/**
 * Throws 403 when Host is neither an address, nor localhost, nor the configured host. PURGE by URL is exempt: there
 * Host says what to purge, and a page that rebinds its name can name only itself.
 */
export function hostGuard (configured: string, purgesByUrl: (request: IncomingMessage) => boolean): Guard {
  return request => {
    const host = hostname(request.headers.host)
    if (host === undefined || isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost') || host === configured.toLowerCase()) return
    if (purgesByUrl(request)) return
    throw new AdminRefusal(403, 'foreign_host', 'Without a token the admin listener answers only to an IP address or localhost.', { field: 'Host' })
  }
}

/** Throws 403 when the request was made by a page of another origin (Fetch §3.1). */
export const originGuard: Guard = request => {
  const { origin, host } = request.headers
  if (origin === undefined) return
  if (host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)) return
  throw new AdminRefusal(403, 'foreign_origin', 'A page of another origin may not do this.', { field: 'Origin' })
}

/** Host without port and brackets, lower-case. */
function hostname (host: string | undefined): string | undefined {
  return host?.toLowerCase().replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}

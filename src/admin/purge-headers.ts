/**
 * `PURGE <path>`: what purgers written for Fastly, Varnish (xkey) and Drupal send. Tags in a header are purged if there
 * are any, else the URL that Host and target name.
 */
import type { IncomingMessage } from 'node:http'
import type { Scope } from '../core/types.js'
import { splitTags } from '../http/tags.js'
import { refuseUrl, tagScope, type PurgeKeys, type PurgeOrder } from './purge.js'
import { AdminRefusal, badField } from './refusal.js'

/** The fields that carry tags, and the convention by which each separates them. */
const TAG_FIELDS: ReadonlyMap<string, 'surrogate-key' | 'xkey' | 'cache-tag'> = new Map([
  ['surrogate-key', 'surrogate-key'],
  ['xkey-purge', 'xkey'],
  ['xkey-softpurge', 'xkey'],
  ['xkey', 'xkey'],
  ['cache-tags', 'xkey'],
  ['cache-tag', 'cache-tag']
])

/** No body is read. Always waits for the cluster. */
export function readHeaderOrder (request: IncomingMessage, keys: PurgeKeys): PurgeOrder {
  const { headers } = request
  const soft = headers['fastly-soft-purge'] === '1'
  if (carriesTags(request)) {
    const scopes = tagsOf(request)
    if (scopes.length === 0) throw badField(fieldsOf(request)[0]!, 'names no tag')
    if (headers['xkey-softpurge'] === undefined) return { scopes, mode: soft ? 'soft' : 'hard', wait: 'cluster' }
    if (fieldsOf(request).length > 1) throw badField('xkey-softpurge', 'cannot be combined with another field of tags')
    return { scopes, mode: 'soft', wait: 'cluster' }
  }
  return { scopes: urlsOf(request, keys), mode: soft ? 'soft' : 'hard', wait: 'cluster' }
}

export function carriesTags (request: IncomingMessage): boolean {
  return fieldsOf(request).length > 0
}

function fieldsOf (request: IncomingMessage): string[] {
  return [...TAG_FIELDS.keys()].filter(name => request.headers[name] !== undefined)
}

/** Each line by itself: `headers` joins repeated ones with commas, which are part of a tag in some conventions. */
function tagsOf (request: IncomingMessage): Scope[] {
  return fieldsOf(request).flatMap(name =>
    request.headersDistinct[name]!.flatMap(line => splitTags(TAG_FIELDS.get(name)!, line)).map(tag => tagScope(name, tag)))
}

/** Host and path do not say the scheme: both are purged. A target in absolute form does. */
function urlsOf (request: IncomingMessage, keys: PurgeKeys): Scope[] {
  const { headers: { host }, url: target = '', socket } = request
  if (!target.startsWith('/')) return [{ url: keys.url(target) ?? refuseUrl('target') }]
  if (host === undefined) throw badField('Host', 'must name the site whose URL is purged')
  const { localAddress = '', localPort } = socket
  const own = localAddress.includes(':') ? `[${localAddress}]` : localAddress
  if (host === `${own}:${localPort}` || host.toLowerCase() === `localhost:${localPort}`) {
    throw new AdminRefusal(400, 'bad_field', 'Host: names this admin listener; send the Host of the site whose URL is purged', { field: 'Host' })
  }
  return ['http', 'https'].map(scheme => ({ url: keys.url(`${scheme}://${host}${target}`) ?? refuseUrl('Host') }))
}

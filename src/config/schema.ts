/**
 * What `proxy.config.json` may hold. One zod schema checks it, turns its text into milliseconds, bytes and addresses,
 * fills in defaults, and yields the JSON Schema for editors. The `error` of each leaf (leaves.ts) says what is allowed there.
 * What concerns more than one section is in checks.ts.
 */
import { z } from 'zod'
import { isBlock, isHost } from './address.js'
import { address, deadline, fraction, list, period, read, size, text, whole } from './leaves.js'
import { redis } from './redis.js'

const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/

function originUrl (text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  const spelled = /^https?:\/\/[^/?#@\\\s]+\/?$/i.test(text)
  return bare && spelled && isHost(url.hostname) && url.port !== '0' ? url.origin : undefined
}

// ---- sections

export const ORIGIN_URL = '"http://HOST:PORT" or "https://HOST:PORT", without path, query or credentials'
const MAX_ADDRESSES = 64

export const originSchema = z.strictObject({
  url: read(originUrl, ORIGIN_URL).optional().describe('Where it is reached.'),
  urls: list(read(originUrl, ORIGIN_URL)).min(1, { error: 'at least one address' }).max(MAX_ADDRESSES, { error: `at most ${MAX_ADDRESSES} addresses` })
    .optional().describe('In place of url: several addresses that serve the same.'),
  balance: z.enum(['round-robin', 'least-loaded']).prefault('round-robin').describe('Which of several addresses is asked next.'),
  host: z.enum(['preserve', 'origin']).prefault('preserve').describe('The Host it is sent: the client\'s own, or that of url (the first of urls).'),
  connections: whole(1, 65_535).prefault(1024).describe('Requests sent to it at once, and so connections held to each address.'),
  queue: z.strictObject({
    length: whole(0, 1_000_000).prefault(1024).describe('Requests that may wait; the next is answered 503 at once.'),
    wait: deadline().prefault('5s').describe('How long one waits at most before it is answered 503.')
  }).prefault({}).describe('What waits when connections are all in use.'),
  timeouts: z.strictObject({
    connect: deadline().prefault('5s').describe('Until it accepts a connection.'),
    headers: deadline().prefault('30s').describe('From the request to the head of its answer.'),
    body: deadline().prefault('60s').describe('Between two pieces of its answer.'),
    total: deadline().optional().describe('From the request to the end of its answer. Any, if left out.')
  }).prefault({}).describe('Deadlines.'),
  breaker: z.strictObject({
    failures: whole(0, 1_000_000).prefault(5).describe('Requests in a row without connection or answer after which it is not asked; 0 is never.'),
    probe: deadline().prefault('5s').describe('How long it is not asked until one request finds out whether it is back.')
  }).prefault({}).describe('Spares an origin that cannot be reached, and those who would wait for it.'),
  health: z.strictObject({
    path: text(/^\/[!"$-~]*$/, 'a path that begins with "/", without blanks and fragment').optional().describe('What each address is asked; 2xx and 3xx are well. Nothing, if left out: requests alone tell.'),
    interval: deadline().prefault('5s').describe('Between two checks; without path, between two requests that try an unhealthy address again.'),
    timeout: deadline().prefault('2s').describe('For the answer to a check.'),
    unhealthy: whole(1, 1000).prefault(3).describe('Failures in a row that take an address out.'),
    healthy: whole(1, 1000).prefault(2).describe('Successes in a row that put it back.')
  }).prefault({}).describe('Which of several addresses are well.')
})

const freshness = z.strictObject({
  default: period().optional().describe('Lifetime of an answer that carries none.'),
  negative: period().optional().describe('Lifetime of a 404 or 410 that carries none.'),
  heuristic: fraction().prefault(0).describe('Lifetime guessed from Last-Modified: this fraction of the time since. 0 guesses nothing.'),
  jitter: fraction().prefault(0).describe('Shortens each lifetime at random by up to this fraction, so that not all expire at once.'),
  max: period().optional().describe('No lifetime is longer.'),
  override: period().optional().describe('Replaces whatever lifetime the origin gave.')
})

const parameter = () => text(/^[^\s&=#]+$/, 'the name of a query parameter as URLs have it; "utm_*" is every name that begins so')

const query = z.strictObject({
  ignore: list(parameter()).prefault([]).describe('Parameters dropped, from the key and from what the origin is asked.'),
  only: list(parameter()).optional().describe('The only parameters kept; all others are dropped.'),
  sort: z.boolean().prefault(false).describe('Sorts parameters by name, so that their order splits nothing.')
})

const key = z.strictObject({
  query: query.prefault({}).describe('Which part of the query counts.'),
  headers: list(text(TOKEN, 'the name of a header').toLowerCase()).prefault([]).describe('Request headers whose values split the key.'),
  cookies: list(text(TOKEN, 'the name of a cookie')).prefault([]).describe('Cookies whose values split the key.')
})

const HOST_ALLOWED = 'a host without port, such as "example.com", "*.example.com" or "[::1]"'
const host = () => read(text => isHost(text.replace(/^\*\./, '')) ? text.toLowerCase() : undefined, HOST_ALLOWED)

export const routeSchema = z.strictObject({
  match: text(/^[/*][!"$->@-~]*$/, 'a path that begins with "/" or "*", in which "*" stands for anything; no query, no blanks, non-ASCII percent-encoded')
    .prefault('*').describe('The path it is for; * stands for any run of characters.'),
  hosts: list(host()).prefault([]).describe('The hosts it is for, *.example.com being every subdomain; none is all.'),
  origin: z.string().optional().describe('Which of the origins answers. The only one there is, if left out.'),
  cache: z.boolean().prefault(true).describe('false sends every request to the origin and stores nothing.'),
  freshness: freshness.prefault({}).describe('How long answers are fresh.'),
  stale: z.strictObject({
    whileRevalidate: period().prefault('0s').describe('How long a stale answer is still given while a new one is fetched.'),
    ifError: period().prefault('0s').describe('How long a stale answer is still given when the origin fails.')
  }).prefault({}).describe('What applies where the answer says nothing of it.'),
  key: key.prefault({}).describe('What tells one stored answer from another.'),
  vary: z.enum(['exact', 'normalize']).prefault('exact').describe('Request headers that Vary names split answers as sent, or without blanks, order and case, and by the preferred language.'),
  setCookie: z.enum(['refuse', 'store', 'strip']).prefault('refuse').describe('An answer with Set-Cookie is not stored, stored whole, or stored without it.'),
  storePost: z.boolean().prefault(false).describe('Stores the answer to a POST that names a lifetime and its own URL as Content-Location, for GETs of that URL.'),
  clientDirectives: z.enum(['honor', 'ignore']).prefault('honor').describe('Whether a request\'s Cache-Control and Pragma count.'),
  tags: list(text(/^[!-+\--~]+$/, 'a tag: visible ASCII without blanks and commas')).prefault([]).describe('Tags every stored answer of this route bears.')
})

const cache = z.strictObject({
  memory: size('64kb', '1024gb').prefault('256mb').describe('What everything stored may take.'),
  maxObject: size('1b', '4gb').optional().describe('Largest body stored. 16mb, or all of memory if that is less.'),
  maxVariants: whole(1, 10_000).prefault(32).describe('Variants (Vary) kept of one URL.'),
  passRecord: period().prefault('120s').describe('How long an uncacheable answer is remembered, so that requests for it do not wait for each other.'),
  keepStale: period().prefault('1h').describe('How long an expired answer with a validator is kept for revalidation.'),
  targetedControl: list(text(TOKEN, 'the name of a header').toLowerCase()).prefault(['CDN-Cache-Control'])
    .describe('Response headers that replace Cache-Control for this cache, the first that can be read (RFC 9213).'),
  redis: redis.optional().describe('A Redis that several processes share: a second tier of the store, purges for all of them, one fetch for all of them.'),
  exposeTags: z.boolean().prefault(false).describe('Leaves Surrogate-Key, Surrogate-Control, Cache-Tag and xkey on answers to clients.')
})

const limits = z.strictObject({
  headerBytes: size('1kb', '1mb').prefault('16kb').describe('Request line and headers together.'),
  headerCount: whole(1, 10_000).prefault(100).describe('Headers of a request.'),
  url: size('64b', '1mb').prefault('8kb').describe('The request target.'),
  headerTimeout: deadline().prefault('10s').describe('From the first byte of a request to the end of its headers.'),
  idle: deadline().prefault('60s').describe('Between two requests of a connection.'),
  bodyTimeout: deadline().prefault('30s').describe('Between two pieces of a request\'s body.'),
  writeStall: deadline().prefault('30s').describe('How long a client may read nothing of an answer.'),
  pipelined: whole(1, 1000).prefault(64).describe('Requests of one connection answered before others have their turn.'),
  body: z.union([z.literal('none'), size('0b', '1024gb')], { error: 'a size with its unit, such as "16kb" or "256mb", or "none" for any' }).prefault('none').describe('Largest request body.'),
  connections: z.union([z.literal('none'), whole(1, 1_000_000)], { error: 'a whole number from 1 to 1000000, or "none" for any' }).prefault('none')
    .describe('Clients connected at one time, over all workers; more are closed as they come.'),
  drain: deadline().prefault('10s').describe('What requests in flight are given to finish when the process is told to stop.')
})

const path = (what: string) => text(/^[^\0]+$/, `the path of a PEM file with ${what}`)

const certificate = z.strictObject({
  cert: path('a certificate').describe('The certificate, and those that vouch for it behind it.'),
  key: path('a private key').describe('Its private key, without passphrase.'),
  hosts: list(host()).min(1, { error: 'at least one host' }).optional().describe('The server names it is for. Those the certificate names, if left out.')
})

const admin = z.strictObject({
  listen: address().prefault('127.0.0.1:8081').describe('Where the admin listener listens. Off loopback it needs a token.'),
  token: text(/^[!-~]+$/, 'visible ASCII characters without blanks').optional().describe('What who uses it must present. SEAWALL_ADMIN_TOKEN of the environment, if left out.')
})

export const configSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors.'),
  listen: address().prefault('127.0.0.1:8080').describe('Where clients are served.'),
  tls: z.union([certificate, list(certificate).min(1, { error: 'at least one certificate' })], { error: 'an object with cert and key, or a list of such' }).optional()
    .describe('What is spoken at listen is TLS (1.2 and later), with this certificate, or of several the one for the name the client asks for. Read again on SIGHUP.'),
  workers: z.union([z.literal('auto'), whole(1, 256)], { error: 'a whole number from 1 to 256, or "auto" for one a core' }).prefault(1)
    .describe('Processes that serve, sharing the listening socket, what is stored and what is purged.'),
  admin: admin.prefault({}).describe('The admin listener: purges, metrics, health.'),
  origins: z.record(text(/^[A-Za-z][\w.-]*$/, 'a name of letters, digits, "_", "-" and ".", that begins with a letter'), originSchema).prefault({})
    .describe('The servers behind the proxy, by a name of your choice.'),
  cache: cache.prefault({}).describe('The store.'),
  routes: list(routeSchema).prefault([]).describe('What applies to which requests; the first that matches decides. None is one for everything.'),
  limits: limits.prefault({}).describe('What clients may ask of the proxy.'),
  trustedProxies: list(read(text => isBlock(text) ? text : undefined, 'an address or CIDR block, such as "10.0.0.0/8" or "::1"')).prefault([])
    .describe('Whose X-Forwarded-* and Forwarded headers are believed.'),
  log: z.strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).prefault('info').describe('The least that is logged.'),
    access: z.boolean().prefault(true).describe('One line a request.')
  }).prefault({}).describe('The log, on standard output.')
})

export type Config = z.output<typeof configSchema>
export type OriginConfig = z.output<typeof originSchema>
export type RouteConfig = z.output<typeof routeSchema>

/** The JSON Schema of the file (draft 2020-12), as it is checked in. */
export function jsonSchema (): z.core.JSONSchema.BaseSchema {
  return { title: 'Configuration of Seawall', ...z.toJSONSchema(configSchema, { io: 'input' }) }
}

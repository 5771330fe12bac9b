/**
 * `POST /purge`: reads the order from a JSON body. Every field is checked and named when it is wrong; a field that is
 * not known is refused, because a purge that was misspelt must not look done.
 */
import type { IncomingMessage } from 'node:http'
import type { PurgeMode, Scope, StoreKey } from '../core/types.js'
import { MAX_TAG_BYTES } from '../http/tags.js'
import { AdminRefusal, badField } from './refusal.js'

/** Bytes of a body. */
export const BODY_LIMIT = 1024 * 1024

export interface PurgeOrder { readonly scopes: readonly Scope[], readonly mode: PurgeMode, readonly wait: 'cluster' | 'local' }

/** The rules of the routes, applied to what a purger names. */
export interface PurgeKeys {
  /** The stored URL of an absolute one; undefined when it is not an absolute http(s) URL. */
  url (absolute: string): StoreKey | undefined
  prefix (absolute: string): string | undefined
}

const FIELDS = ['tags', 'urls', 'prefixes', 'all', 'mode', 'wait']

export async function readJsonOrder (request: IncomingMessage, keys: PurgeKeys): Promise<PurgeOrder> {
  const type = request.headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new AdminRefusal(415, 'not_json', 'The body must be application/json.', { field: 'Content-Type', headers: { accept: 'application/json' } })
  }
  return orderOf(parse(await readBody(request)), keys)
}

/** Reads to the end whatever the length, so that a refusal can be received; keeps no more than the limit. */
async function readBody (request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length <= BODY_LIMIT) chunks.push(chunk)
    }
  } catch (cause) {
    throw new AdminRefusal(400, 'body_cut', `The body ended early (${(cause as Error).message}).`, { field: 'body' })
  }
  if (length > BODY_LIMIT) throw new AdminRefusal(413, 'body_too_large', `The body must be at most ${BODY_LIMIT} bytes.`, { field: 'body' })
  return Buffer.concat(chunks)
}

function parse (body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw badField('body', `is not JSON (${(error as Error).message})`)
  }
}

function orderOf (body: unknown, keys: PurgeKeys): PurgeOrder {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badField('body', 'must be a JSON object')
  const fields = new Map<string, unknown>(Object.entries(body))
  for (const name of fields.keys()) {
    if (!FIELDS.includes(name)) throw badField(name, `is not a field of a purge; they are ${FIELDS.join(', ')}`)
  }
  const all = fields.get('all') ?? false
  if (typeof all !== 'boolean') throw badField('all', 'must be true or false')
  const scopes: Scope[] = [
    // origins send a tag's UTF-8 bytes, which fields are read as one character each
    ...strings(fields, 'tags').map((tag, i) => tagScope(`tags[${i}]`, Buffer.from(tag).toString('latin1'))),
    ...strings(fields, 'urls').map((url, i) => ({ url: keys.url(url) ?? refuseUrl(`urls[${i}]`) })),
    ...strings(fields, 'prefixes').map((prefix, i) => ({ prefix: keys.prefix(prefix) ?? refuseUrl(`prefixes[${i}]`) })),
    ...(all ? ['all' as const] : [])
  ]
  const mode = oneOf(fields, 'mode', ['hard', 'soft'])
  const wait = oneOf(fields, 'wait', ['cluster', 'local'])
  if (scopes.length === 0) throw badField('tags', 'nothing to purge: give tags, urls or prefixes, or set all to true')
  return { scopes, mode, wait }
}

function strings (fields: ReadonlyMap<string, unknown>, name: string): string[] {
  const value = fields.get(name) ?? []
  if (!Array.isArray(value)) throw badField(name, 'must be an array of strings')
  return value.map((member: unknown, i) => {
    if (typeof member !== 'string' || member === '') throw badField(`${name}[${i}]`, 'must be a string that is not empty')
    return member
  })
}

/** The first word is the default. */
function oneOf<Word extends string> (fields: ReadonlyMap<string, unknown>, name: string, words: readonly [Word, ...Word[]]): Word {
  const value = fields.get(name) ?? words[0]
  const word = words.find(w => w === value)
  if (word === undefined) throw badField(name, `must be ${words.map(w => `"${w}"`).join(' or ')}`)
  return word
}

/** Nothing is stored under a longer tag. */
export function tagScope (field: string, tag: string): Scope {
  if (tag.length > MAX_TAG_BYTES) throw badField(field, `must be at most ${MAX_TAG_BYTES} bytes`)
  return { tag }
}

export function refuseUrl (field: string): never {
  throw badField(field, 'must be an absolute URL that a request can ask for, such as http://host/path')
}

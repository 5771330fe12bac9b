/**
 * What a request's field section means to the connection: Host, framing, persistence, expectation, upgrade. The syntax
 * of its lines has been checked. Whatever two readers could understand differently is refused.
 */
import type { ErrorCode } from '../core/errors.js'
import type { Framing, HttpVersion, RawHeaders, RequestFields } from '../core/types.js'
import { isToken, listMembers } from './fields.js'
import { isHost } from './host.js'

/** Fields that steer the connection, as found. Fields that are lists are joined; of the others each comes once. */
interface Found {
  host: string | undefined
  length: string | undefined
  coding: string | undefined
  expect: string | undefined
  connection: string | undefined
  upgrade: string | undefined
  key: string | undefined
  keyVersion: string | undefined
}

/**
 * Connection may name hop-by-hop fields and ones nobody knows. Naming these would take from the request, on its way to
 * the origin, what frames it, addresses it, or makes its answer one person's, or what proxies vouch for.
 */
const NOT_OPTIONS: ReadonlySet<string> = new Set([
  'accept', 'accept-encoding', 'accept-language', 'age', 'authorization', 'cache-control', 'cdn-loop', 'content-encoding',
  'content-length', 'content-type', 'cookie', 'date', 'expect', 'forwarded', 'host', 'if-match', 'if-modified-since',
  'if-none-match', 'if-range', 'if-unmodified-since', 'origin', 'pragma', 'range', 'sec-websocket-extensions', 'sec-websocket-key',
  'sec-websocket-protocol', 'sec-websocket-version', 'surrogate-capability', 'transfer-encoding', 'user-agent', 'vary', 'via', 'x-real-ip'
])

const WEBSOCKET_KEY = /^[A-Za-z0-9+/]{22}==$/
/** Digits of 2^53 − 1, leading zeros beside them allowed up to as many again. */
const LONGEST_LENGTH = 32

/** Reads the fields of a request, or says why they are refused. The method matters to websocket upgrades only. */
export function readSection (raw: RawHeaders, method: string, version: HttpVersion): RequestFields | ErrorCode {
  const found: Found = {
    host: undefined, length: undefined, coding: undefined, expect: undefined,
    connection: undefined, upgrade: undefined, key: undefined, keyVersion: undefined
  }
  for (let i = 0; i < raw.length; i += 2) {
    const code = gather(found, raw[i]!, raw[i + 1]!)
    if (code !== undefined) return code
  }
  if (found.host === undefined && version === '1.1') return 'host_missing'
  if (found.host !== undefined && !isHost(found.host)) return 'bad_host'
  const framing = readFraming(found, version)
  if (typeof framing === 'string') return framing
  const options = readOptions(found.connection)
  if (options === undefined) return 'bad_connection'
  const close = options.includes('close')
  const keepAlive = options.includes('keep-alive')
  // RFC 9112 §9.3 lets close win; on HTTP/1.0 parsers are known to disagree.
  if (close && keepAlive && version === '1.0') return 'bad_connection'
  if (found.expect !== undefined && found.expect.toLowerCase() !== '100-continue') return 'bad_expect'
  const websocket = method === 'GET' && version === '1.1' && options.includes('upgrade') && found.upgrade?.toLowerCase() === 'websocket'
  if (websocket && !isHandshake(found, framing)) return 'bad_upgrade'
  return {
    raw,
    host: found.host?.toLowerCase() ?? '',
    framing,
    connection: close ? 'close' : keepAlive ? 'keep-alive' : 'unsaid',
    // RFC 9110 §10.1.1: ignored on HTTP/1.0; without content there is nothing to wait for
    expectsContinue: found.expect !== undefined && version === '1.1' && !isEmpty(framing),
    websocket,
    facts: undefined
  }
}

function gather (found: Found, name: string, value: string): ErrorCode | undefined {
  // Only names of these lengths are looked at: most fields cost one comparison.
  switch (name.length) {
    case 4: case 6: case 7: case 10: case 14: case 17: case 21: break
    default: return undefined
  }
  switch (name.toLowerCase()) {
    case 'host':
      if (found.host !== undefined) return 'host_repeated'
      found.host = value
      break
    case 'content-length':
      if (found.length !== undefined) return 'bad_content_length'
      found.length = value
      break
    case 'transfer-encoding':
      if (found.coding !== undefined) return 'bad_transfer_encoding'
      found.coding = value
      break
    case 'expect':
      if (found.expect !== undefined) return 'bad_expect'
      found.expect = value
      break
    case 'connection': found.connection = joined(found.connection, value); break
    case 'upgrade': found.upgrade = joined(found.upgrade, value); break
    case 'sec-websocket-key': found.key = joined(found.key, value); break
    case 'sec-websocket-version': found.keyVersion = joined(found.keyVersion, value); break
  }
  return undefined
}

function joined (sofar: string | undefined, value: string): string {
  return sofar === undefined ? value : `${sofar}, ${value}`
}

/** RFC 9112 §6.3, without its allowances for repeated lengths and for codings before chunked. */
function readFraming (found: Found, version: HttpVersion): Framing | ErrorCode {
  const { length, coding } = found
  if (coding !== undefined) {
    if (length !== undefined) return 'length_conflict'
    return version === '1.1' && coding.toLowerCase() === 'chunked' ? { kind: 'chunked' } : 'bad_transfer_encoding'
  }
  if (length === undefined) return { kind: 'none' }
  if (length.length > LONGEST_LENGTH || !/^[0-9]+$/.test(length)) return 'bad_content_length'
  const bytes = Number(length)
  return bytes <= Number.MAX_SAFE_INTEGER ? { kind: 'length', length: bytes } : 'bad_content_length'
}

function isEmpty (framing: Framing): boolean {
  return framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)
}

/** The connection options (RFC 9110 §7.6.1), lower-case; undefined when one is malformed or must not be one. */
function readOptions (value: string | undefined): readonly string[] | undefined {
  if (value === undefined) return []
  // A tab beside a comma is legal (RFC 9110 §5.6.1), no client's habit, and hides the option from some parsers.
  if (value.includes('\t')) return undefined
  const options = listMembers(value.toLowerCase())
  for (const option of options) {
    if (!isToken(option) || NOT_OPTIONS.has(option) || option.startsWith('x-forwarded-')) return undefined
  }
  return options
}

/** RFC 6455 §4.1, as far as a proxy must insist: the origin judges the version. */
function isHandshake (found: Found, framing: Framing): boolean {
  return found.key !== undefined && WEBSOCKET_KEY.test(found.key) &&
    found.keyVersion !== undefined && /^[0-9]{1,3}$/.test(found.keyVersion) && isEmpty(framing)
}

/** What went wrong with an origin, from the words of undici, Node and OpenSSL into codes of ours. */
import { SeawallError, type ErrorCode } from '../core/errors.js'

/** How far the exchange had come when it failed. */
export type Stage = 'connecting' | 'sent' | 'answered'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'origin_refused',
  ENOTFOUND: 'origin_unresolved',
  ENODATA: 'origin_unresolved',
  EAI_AGAIN: 'origin_unresolved',
  EAI_FAIL: 'origin_unresolved',
  EAI_NODATA: 'origin_unresolved',
  EAI_NONAME: 'origin_unresolved',
  ECONNRESET: 'origin_reset',
  ECONNABORTED: 'origin_reset',
  EPIPE: 'origin_reset',
  UND_ERR_SOCKET: 'origin_reset',
  UND_ERR_CONNECT_TIMEOUT: 'origin_connect_timeout',
  UND_ERR_HEADERS_TIMEOUT: 'origin_timeout',
  UND_ERR_BODY_TIMEOUT: 'origin_body_timeout',
  UND_ERR_HEADERS_OVERFLOW: 'origin_invalid',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'origin_invalid',
  UND_ERR_DESTROYED: 'draining',
  UND_ERR_CLOSED: 'draining',
  // the body's reader gave more or less than the request announced
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'body_cut',
  UND_ERR_NOT_SUPPORTED: 'bad_expect',
  ERR_ASSERTION: 'internal'
}

/** What undici refuses to write, by the words it refuses with. */
const REFUSALS: ReadonlyArray<readonly [RegExp, ErrorCode]> = [
  [/path/, 'bad_target'],
  [/method/, 'bad_method'],
  [/header key/, 'bad_field_name'],
  [/duplicate host/, 'host_repeated'],
  [/content-length/, 'bad_content_length'],
  [/transfer-encoding/, 'bad_transfer_encoding'],
  [/connection|keep-alive|upgrade/, 'bad_connection']
]

/** An answer that is not valid HTTP, and why. */
export function invalid (detail: string | undefined): SeawallError {
  return new SeawallError('origin_invalid', detail === undefined ? {} : { detail })
}

/** The origin could not be reached, or did not answer in time. That it answers badly is another matter. */
const UNREACHABLE: ReadonlySet<ErrorCode> = new Set([
  'origin_refused', 'origin_unresolved', 'origin_unreachable', 'origin_connect_timeout', 'origin_timeout'
])

/** Out of descriptors, ports or memory here. */
const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'])

export function unreachable (error: SeawallError): boolean {
  return UNREACHABLE.has(error.code)
}

/** Whether a failure says nothing of the origin: the client's, or this machine's. */
export function ours (error: SeawallError): boolean {
  const { code = '' } = (error.cause ?? {}) as NodeJS.ErrnoException
  return error.side !== 'origin' || EXHAUSTED.has(code)
}

/** Any error of an exchange as a coded one, its cause kept. */
export function originFailure (thrown: unknown, stage: Stage): SeawallError {
  if (thrown instanceof SeawallError) return thrown
  return new SeawallError(codeOf(thrown, stage), { cause: thrown })
}

function codeOf (thrown: unknown, stage: Stage): ErrorCode {
  if (!(thrown instanceof Error)) return 'internal'
  const { code, name, message } = thrown as NodeJS.ErrnoException
  if (name === 'HTTPParserError') return message.includes('EOF') ? 'origin_reset' : 'origin_invalid'
  if (code === undefined) return 'internal'
  if (code === 'UND_ERR_SOCKET' && message.startsWith('bad ')) return 'origin_invalid'
  // undici says mismatch of a body cut short, and of a head its parser refused
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return stage === 'answered' ? 'origin_reset' : 'origin_invalid'
  if (code === 'UND_ERR_INVALID_ARG') return REFUSALS.find(([words]) => words.test(message))?.[1] ?? 'bad_field_value'
  if (code === 'ETIMEDOUT') return stage === 'connecting' ? 'origin_connect_timeout' : 'origin_reset'
  if (Object.hasOwn(CODES, code)) return CODES[code]!
  // no route, no permission, no descriptor, and whatever keeps TLS from being set up
  return stage === 'connecting' ? 'origin_unreachable' : 'origin_reset'
}

/**
 * Reads an answer's head from undici's raw buffers, strictly: undici's parser lets pass what would make two readers of
 * one answer disagree on where its body ends.
 */
import type { RawHeaders } from '../core/types.js'
import { HEADS, type HeadLimits } from './config.js'
import type { AnswerFraming } from './contract.js'
import { FieldTexts } from './field-texts.js'

export interface AnswerHead { readonly headers: string[], readonly framing: AnswerFraming, readonly length: number | undefined }

const LENGTH = /^[0-9]{1,15}$/

/** name, value, …, or what is wrong with them. */
function readFields (raw: readonly Buffer[], most: number, texts: FieldTexts): string[] | string {
  if (raw.length > most * 2) return `It has more than ${most} headers.`
  return texts.read(raw) ?? 'A header holds a byte that is not allowed.'
}

/** The fields of an interim answer, or what is wrong with them: none frames a body (RFC 9110 §8.6, RFC 9112 §6.1). */
export function readInterim (raw: readonly Buffer[], { fields: most }: HeadLimits = HEADS): string[] | string {
  const fields = readFields(raw, most, new FieldTexts())
  if (typeof fields === 'string') return fields
  return named(fields, ['content-length', 'transfer-encoding']) ? 'An interim answer announces a body.' : fields
}

/** What is wrong with `status` as an answer to a request with these fields: a part or "unchanged" nobody asked for. */
export function unasked (status: number, request: RawHeaders): string | undefined {
  if (status === 206 && !named(request, ['range'])) return 'It sent 206 to a request without Range.'
  if (status === 304 && !named(request, ['if-none-match', 'if-modified-since'])) return 'It sent 304 to a request without conditions.'
  return undefined
}

function named (fields: RawHeaders, names: readonly string[]): boolean {
  return fields.some((name, i) => i % 2 === 0 && names.includes(name.toLowerCase()))
}

/**
 * The head of a final answer, or what is wrong with it (RFC 9112 §6.1, §6.3). `old`: it says HTTP/1.0, which knows no chunks.
 * `texts`: of the connection it came over.
 */
export function readHead (method: string, status: number, raw: readonly Buffer[], { old, texts }: { old: boolean, texts: FieldTexts }, { fields: most }: HeadLimits = HEADS): AnswerHead | string {
  if (status < 200 || status > 599) return `Its status is ${status}.`
  const headers = readFields(raw, most, texts)
  if (typeof headers === 'string') return headers
  let length: number | undefined
  let chunked = false
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (length !== undefined) return 'Content-Length is repeated.'
      if (!LENGTH.test(headers[i + 1]!)) return 'Content-Length is malformed.'
      length = Number(headers[i + 1])
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      if (chunked || headers[i + 1]!.toLowerCase() !== 'chunked') return 'Its Transfer-Encoding is not exactly chunked.'
      chunked = true
    }
  }
  // RFC 9110 §8.6, §15.3.6; of the bytes that may follow nobody knows what they are
  if ((status === 204 || status === 205) && length !== undefined && length > 0) return `It announces a body with ${status}.`
  if (chunked && old) return 'Transfer-Encoding is not for HTTP/1.0.'
  if (chunked && length !== undefined) return 'Content-Length and Transfer-Encoding exclude each other.'
  return { headers, framing: framingOf(method, status, chunked, length), length }
}

function framingOf (method: string, status: number, chunked: boolean, length: number | undefined): AnswerFraming {
  if (method === 'HEAD' || status === 204 || status === 304) return 'none'
  if (chunked) return 'chunked'
  return length === undefined ? 'close' : 'length'
}

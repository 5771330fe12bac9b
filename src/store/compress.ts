/** Bodies of text, smaller on their way to a shared store and in it. What clients are given is never compressed here. */
import { promisify } from 'node:util'
import { constants, deflateRaw, inflateRaw } from 'node:zlib'
import type { Entry, StoredRecord } from '../core/types.js'
import { fieldValue } from '../http/fields.js'
import { decodeHead } from '../http/head.js'
import type { Decoded } from './codec.js'

const pack = promisify(deflateRaw)
const unpack = promisify(inflateRaw)
const TEXT = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|javascript)\b|image\/svg)/i
/** What saves less than a tenth is not worth the time. */
const WORTH = 0.9

/** The body in fewer bytes; undefined: as it is. */
export async function compressed (entry: Entry, from: number | undefined): Promise<Uint8Array | undefined> {
  if (from === undefined || entry.length < from || !isText(entry)) return undefined
  const packed = await pack(Buffer.concat(entry.body, entry.length), { level: constants.Z_BEST_SPEED })
  return packed.length < entry.length * WORTH ? packed : undefined
}

/** The record with its body as it was; undefined: it cannot be had. */
export async function inflated ({ record, length }: Decoded): Promise<StoredRecord | undefined> {
  if (record.kind !== 'entry') return undefined
  try {
    const body = await unpack(Buffer.concat(record.body), { maxOutputLength: Math.max(1, length) })
    return body.length === length ? { ...record, body: [body], length } : undefined
  } catch (thrown) {
    // the codes of zlib itself; anything else is not the value's fault
    if (thrown instanceof Error && 'code' in thrown && /^(?:Z_|ERR_BUFFER_TOO_LARGE)/.test(String(thrown.code))) return undefined
    throw thrown
  }
}

function isText ({ head }: Entry): boolean {
  const { headers } = decodeHead(head)
  return fieldValue(headers, 'content-encoding') === undefined && TEXT.test(fieldValue(headers, 'content-type') ?? '')
}

/** The bytes that matter to the wire grammar, as numbers and lookup tables. */
import { isToken } from './fields.js'

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const COLON = 0x3a
export const DEL = 0x7f

/** What a scanner returns where the bytes it was given end before what it scans does. */
export const INCOMPLETE = -1

function table (classOf: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => classOf(byte))
}

/** 1: may stand in a token (RFC 9110 §5.6.2). */
export const TOKEN = table(byte => isToken(String.fromCharCode(byte)) ? 1 : 0)

/** 1: may stand in a field value (RFC 9110 §5.5): blanks, visible ASCII, obs-text. */
export const FIELD_TEXT = table(byte => byte === TAB || (byte >= SPACE && byte !== DEL) ? 1 : 0)

export function isDigit (byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** The value of a hexadecimal digit; -1 for any other byte. */
export function hexValue (byte: number): number {
  if (isDigit(byte)) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

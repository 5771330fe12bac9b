/**
 * The texts of one origin connection's fields. Most answers repeat most of what the last one said: what is the same byte
 * for byte is the same string again, which was looked into already.
 *
 * Invariant: of the last answer no more than MOST bytes are kept.
 */

const CONTROL = /[^\t\x20-\x7e\x80-\xff]/
const MOST = 4096

interface Read { readonly bytes: Uint8Array, readonly text: string }

export class FieldTexts {
  private last: Read[] = []

  /**
   * Names and values in latin1, without the blanks behind them, which are no part of a value (RFC 9112 §5); those before it
   * undici takes off. Undefined: one holds a byte that is not allowed.
   */
  read (raw: readonly Buffer[]): string[] | undefined {
    const texts: string[] = []
    const { last } = this
    let size = 0
    for (let i = 0; i < raw.length; i++) {
      const bytes = raw[i]!
      let read = last[i]
      if (read === undefined || !same(bytes, read.bytes)) {
        const text = textOf(bytes)
        if (text === undefined) return undefined
        last[i] = read = { bytes: new Uint8Array(bytes), text }
      }
      texts.push(read.text)
      size += bytes.length
    }
    if (size > MOST) this.last = []
    else last.length = raw.length
    return texts
  }
}

/** Of the few bytes of a field, a loop is through before a call would have begun. */
function same (a: Buffer, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function textOf (bytes: Buffer): string | undefined {
  const text = trimmed(bytes.toString('latin1'))
  return CONTROL.test(text) ? undefined : text
}

function trimmed (text: string): string {
  let end = text.length
  while (end > 0 && (text.charCodeAt(end - 1) === 0x20 || text.charCodeAt(end - 1) === 0x09)) end--
  return end === text.length ? text : text.slice(0, end)
}

/**
 * The texts of one origin connection's fields. Most answers repeat most of what the last one said: what is the same byte
 * for byte is the same string again, which was looked into already.
 *
 * Invariant: at most PARTS are kept, of LONGEST bytes each; some 7 kB of a usual head, 20 at most.
 */

const CONTROL = /[^\t\x20-\x7e\x80-\xff]/
const PARTS = 64
const LONGEST = 256

interface Read { readonly bytes: Uint8Array, readonly text: string }

export class FieldTexts {
  /** By their places; nothing where one was too long. */
  private last: (Read | undefined)[] = []

  /**
   * Names and values in latin1, without the blanks behind them, which are no part of a value (RFC 9112 §5); those before it
   * undici takes off. Undefined: one holds a byte that is not allowed.
   */
  read (raw: readonly Buffer[]): string[] | undefined {
    const texts: string[] = []
    const { last } = this
    for (let i = 0; i < raw.length; i++) {
      const bytes = raw[i]!
      const before = last[i]
      const text = before !== undefined && same(bytes, before.bytes) ? before.text : textOf(bytes)
      if (text === undefined) return undefined
      if (i < PARTS && text !== before?.text) last[i] = bytes.length > LONGEST ? undefined : { bytes: new Uint8Array(bytes), text }
      texts.push(text)
    }
    return texts
  }

  /** No answer follows. */
  forget (): void {
    this.last = []
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

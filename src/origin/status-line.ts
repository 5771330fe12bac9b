/**
 * The first line of each head an origin sends, read before undici's parser sees it: that takes RTSP/1.0 and HTTP/2.0 for
 * HTTP/1.1, control bytes for a reason and blank lines for nothing, and does not say which version it saw. Of a 100 that
 * was not asked for, which means nothing (RFC 9110 §15.2.1), it makes an error: it is shown 109, and we know better.
 */

const LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/
const MAX_LINE = 1024
const NOTHING = Buffer.alloc(0)
const [ZERO, ONE, NINE] = [0x30, 0x31, 0x39]

export class StatusLines {
  private expecting: 'line' | 'fields' | 'nothing' = 'line'
  /** Seen, and not yet decided. */
  private rest: Buffer = NOTHING
  /** The answer's version is HTTP/1.0. */
  old = false
  /** Heads that are shown as 109 and say 100. */
  private continues = 0

  /** The next byte begins an answer. */
  begin (): void {
    this.expecting = 'line'
    this.rest = NOTHING
    this.old = false
    this.continues = 0
  }

  /** Whether the next head that is shown as 109 says 100. Each is asked about once. */
  continued (): boolean {
    if (this.continues === 0) return false
    this.continues--
    return true
  }

  /** In order, what the origin sent and undici is to see; says what is wrong with it (RFC 9112 §4). Looks no further than the
   *  final head's first line. */
  see (chunk: Buffer): string | undefined {
    if (this.expecting === 'nothing') return undefined
    const seen = this.rest.length
    const bytes = seen === 0 ? chunk : Buffer.concat([this.rest, chunk])
    let at = 0
    for (;;) {
      if (this.expecting === 'line' && bytes[at + 9] === ONE && bytes[at + 10] === ZERO && bytes[at + 11] === ZERO) this.disguise(chunk, at + 11 - seen)
      const end: number = bytes.indexOf(this.expecting === 'line' ? '\r\n' : '\r\n\r\n', at, 'latin1')
      if (end < 0) return this.wait(bytes.subarray(at))
      if (this.expecting === 'fields') {
        at = end + 4
        this.expecting = 'line'
        continue
      }
      const [, minor, status = '']: readonly string[] = LINE.exec(bytes.toString('latin1', at, end)) ?? []
      if (minor === undefined || end - at > MAX_LINE) return 'Its status line is malformed.'
      this.old = minor === '0'
      this.rest = NOTHING
      // behind an interim head comes another
      this.expecting = status[0] === '1' && status !== '101' ? 'fields' : 'nothing'
      if (this.expecting === 'nothing') return undefined
      at = end
    }
  }

  /** `digit`: where the last of 100 lies in `chunk`; below 0 if undici has seen it already. */
  private disguise (chunk: Buffer, digit: number): void {
    if (digit < 0) return
    chunk[digit] = NINE
    this.continues++
  }

  private wait (bytes: Buffer): string | undefined {
    if (this.expecting === 'line' && bytes.length > MAX_LINE) return 'Its status line is too long.'
    this.rest = this.expecting === 'line' ? bytes : bytes.subarray(-3)
    return undefined
  }
}

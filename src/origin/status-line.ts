/**
 * The first line of each head an origin sends, read before undici's parser sees it: that takes RTSP/1.0 and HTTP/2.0 for
 * HTTP/1.1, control bytes for a reason and blank lines for nothing, and does not say which version it saw.
 */

const LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/
const MAX_LINE = 1024
const NOTHING = Buffer.alloc(0)

export class StatusLines {
  private expecting: 'line' | 'fields' | 'nothing' = 'line'
  /** Seen, and not yet decided. */
  private rest: Buffer = NOTHING
  /** The answer's version is HTTP/1.0. */
  old = false

  /** The next byte begins an answer. */
  begin (): void {
    this.expecting = 'line'
    this.rest = NOTHING
    this.old = false
  }

  /** In order, what the origin sent; says what is wrong with it (RFC 9112 §4). Looks no further than the final head's first line. */
  see (chunk: Buffer): string | undefined {
    if (this.expecting === 'nothing') return undefined
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    for (;;) {
      const end: number = bytes.indexOf(this.expecting === 'line' ? '\r\n' : '\r\n\r\n', 0, 'latin1')
      if (end < 0) return this.wait(bytes)
      if (this.expecting === 'fields') {
        bytes = bytes.subarray(end + 4)
        this.expecting = 'line'
        continue
      }
      const [, minor, status = '']: readonly string[] = LINE.exec(bytes.toString('latin1', 0, end)) ?? []
      if (minor === undefined || end > MAX_LINE) return 'Its status line is malformed.'
      this.old = minor === '0'
      this.rest = NOTHING
      // behind an interim head comes another
      this.expecting = status[0] === '1' && status !== '101' ? 'fields' : 'nothing'
      if (this.expecting === 'nothing') return undefined
      bytes = bytes.subarray(end)
    }
  }

  private wait (bytes: Buffer): string | undefined {
    if (this.expecting === 'line' && bytes.length > MAX_LINE) return 'Its status line is too long.'
    this.rest = this.expecting === 'line' ? bytes : bytes.subarray(-3)
    return undefined
  }
}

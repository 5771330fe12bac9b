/** What a parser makes of the first request in some bytes. Strings are latin1, one character a byte. */
export interface Parsed {
  readonly method: string
  /** As sent: absolute-form not reduced. */
  readonly sent: string
  /** name, value, … */
  readonly headers: readonly string[]
  readonly body: string
  /** Bytes up to the end of the body. */
  readonly consumed: number
  readonly persistent: boolean
}

/**
 * Bytes waiting to be read, in pieces as they came: small ones joined, so that a byte on its own costs neither an object
 * nor the buffer it arrived in.
 */
const SMALL = 1024
const ROOM = 16 * 1024

export class Gathered {
  private readonly pieces: Uint8Array[] = []
  /** Where small pieces are joined; what lies from `start` to `end` is behind all `pieces`. */
  private joint: Uint8Array | undefined
  private start = 0
  private end = 0
  /** In bytes. */
  length = 0

  /** `piece` is copied, or kept. */
  push (piece: Uint8Array): void {
    this.length += piece.length
    if (piece.length >= SMALL) {
      this.close()
      this.pieces.push(piece)
      return
    }
    if (this.joint === undefined || this.joint.length - this.end < piece.length) {
      this.close()
      // the first on its own waits for company where it is
      if (this.pieces.length === 0 && this.length === piece.length) {
        this.pieces.push(piece)
        return
      }
      this.joint = Buffer.allocUnsafeSlow(ROOM)
      this.start = this.end = 0
    }
    this.joint.set(piece, this.end)
    this.end += piece.length
  }

  /** The first piece; undefined when there is none. */
  shift (): Uint8Array | undefined {
    if (this.pieces.length === 0) this.close()
    const piece = this.pieces.shift()
    if (piece !== undefined) this.length -= piece.length
    return piece
  }

  /** All of them. */
  get all (): readonly Uint8Array[] {
    this.close()
    return this.pieces
  }

  clear (): void {
    this.pieces.length = 0
    this.joint = undefined
    this.start = this.end = this.length = 0
  }

  /** What was joined is a piece like any other; the rest of its room is still used. */
  private close (): void {
    if (this.joint === undefined || this.end === this.start) return
    this.pieces.push(this.joint.subarray(this.start, this.end))
    this.start = this.end
  }
}

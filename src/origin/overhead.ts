/**
 * What an answer costs beside its content: chunk sizes, extensions, trailers. undici's parser reads them for as long as
 * they come. Counted in bytes, so that nothing is parsed twice: what was read, less what was delivered of it.
 */

/** As for requests (`http/framing.ts`): 16 KiB of extensions, 8 KiB of trailers. */
const ALLOWED = 24 * 1024
/** More than the size and the line ends of any chunk. */
const PER_PIECE = 32
/** Of the content: an extension to each chunk of some size is nobody's harm. */
const SHARE = 1 / 16

export class Overhead {
  private counting = false
  /** Not delivered, less what is allowed for what was. Below 0 as long as the reading that brought the head lasts. */
  private bytes = 0

  /** The head is read: what comes is the answer's body. */
  begin (): void {
    this.counting = true
    this.bytes = 0
  }

  /** The next byte is another answer's. What was counted can still be asked for. */
  end (): void {
    this.counting = false
  }

  /** `length` bytes are to be parsed. What came together with the head is not counted: where that ended is not known. */
  read (length: number): void {
    if (this.counting) this.bytes = Math.max(0, this.bytes) + length
  }

  delivered (length: number): void {
    this.bytes -= length * (1 + SHARE) + PER_PIECE
  }

  /** Of what was read so far, all parsed. */
  get exceeded (): boolean {
    return this.bytes > ALLOWED
  }
}

/**
 * One body, many readers. Every reader has its own cursor and starts at the first byte.
 *
 * While the body is retained, readers never wait for one another and the feeder never waits for them. Once it is not
 * (too large, or no room), what every reader has passed is dropped, nobody may join any more, and the feeder waits
 * while the slowest reader is a window behind; a reader that holds up others below a minimum rate is let go.
 */
import type { Clock, Timer } from '../core/clock.js'
import { SeawallError } from '../core/errors.js'
import type { BodyReader, Ms } from '../core/types.js'

const WINDOW = 512 * 1024
/** Pieces smaller than this are joined, so many at a time: each costs as much again, and more. */
const SMALL = 1024
const RUN = 64
/** A reader that others wait for must take this many bytes in each interval, or go. */
const SLOW_INTERVAL: Ms = 5_000
const SLOW_BYTES = 320 * 1024

interface Piece {
  readonly bytes: Uint8Array
  /** Readers that have yet to take it; counted once the body is not retained. */
  left: number
}

interface Cursor {
  index: number
  failed: Error | undefined
  wake: (() => void) | undefined
}

export class SharedBody {
  private readonly pieces: Piece[] = []
  /** Index of the first piece still held. */
  private base = 0
  private held = 0
  private dropped = 0
  /** Small pieces at the end. */
  private small = 0
  private retained = true
  private state: 'open' | 'ended' | Error = 'open'
  private readonly cursors = new Set<Cursor>()
  private roomMade: (() => void) | undefined
  private slowTimer: Timer | undefined
  private readonly clock: Clock
  private readonly onUnread: () => void

  /** `onUnread` is called whenever the last reader leaves. */
  constructor (clock: Clock, onUnread: () => void) {
    this.clock = clock
    this.onUnread = onUnread
  }

  get readers (): number {
    return this.cursors.size
  }

  push (chunk: Uint8Array): void {
    // those who keep up have read them all by now
    if (this.small >= RUN) this.join()
    this.pieces.push({ bytes: chunk, left: this.cursors.size })
    this.held += chunk.length
    this.small = chunk.length < SMALL ? this.small + 1 : 0
    this.wakeAll()
  }

  end (): void {
    this.finish('ended')
  }

  fail (why: Error): void {
    this.finish(why)
  }

  /** From now on hold only what some reader still needs. */
  release (): void {
    if (!this.retained) return
    this.retained = false
    const starting = this.pieces.map(() => 0)
    for (const { index } of this.cursors) if (index < starting.length) starting[index]!++
    let readers = 0
    for (const [i, piece] of this.pieces.entries()) piece.left = readers += starting[i]!
    this.trim()
  }

  /** Resolves when the feeder may push more; undefined when it may at once. */
  room (): Promise<void> | undefined {
    if (this.retained || this.held <= WINDOW || this.state !== 'open') return undefined
    this.watchSlowest()
    return new Promise(resolve => { this.roomMade = resolve })
  }

  /** A reader from the first byte. Only before `release`. */
  open (): BodyReader {
    const cursor: Cursor = { index: 0, failed: undefined, wake: undefined }
    this.cursors.add(cursor)
    return {
      read: () => this.read(cursor),
      cancel: why => { this.leave(cursor, why) }
    }
  }

  private async read (cursor: Cursor): Promise<Uint8Array | null> {
    while (cursor.failed === undefined && cursor.index === this.tail && this.state === 'open') {
      await new Promise<void>(resolve => { cursor.wake = resolve })
    }
    if (cursor.failed !== undefined) throw cursor.failed
    if (cursor.index < this.tail) {
      const piece = this.pieces[cursor.index - this.base]!
      cursor.index++
      this.taken(piece)
      return piece.bytes
    }
    this.cursors.delete(cursor)
    if (this.state instanceof Error) throw this.state
    return null
  }

  /** The small pieces at the end become one, but for those that some reader is among. */
  private join (): void {
    const { tail } = this
    let from = tail - this.small
    for (const { index } of this.cursors) if (index < tail) from = Math.max(from, index)
    const run = this.pieces.splice(from - this.base)
    const bytes = Buffer.concat(run.map(piece => piece.bytes))
    if (run.length > 0) this.pieces.push({ bytes, left: run[0]!.left })
    // whoever was at the end still is
    for (const cursor of this.cursors) if (cursor.index === tail) cursor.index = this.tail
    this.small = bytes.length > 0 && bytes.length < SMALL ? 1 : 0
  }

  private get tail (): number {
    return this.base + this.pieces.length
  }

  private leave (cursor: Cursor, why: Error): void {
    cursor.failed ??= why
    if (!this.cursors.delete(cursor)) return
    cursor.wake?.()
    if (!this.retained) for (const piece of this.pieces.slice(cursor.index - this.base)) this.taken(piece)
    if (this.cursors.size === 0 && this.state === 'open') this.onUnread()
  }

  private finish (state: 'ended' | Error): void {
    if (this.state !== 'open') return
    this.state = state
    this.slowTimer?.cancel()
    this.wakeAll()
    this.makeRoom()
  }

  private wakeAll (): void {
    for (const cursor of this.cursors) {
      const wake = cursor.wake
      cursor.wake = undefined
      wake?.()
    }
  }

  /** One reader less has yet to take it. */
  private taken (piece: Piece): void {
    if (!this.retained && --piece.left === 0) this.trim()
  }

  private trim (): void {
    while (this.pieces[0]?.left === 0) {
      const { length } = this.pieces.shift()!.bytes
      this.base++
      this.held -= length
      this.dropped += length
    }
    if (this.held <= WINDOW) this.makeRoom()
  }

  private makeRoom (): void {
    const resolve = this.roomMade
    this.roomMade = undefined
    resolve?.()
  }

  /** The feeder waits. If it does an interval later too, and little was taken meanwhile, the slowest held it up. */
  private watchSlowest (): void {
    if (this.slowTimer !== undefined) return
    const before = this.dropped
    this.slowTimer = this.clock.after(SLOW_INTERVAL, () => {
      this.slowTimer = undefined
      if (this.roomMade !== undefined && this.dropped - before < SLOW_BYTES) this.dropSlowest()
      if (this.roomMade !== undefined) this.watchSlowest()
    })
  }

  /** Where somebody has read all there is and waits for more. */
  private dropSlowest (): void {
    const cursors = [...this.cursors]
    const { base, tail } = this
    if (!cursors.some(c => c.index === tail)) return
    for (const cursor of cursors) if (cursor.index === base) this.leave(cursor, new SeawallError('slow_reader'))
  }
}

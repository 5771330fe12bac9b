/**
 * Keys that were evicted not long ago, by fingerprint, in a table of fixed places: one is forgotten once as many bytes
 * were evicted after it as the room holds, or when newer ones need its place. What is remembered are guesses, so that
 * the table starts anew when it grows.
 */
import { hash32 } from '../core/hash.js'

const WAYS = 8
const LEAST = 1024
/** Of the table, for each row there is, at most: a fingerprint and an instant, and as many places again. */
export const GHOST_BYTES = 24

export class Ghosts {
  private readonly room: number
  /** Bytes evicted so far: the time that is kept here. */
  private evicted = 0
  private prints = new Uint32Array(LEAST)
  private since = new Float64Array(LEAST).fill(-Infinity)

  /** `room`: bytes after which one is forgotten. */
  constructor (room: number) {
    this.room = room
  }

  /** `rows`: of the store, which the table keeps up with. */
  add (key: string, size: number, rows: number): void {
    if (rows > this.prints.length) this.start(this.prints.length * 2)
    this.evicted += size
    const print = hash32(key)
    let place = this.bucket(print)
    for (let i = place + 1, end = place + WAYS; i < end; i++) if (this.since[i]! < this.since[place]!) place = i
    this.prints[place] = print
    this.since[place] = this.evicted
  }

  /** Whether `key` was remembered. It is not any more. */
  take (key: string): boolean {
    const print = hash32(key)
    const first = this.bucket(print)
    for (let i = first; i < first + WAYS; i++) {
      if (this.prints[i] !== print || this.evicted - this.since[i]! > this.room) continue
      this.since[i] = -Infinity
      return true
    }
    return false
  }

  clear (): void {
    this.start(LEAST)
  }

  private start (places: number): void {
    this.prints = new Uint32Array(places)
    this.since = new Float64Array(places).fill(-Infinity)
  }

  private bucket (print: number): number {
    return print % (this.prints.length / WAYS) * WAYS
  }
}

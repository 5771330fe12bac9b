/** Replies, read strictly: one that is not of the shape its command has fails it, as an error reply would. */
import { RedisFailure } from './failure.js'
import type { Reply } from './link.js'

/** Throws a RedisFailure, like all of these. */
export function list (reply: Reply | undefined): readonly Reply[] {
  if (!Array.isArray(reply)) throw unlike('a list')
  return reply as readonly Reply[]
}

export function bytes (reply: Reply | undefined): Buffer {
  if (!Buffer.isBuffer(reply)) throw unlike('a string')
  return reply
}

export function string (reply: Reply | undefined): string {
  return bytes(reply).toString()
}

/** A whole number, written as a string. */
export function number (reply: Reply | undefined): number {
  const value = Number(string(reply))
  if (!Number.isSafeInteger(value)) throw unlike('a number')
  return value
}

function unlike (what: string): RedisFailure {
  return new RedisFailure('reply', new TypeError(`It answered something else than ${what}.`))
}

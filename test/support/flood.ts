/** Much, sent as fast as it is taken: for what must hold back whoever sends it. */
import { createHash, type Hash } from 'node:crypto'
import type { Writable } from 'node:stream'

const PIECE = 64 * 1024

/** More than the sockets on its way can hold together, and how much less than that they may take of it. */
export const FLOOD = 64 * 2 ** 20
export const HELD_BACK = FLOOD / 2

export interface Flood {
  /** Bytes that were taken off the sender's hands. */
  taken (): number
  /** Resolves to the digest of all of it, once all of it was taken; rejects where its way is closed before. */
  readonly done: Promise<string>
}

/** Writes one piece after another, each once the one before it was taken. Each differs from its neighbours. */
export function flood (to: Writable, bytes = FLOOD): Flood {
  const hash = createHash('sha256')
  let taken = 0
  const done = new Promise<string>((resolve, reject) => {
    to.once('close', () => { reject(new Error(`closed after ${taken} bytes`)) })
    const next = (): void => {
      if (taken === bytes) return resolve(hash.digest('hex'))
      const piece = Buffer.alloc(PIECE, `piece ${taken / PIECE} `)
      hash.update(piece)
      to.write(piece, error => {
        if (error) return reject(error)
        taken += PIECE
        next()
      })
    }
    next()
  })
  return { taken: () => taken, done }
}

/** Reads to the end. */
export async function digest (from: AsyncIterable<Uint8Array>): Promise<string> {
  const hash: Hash = createHash('sha256')
  for await (const chunk of from) hash.update(chunk)
  return hash.digest('hex')
}

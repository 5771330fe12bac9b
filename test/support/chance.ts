/** Numbers that look like chance, and are the same for the same seed (mulberry32). */

/** Uniform in [0, 1). */
export function seeded (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number in [0, below). */
export type Chance = (below: number) => number

export function chance (seed: number): Chance {
  const random = seeded(seed)
  return below => Math.floor(random() * below)
}

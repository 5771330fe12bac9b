/**
 * What is asked. Paths are the origin's (`origin.mjs`). `requests ()` lists { method, path, body } to be sent one after the
 * other, and over again; without it one GET of `path` is repeated. `headers (etag)` go with each. `warm`: requests before
 * anything is measured, so that the cache is full and code compiled.
 */

const WARM = 20_000
const LISTED = 20_000
const KEYS = 10_000

/** A skewed walk over 10,000 keys, the same for every server; every `post`-th request writes on the same connection. */
function keys (post) {
  return () => {
    const random = generator(42)
    return Array.from({ length: LISTED }, (_, i) => {
      const key = Math.floor(KEYS * random() ** 3)
      return post > 0 && (i + 1) % post === 0
        ? { method: 'POST', path: `/write/k${key}`, body: 'amount=1&article=7' }
        : { method: 'GET', path: `/hit/k${key}?page=${key % 7}` }
    })
  }
}

/** Numbers from 0 to 1, the same each time (Park and Miller). */
function generator (seed) {
  let state = seed
  return () => (state = state * 48_271 % 0x7fffffff) / 0x7fffffff
}

export const SCENARIOS = {
  hit1k: { says: '1 KiB hits', path: '/hit/x', connections: 50, warm: WARM },
  hit8: { says: '1 KiB hits, 8 connections', path: '/hit/x', connections: 8, warm: WARM },
  keys: { says: '10,000-key hits', path: '/hit/k', connections: 50, warm: 30_000, requests: keys(0) },
  posts: { says: '10,000-key hits, 5 % POSTs', path: '/hit/k', connections: 50, warm: 30_000, requests: keys(20) },
  b100k: { says: '100 KiB hits', path: '/b100k', connections: 50, warm: 2_000 },
  b1m: { says: '1 MiB hits', path: '/b1m', connections: 50, warm: 500 },
  conditional: { says: '304s', path: '/hit/x', connections: 50, warm: WARM, headers: etag => ({ 'If-None-Match': etag }) },
  pass: { says: 'uncacheable passes', path: '/pass/x', connections: 50, warm: 5_000 },
  reval: { says: 'no-cache with a validator', path: '/reval/x', connections: 50, warm: 5_000 },
  stampede: { says: '1,000 clients ask for one missing key', stampede: true, connections: 1000, warm: 0 }
}

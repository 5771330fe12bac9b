/**
 * What is asked, as wrk's Lua builds it. Paths are the origin's (`origin.mjs`). `lua (etag)` defines `request`; without
 * it one GET of `path` is repeated. `warm`: requests before anything is measured, so that the cache is full and code compiled.
 */

const WARM = 20_000

/** A skewed walk over 10,000 keys, the same for every server; every `post`-th request writes on the same connection. */
function keys (post) {
  return () => `
    local requests, i = {}, 0
    function init (args)
      math.randomseed(42)
      for n = 1, 20000 do
        local r = math.floor(10000 * math.random() ^ 3)
        requests[n] = wrk.format("GET", "/hit/k" .. r .. "?page=" .. (r % 7))
        if ${post} > 0 and n % ${post || 1} == 0 then requests[n] = wrk.format("POST", "/write/k" .. r, nil, "amount=1&article=7") end
      end
    end
    function request () i = i % 20000 + 1 return requests[i] end`
}

function conditional (etag) {
  return `wrk.headers["If-None-Match"] = [[${etag}]]`
}

export const SCENARIOS = {
  hit1k: { says: '1 KiB hits', path: '/hit/x', connections: 50, warm: WARM },
  hit8: { says: '1 KiB hits, 8 connections', path: '/hit/x', connections: 8, warm: WARM },
  keys: { says: '10,000-key hits', path: '/hit/k', connections: 50, warm: 30_000, lua: keys(0) },
  posts: { says: '10,000-key hits, 5 % POSTs', path: '/hit/k', connections: 50, warm: 30_000, lua: keys(20) },
  b100k: { says: '100 KiB hits', path: '/b100k', connections: 50, warm: 2_000 },
  b1m: { says: '1 MiB hits', path: '/b1m', connections: 50, warm: 500 },
  conditional: { says: '304s', path: '/hit/x', connections: 50, warm: WARM, lua: conditional },
  pass: { says: 'uncacheable passes', path: '/pass/x', connections: 50, warm: 5_000 },
  reval: { says: 'no-cache with a validator', path: '/reval/x', connections: 50, warm: 5_000 },
  stampede: { says: '1,000 clients ask for one missing key', stampede: true, connections: 1000, warm: 0 }
}

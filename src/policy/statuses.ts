/** What a status code means to a cache. */

/** Cacheable without explicit freshness (RFC 9110 §15.1), 206 apart. */
const HEURISTICALLY_CACHEABLE: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])

/**
 * Not stored whatever they say. 304, 412, 416 and 417 answer conditions, ranges and expectations, which are no part of
 * the key; 428, 429, 431 and 511 "MUST NOT be stored by a cache" (RFC 6585 §3–6).
 */
const NEVER_STORED: ReadonlySet<number> = new Set([304, 412, 416, 417, 428, 429, 431, 511])

/** Client errors that tell of the resource, not of the one request that met them. */
const OF_THE_RESOURCE: ReadonlySet<number> = new Set([404, 405, 410, 414, 451])

/** The final codes of RFC 9110 §15 and RFC 7538, whose caching requirements are carried out here (RFC 9111 §5.2.2.3). */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 305, 307, 308,
  400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 413, 414, 415, 421, 422, 426,
  500, 501, 502, 503, 504, 505
])

/** Whether a response may be stored without explicit freshness. */
export function heuristicallyCacheable (status: number): boolean {
  return HEURISTICALLY_CACHEABLE.has(status)
}

/** Whether a final status may be stored at all (RFC 9111 §3). */
export function storable (status: number): boolean {
  return status >= 200 && status <= 599 && !NEVER_STORED.has(status)
}

export function understood (status: number): boolean {
  return UNDERSTOOD.has(status)
}

/** Success, and redirects for good: what a route's own lifetimes are meant for. */
export function lasting (status: number): boolean {
  return status < 400 && HEURISTICALLY_CACHEABLE.has(status)
}

/** Whether the answer tells of the request or of the origin's health rather than of the resource. */
export function incidental (status: number): boolean {
  return status < 200 || status >= 500 || NEVER_STORED.has(status) || (status >= 400 && !OF_THE_RESOURCE.has(status))
}

/**
 * What the npm edition judges wrongly and later editions judge rightly (http-tests/cache-tests issue 143). Four tests let
 * the origin close the connection on a stale response that may not be used, and want the origin's count of requests in
 * the answer: no cache can know it. Later editions want what the RFC does: that what was stored is not the answer.
 */
const STALE_CLOSE = ['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=2'].map(directive => `stale-close-${directive}`)

/** `fetch`, watched: `corrected` puts right what the runner made of the answers that came through it. */
export function witness (fetch) {
  const last = new Map()
  return {
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      const id = new Map(init?.headers ?? []).get('Test-ID')
      if (id !== undefined) last.set(id, response)
      return response
    },
    corrected: results => ({ ...results, ...Object.fromEntries(STALE_CLOSE.flatMap(id => refused(last.get(id), results[id]) ? [[id, true]] : [])) })
  }
}

/** The cache's own error, not what was stored: that bears the origin's count. */
function refused (response, result) {
  return response !== undefined && result?.[1] === 'Response 2 comes from cache' && response.status >= 500 && !response.headers.has('Server-Request-Count')
}

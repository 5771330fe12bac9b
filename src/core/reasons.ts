/** The closed vocabulary of why: what Cache-Status, the log and the metrics say, word for word. */

/** How a request ended, one word a request: the log's and the metrics' label. */
export type Outcome = 'hit' | 'stale' | 'revalidated' | 'miss' | 'collapsed' | 'pass' | 'refused' | 'error'
export const OUTCOMES: readonly Outcome[] = ['hit', 'stale', 'revalidated', 'miss', 'collapsed', 'pass', 'refused', 'error']

/** How an entry may answer now. */
export type HitKind = 'fresh' | 'max-stale'

/** Why a request went to the origin without the cache looking at the answer. */
export type PassReason =
  | 'route'          // the route says cache: false
  | 'ambiguous-path' // an origin that decodes or resolves the path would serve another route's
  | 'method'         // neither GET nor HEAD
  | 'request-body'   // a GET with content: its meaning is the origin's own
  | 'no-store'       // the request's no-store
  | 'head'           // a HEAD nothing stored can serve
  | 'precondition'   // If-Match, If-Unmodified-Since
  | 'uncacheable'    // remembered: its last answer could not be stored
  | 'upgrade'        // a websocket handshake the origin answered instead of accepting
  | 'contended'      // sent round the fills too often; goes alone

/** Why an answer was not stored. */
export type StoreRefusal =
  | 'no-store' | 'private' | 'must-understand' | 'vary-star' | 'authorization' | 'set-cookie' | 'status'
  | 'no-freshness' | 'expired' | 'no-content-range' | 'partial' | 'too-large' | 'unverifiable-length' | 'purged' | 'no-room'
  | 'request-no-store' | 'bad-vary' | 'method' | 'too-many-tags'

/** How a fill ended. */
export type FillEnd = 'stored' | 'freshened' | 'shared' | 'not-stored' | 'failed' | 'abandoned'
export const FILL_ENDS: readonly FillEnd[] = ['stored', 'freshened', 'shared', 'not-stored', 'failed', 'abandoned']

/** RFC 9211 §2.2 */
export type Fwd = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial'

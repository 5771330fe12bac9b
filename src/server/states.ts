/**
 * The states of a client's connection.
 *
 *     idle ─▶ head ─▶ answering ─▶ skipping ─▶ flushing ─▶ idle      (skipping and flushing only where needed)
 *                       │    │        │
 *                       │    └────────┴──▶ lingering ─▶ closed       (after the last answer)
 *                       └─ 101 ─▶ tunnel ─▶ closed
 *
 * `resting` is idle with heads waiting; `closed` is reached from everywhere, by error or deadline.
 */
export type State =
  | 'idle'       // between requests
  | 'head'       // part of a head has come
  | 'resting'    // heads wait while other connections have their turn
  | 'answering'  // a request is with the core, or its answer on its way
  | 'skipping'   // answered; the rest of its body is read past
  | 'flushing'   // answered; too much is queued to take the next request
  | 'tunnel'     // upgraded: no longer HTTP
  | 'lingering'  // our end is sent; input is discarded, so that the client reads what we said
  | 'closed'

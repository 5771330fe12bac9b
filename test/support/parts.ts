/** A standing Seawall before an origin that serves ranges of one text, and what was asked of it. */
import { barrier } from './barrier.js'
import type { Reply } from './client.js'
import { rangedOrigin, type Ranged } from './ranged-origin.js'
import { stand, type Standing } from './standing.js'

export const TEXT = '0123456789abcdefghij'

export interface Parts extends Standing { readonly origin: Ranged, part (range: string | undefined, headers?: Record<string, string>, method?: string): Promise<Reply> }

export async function parts (changes: Partial<Ranged> = {}, config: object = {}): Promise<Parts> {
  const served = Object.assign(rangedOrigin(TEXT), changes)
  const { origin, proxy, clock } = await stand(config, (request, response, count) => served.handle(request, response, count))
  served.seen = origin.seen
  const ask = (range: string | undefined, more: Record<string, string> = {}, method = 'GET'): Promise<Reply> =>
    proxy.get('/p', { method, headers: range === undefined ? more : { range, ...more } })
  return { origin: served, proxy, clock, part: ask }
}

/** What the origin was asked for, in order. */
export const asked = ({ seen }: Ranged): (string | undefined)[] => seen.map(({ headers }) => headers.range === undefined ? undefined : `${headers.range}${headers['if-range'] === undefined ? '' : ` if ${headers['if-range']}`}`)
export const contentRange = (reply: Reply): string | undefined => reply.headers['content-range']

/** What the origin is asked from now on waits for `open`; after `lift`, only what was asked before it. */
export function holdBack (origin: Ranged): { open (): void, lift (): void } {
  const held = barrier()
  const { handle } = origin
  origin.handle = async (request, response, count) => {
    await held.passed
    await handle(request, response, count)
  }
  return { open: held.open, lift: () => { origin.handle = handle } }
}

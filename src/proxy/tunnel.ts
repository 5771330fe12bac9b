/** A websocket: tunnelled only after the origin's own 101 (RFC 6455 §4, RFC 9110 §7.8). */
import type { ProxyResponse, ProxyTunnel } from '../core/types.js'
import { headText } from '../http/head.js'
import { responseHeaders } from '../policy/forward.js'
import { fromError } from './answer.js'
import type { Parts } from './parts.js'
import { passed } from './pass.js'
import type { Recognised } from './recognise.js'
import { passRequest } from './requests.js'

export async function tunnel (parts: Parts, r: Recognised): Promise<ProxyTunnel | ProxyResponse> {
  try {
    const answer = await parts.origins.upgrade(passRequest(parts, r))
    if ('status' in answer) return passed(r, answer, parts.clock.wall(), { fwd: 'bypass', fwdStatus: answer.status, detail: 'upgrade' })
    const head = headText(101, [...responseHeaders(answer.headers, r.route.stripResponse, parts.clock.wall()), 'Upgrade', 'websocket', 'Connection', 'Upgrade'])
    return { head, socket: answer.socket }
  } catch (thrown) {
    return fromError(thrown, r.request, { fwd: 'bypass' })
  }
}

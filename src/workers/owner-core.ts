/** The owner's end: requests other workers pass on, answered as their own clients' would be. */
import type { Clock } from '../core/clock.js'
import { CLEAN, type HttpVersion, type Ms, type Peer, type ProxyCore, type ProxyRequest, type ProxyResponse, type RawHeaders, type RequestFields } from '../core/types.js'
import { headText } from '../http/head.js'
import type { SharedLog } from '../invalidation/shared-log.js'
import { credentialed } from '../proxy/fills.js'
import { peek } from '../proxy/lookup.js'
import type { Parts } from '../proxy/parts.js'
import { recognise } from '../proxy/recognise.js'
import { ACKNOWLEDGED, bare, copyOf, put, RECEIPT, take, type Answered, type Passed } from './envelope.js'

/** Larger ones are not copied. */
const LARGEST_COPY = 64 * 1024

/** `core`: this worker's own, which passes nothing on. */
export function createOwnerCore (core: ProxyCore, parts: Parts, log: Pick<SharedLog, 'head' | 'catchUp'>, clock: Clock): ProxyCore {
  async function caughtUp ({ epoch, seq }: Passed): Promise<boolean> {
    if (log.head.epoch === epoch && log.head.seq < seq) await log.catchUp()
    return log.head.epoch === epoch && log.head.seq >= seq
  }

  /** What the other worker may keep of this, or need not ask for again. */
  function learned (request: ProxyRequest, response: ProxyResponse, copy: boolean): Pick<Answered, 'pass' | 'copy'> {
    const r = recognise(request, parts.route)
    if (r === undefined) return {}
    const { record, names } = peek(parts, r)
    const own = r.facts.authorization ? parts.store.peek(credentialed(r.primary)) : undefined
    const passed = [own, record].find(one => one?.kind === 'pass' && parts.log.verdict(one) === CLEAN)
    if (passed?.kind === 'pass') return { pass: passed.keepUntil - clock.now() }
    if (!copy || response.outcome !== 'hit' || record?.kind !== 'entry' || record.part !== undefined || record.length > LARGEST_COPY || response.status !== record.status) return {}
    return { copy: copyOf(record, names ?? [], clock.now()) }
  }

  async function answer (outer: ProxyRequest): Promise<ProxyResponse> {
    const passed = take<Passed>('request', outer.fields.raw)
    if (passed === undefined || !await caughtUp(passed)) return withTail(BEHIND, { outcome: 'error', behind: true })
    const request = new PassedRequest(outer, passed)
    const response = core.tryHit(request, clock.now()) ?? await core.handle(request)
    return withTail(response, { outcome: response.outcome, code: response.code, ...learned(request, response, passed.copy) })
  }

  return {
    tryHit: () => undefined,
    async handle (outer) {
      const acknowledging = clock.after(ACKNOWLEDGED, () => { outer.interim(102, RECEIPT) })
      try {
        return await answer(outer)
      } finally {
        acknowledging.cancel()
      }
    },
    upgrade: async () => withTail(BEHIND, { outcome: 'error', behind: true })
  }
}

const BEHIND: ProxyResponse = { status: 503, head: headText(503, []), tail: '', body: { kind: 'none' }, outcome: 'error' }

function withTail (response: ProxyResponse, answered: Answered): ProxyResponse {
  // as it went to others it would lack what is added
  return { ...response, tail: `${response.tail}${put('answer', answered).join(': ')}\r\n`, again: undefined }
}

/** As its own worker saw it. */
class PassedRequest implements ProxyRequest {
  readonly method: string
  readonly target: string
  readonly version: HttpVersion
  readonly fields: RequestFields
  readonly peer: Peer
  readonly arrivedAt: Ms
  readonly body = undefined
  private readonly outer: ProxyRequest

  constructor (outer: ProxyRequest, { peer, version }: Passed) {
    this.outer = outer
    this.method = outer.method
    this.target = outer.target
    this.version = version
    this.fields = { ...outer.fields, raw: bare('request', outer.fields.raw), facts: undefined }
    this.peer = peer
    this.arrivedAt = outer.arrivedAt
  }

  get onGone (): ((why: Error) => void) | undefined {
    return this.outer.onGone
  }

  set onGone (gone: ((why: Error) => void) | undefined) {
    this.outer.onGone = gone
  }

  interim (status: number, headers: RawHeaders): void {
    this.outer.interim(status, headers)
  }
}

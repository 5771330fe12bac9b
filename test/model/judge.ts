/**
 * What must hold of every answer, and of what the origin is asked. The first thing that does not is kept.
 *
 * A resource's `floor` is the version it had when a hard purge of it, or a write to it, was last acknowledged: whoever
 * asks later is given that one or a newer.
 */
import { bodyOf, identityOf, IF_ERROR, LIFETIME, RESOURCES, type Identity, type Resource } from './resources.js'
import type { Clock } from '../../src/core/clock.js'
import type { Ms, PurgeMode } from '../../src/core/types.js'
import type { Ask, Client, Got } from './client.js'
import type { Asked, ModelOrigin, Observer } from './origin.js'
import type { Purge } from './steps.js'

/** What a request bears before it no longer waits for others (proxy/collapse). */
const TURNS = 3

export class Judge implements Observer {
  violation: string | undefined
  answers = 0
  hits = 0
  fetches = 0
  /** Everything moves at once: who was sent round too often goes alone, and fetches are no longer counted. */
  ending = false
  private readonly clock: Clock
  /** Set once both are there. */
  origin!: ModelOrigin
  private readonly floors = new Map<Resource, number>()
  /** Clients that wait, or wait no more. */
  waiting: () => readonly Client[] = () => []
  /** When anything made fetches under way unfit for whoever asks from then on. */
  private readonly disturbances = new Map<Resource, Ms[]>(RESOURCES.map(resource => [resource, []]))
  /** When each version was replaced. */
  private readonly replaced = new Map<Resource, Ms[]>()

  constructor (clock: Clock) {
    this.clock = clock
  }

  fail (what: string): void {
    this.violation ??= what
  }

  changes (resource: Resource, version: number, written: boolean): void {
    const times = this.replaced.get(resource) ?? []
    times[version] = this.clock.now()
    this.replaced.set(resource, times)
    if (written) this.disturbances.get(resource)!.push(this.clock.now())
  }

  purged (scope: Purge, mode: PurgeMode): void {
    for (const resource of RESOURCES.filter(each => concerns(scope, each))) {
      this.disturbances.get(resource)!.push(this.clock.now())
      if (mode === 'hard') this.floors.set(resource, this.origin.versionOf(resource))
    }
  }

  /** One fetch at a time: of those that could answer for each other, one that began before it is not under way. */
  asked (asked: Asked): void {
    this.fetches++
    if (this.ending || asked.resource.kind !== 'shared' || !asked.plain) return
    const times = this.disturbances.get(asked.resource)!
    // who was sent round too often goes alone
    if (this.waiting().some(({ ask, at }) => ask.resource === asked.resource && times.filter(time => time >= at).length > TURNS)) return
    const since = Math.max(times.at(-1) ?? -Infinity, this.clock.now() - LIFETIME * 1000)
    const others = this.origin.underWay().filter(other =>
      other !== asked && other.resource === asked.resource && other.plain && !other.single && other.authorized === asked.authorized && other.at > since)
    if (others.length > 0) this.fail(`${others.length + 1} fetches of ${asked.resource.name} at a time`)
  }

  /** What is to be said of the answer to `ask`, as of now. */
  expect (ask: Ask): (client: Client, got: Got) => void {
    const floor = this.floors.get(ask.resource) ?? 1
    return (client, got) => {
      this.answers++
      if (got.response.outcome === 'hit' || got.response.outcome === 'stale') this.hits++
      if (ask.method === 'POST') this.written(ask, got)
      else if (got.response.status < 400) this.answered(client, floor, got)
    }
  }

  /** What the origin answers a write with is the version it made. */
  private written ({ resource }: Ask, { response, body }: Got): void {
    if (response.status === 200) this.floors.set(resource, Math.max(this.floors.get(resource) ?? 1, Number(body)))
  }

  private answered ({ ask, at }: Client, floor: number, { response, head, body }: Got): void {
    const etag = /^etag: (.*)\r$/im.exec(head)?.[1]
    const identity = etag === undefined ? undefined : identityOf(etag)
    const say = (what: string): void => this.fail(`${what}: asked ${JSON.stringify({ ...ask, resource: ask.resource.name })}, given ${etag}, ${response.outcome} ${response.status}`)
    if (identity === undefined || identity.resource !== ask.resource) return say('another resource')
    if (identity.principal !== '-' && identity.principal !== ask.principal) return say('another principal')
    if (ask.resource.kind === 'vary' && identity.language !== ask.language) return say('another language')
    if (identity.version < floor) return say(`a version older than ${floor}`)
    if (this.isTooOld(identity, at)) return say('a version replaced too long ago')
    if (ask.method === 'HEAD' ? body !== '' : body !== contentOf(identity, head, response.status)) return say('another content')
    if (response.status === 206 && ask.extra !== 'range') say('a part of it')
  }

  /** Replaced before the one who asked could have been given a copy that was current when the origin was asked. */
  private isTooOld ({ resource, version }: Identity, at: Ms): boolean {
    const replaced = this.replaced.get(resource)?.[version]
    return replaced !== undefined && replaced < at - (LIFETIME + IF_ERROR + 1) * 1000
  }
}

function concerns (scope: Purge, { tags, url }: Resource): boolean {
  if (scope === 'all') return true
  if ('tag' in scope) return tags.includes(scope.tag)
  return 'url' in scope ? url === scope.url : url.startsWith(scope.prefix)
}

function contentOf (identity: Identity, head: string, status: number): string {
  const [, first, last] = /^content-range: bytes (\d+)-(\d+)\//im.exec(head) ?? []
  const whole = bodyOf(identity)
  return status === 206 ? whole.slice(Number(first), Number(last) + 1) : whole
}


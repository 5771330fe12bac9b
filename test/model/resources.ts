/**
 * What the model's origin serves: a few resources of every kind that caching treats differently. What an answer says is
 * a function of resource, principal, language and version, so that whoever is given one can tell whose it is.
 */
import { createHash } from 'node:crypto'

export type Kind = 'shared' | 'mixed' | 'personal' | 'vary' | 'private' | 'large' | 'silent'

export interface Resource {
  readonly name: string
  readonly kind: Kind
  readonly path: string
  readonly url: string
  readonly tags: readonly string[]
}

/** Seconds. */
export const LIFETIME = 10
export const WHILE_REVALIDATE = 5
export const IF_ERROR = 20

/** `shared` is only ever asked for plainly, so that its fetches can be counted. */
const KINDS: readonly Kind[] = ['shared', 'shared', 'shared', 'mixed', 'mixed', 'personal', 'vary', 'vary', 'private', 'large', 'silent']

export const HOST = 'model.test'
export const RESOURCES: readonly Resource[] = KINDS.map((kind, i) => {
  const path = `/${i % 2 === 0 ? 'even' : 'odd'}/${kind}${i}`
  return { name: `${kind}${i}`, kind, path, url: `http://${HOST}${path}`, tags: [`${kind}${i}`, i % 3 === 0 ? 'third' : 'other'] }
})

const LENGTHS: Readonly<Record<Kind, number>> = { shared: 300, mixed: 2_000, personal: 200, vary: 150, private: 100, large: 30_000, silent: 120 }

export interface Identity { readonly resource: Resource, readonly principal: string, readonly language: string, readonly version: number }

export function etagOf ({ resource, principal, language, version }: Identity): string {
  return `"${resource.name}|${principal}|${language}|${version}"`
}

export function identityOf (etag: string): Identity | undefined {
  const [, name, principal = '', language = '', version] = /^"(\w+)\|([\w-]*)\|([\w-]*)\|(\d+)"$/.exec(etag) ?? []
  const resource = RESOURCES.find(each => each.name === name)
  return resource && { resource, principal, language, version: Number(version) }
}

/** Names itself, and says at its end what it must have been. */
export function bodyOf (identity: Identity): string {
  const name = etagOf(identity)
  const digest = createHash('sha256').update(name).digest('hex')
  return `${name} ${digest.repeat(Math.ceil(LENGTHS[identity.resource.kind] / 64))} end`
}

/** What the origin says of reuse, by kind. */
export function fieldsOf ({ resource, principal }: Identity): string[] {
  const windows = `stale-while-revalidate=${WHILE_REVALIDATE}, stale-if-error=${IF_ERROR}`
  const control: Readonly<Record<Kind, string | undefined>> = {
    shared: `public, max-age=${LIFETIME}, ${windows}`,
    mixed: `public, max-age=${LIFETIME}, ${windows}`,
    personal: `max-age=${LIFETIME}`,
    vary: `s-maxage=${LIFETIME}`,
    private: principal === '-' ? 'no-store' : `private, max-age=${LIFETIME}`,
    large: `public, max-age=${LIFETIME}`,
    silent: undefined
  }
  const said = control[resource.kind]
  return [
    'Surrogate-Key', resource.tags.join(' '),
    ...(said === undefined ? [] : ['Cache-Control', said]), ...(resource.kind === 'vary' ? ['Vary', 'X-Language'] : [])
  ]
}

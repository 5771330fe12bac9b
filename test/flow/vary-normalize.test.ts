/** Routes that normalise what Vary names (RFC 9111 §4.1), and those that do not. */
import { describe, expect, it } from 'vitest'
import { cacheStatus, isHit, scenes } from '../support/scene.js'

const scene = scenes()

function inLanguage (vary = 'Accept-Language') {
  return (request: { headers: Record<string, unknown> }, response: import('node:http').ServerResponse): void => {
    const first = String(request.headers['accept-language']).slice(0, 2).toLowerCase()
    response.writeHead(200, { 'Cache-Control': 'max-age=60', Vary: vary, 'Content-Language': first, ETag: `"${first}"` })
    response.end(first)
  }
}

describe('vary: normalize', () => {
  it('answers requests that differ in order, case and blanks from one stored answer', async () => {
    const s = await scene({ route: { vary: 'normalize' } })
    s.origin.on(inLanguage('Accept-Language, Foo'))
    await s.get('/', { 'accept-language': 'en, de', foo: '1,2' })
    expect(isHit(await s.get('/', { 'accept-language': 'DE,eN', foo: '1, 2' }))).toBe(true)
    expect(cacheStatus(await s.get('/', { 'accept-language': 'de,en', foo: '2,1' }))).toContain('fwd=vary-miss')
    expect(s.origin.count()).toBe(2)
  })

  it('gives who prefers one language the stored answer in it', async () => {
    const s = await scene({ route: { vary: 'normalize' } })
    s.origin.on(inLanguage())
    expect((await s.get('/', { 'accept-language': 'de, en' })).body).toBe('de')
    const chosen = await s.get('/', { 'accept-language': 'fr;q=0.5, de;q=1.0' })
    expect(isHit(chosen)).toBe(true)
    expect(chosen.body).toBe('de')
    // no language before the others, or none that is stored: the origin chooses
    expect(isHit(await s.get('/', { 'accept-language': 'fr, de' }))).toBe(false)
    expect(isHit(await s.get('/', { 'accept-language': 'it, de;q=0.9' }))).toBe(false)
    // learned beside what was known
    expect((await s.get('/', { 'accept-language': 'it, fr;q=0.1' })).body).toBe('it')
    expect(isHit(await s.get('/', { 'accept-language': 'de, es;q=0.1' }))).toBe(true)
  })

  it('lets the other fields of Vary select as they do', async () => {
    const s = await scene({ route: { vary: 'normalize' } })
    s.origin.on(inLanguage('Accept-Language, Foo'))
    await s.get('/', { 'accept-language': 'de, en', foo: '1' })
    expect(isHit(await s.get('/', { 'accept-language': 'de', foo: '2' }))).toBe(false)
  })

  it('holds what is chosen by language to purges and freshness', async () => {
    const s = await scene({ route: { vary: 'normalize' } })
    s.origin.on(inLanguage())
    await s.get('/', { 'accept-language': 'de, en' })
    s.pass(61)
    expect(isHit(await s.get('/', { 'accept-language': 'de' }))).toBe(false)
    expect(s.origin.seen[1]!.headers['if-none-match']).toBe('"de"')
    await s.proxy.purge({ urls: [`${s.proxy.url}/`] })
    expect(isHit(await s.get('/', { 'accept-language': 'de, it;q=0.1' }))).toBe(false)
    expect(s.origin.seen[2]!.headers['if-none-match']).toBeUndefined()
  })
})

describe('vary: exact', () => {
  it('compares what was sent', async () => {
    const s = await scene()
    s.origin.on(inLanguage())
    await s.get('/', { 'accept-language': 'de, en' })
    for (const other of ['en, de', 'DE, en', 'de,en', 'de']) expect(isHit(await s.get('/', { 'accept-language': other })), other).toBe(false)
    expect(isHit(await s.get('/', { 'accept-language': 'de, en' }))).toBe(true)
  })
})

/** Which of a URL's variants answers whom (RFC 9111 §4.1, RFC 9110 §12.5.3). */
import { describe, expect, it } from 'vitest'
import { answer, type Seen } from '../support/origin.js'
import { cacheStatus, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()

/** The body names the values the answer was chosen by. */
function chooses (s: Scene, vary: string | string[], names: readonly string[]): void {
  s.origin.on((request, response, count) => {
    answer({ 'cache-control': 'max-age=60', vary }, names.map(name => String(request.headers[name])).join('|'))(request, response, count)
  })
}

describe('Vary', () => {
  it('selects by any number of fields, in any case and over several lines, and by no other', async () => {
    const s = await scene()
    const names = ['accept-language', 'x-device', 'x-plan', 'origin']
    chooses(s, ['Accept-Language, X-DEVICE', 'x-plan,origin'], names)
    const base = { 'accept-language': 'de', 'x-device': 'tv', 'x-plan': 'a', origin: 'http://o' }
    const others = [...names.map(name => ({ ...base, [name]: 'other' })), {}]
    expect(cacheStatus(await s.get('/', base))).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
    for (const headers of others) expect(cacheStatus(await s.get('/', headers)), JSON.stringify(headers)).toBe('seawall; fwd=vary-miss; fwd-status=200; stored')
    for (const headers of [base, ...others]) {
      const reply = await s.get('/', { ...headers, 'user-agent': 'another' })
      expect(isHit(reply), JSON.stringify(headers)).toBe(true)
      expect(reply.body).toBe(names.map(name => String((headers as Record<string, string>)[name])).join('|'))
    }
    expect(s.origin.count()).toBe(1 + others.length)
  })

  it('tells absent from empty, and one line from another', async () => {
    const s = await scene()
    s.origin.on((request, response, count) => answer({ 'cache-control': 'max-age=60', vary: 'x-a, x-b' }, `answer ${count}`)(request, response, count))
    const requests: Record<string, string>[] = [{}, { 'x-a': '' }, { 'x-a': 'v' }, { 'x-b': 'v' }, { 'x-a': 'v', 'x-b': '' }, { 'x-a': 'v, x-b: v' }]
    const bodies = []
    for (const headers of requests) bodies.push((await s.get('/', headers)).body)
    expect(new Set(bodies).size).toBe(requests.length)
    for (const [i, headers] of requests.entries()) expect((await s.get('/', headers)).body).toBe(bodies[i])
  })

  it('that changes counts from then on', async () => {
    const s = await scene()
    chooses(s, 'x-a', ['x-a', 'x-b'])
    await s.get('/', { 'x-a': '1', 'x-b': '1' })
    chooses(s, 'x-a, x-b', ['x-a', 'x-b'])
    expect((await s.get('/', { 'x-a': '2', 'x-b': '2' })).body).toBe('2|2')
    for (const b of ['2', '3']) expect((await s.get('/', { 'x-a': '2', 'x-b': b })).body).toBe(`2|${b}`)
    expect((await s.get('/', { 'x-a': '1', 'x-b': '2' })).body).toBe('1|2')
  })

  it('keeps as many variants of a URL as it is told, the newest', async () => {
    const s = await scene({ config: { cache: { maxVariants: 3 } } })
    chooses(s, 'accept-language', ['accept-language'])
    const languages = ['de', 'en', 'fr', 'it']
    for (const language of languages) await s.get('/', { 'accept-language': language })
    expect((await s.proxy.stats())['store']).toMatchObject({ entries: 3 })
    for (const language of languages.slice(1)) expect(isHit(await s.get('/', { 'accept-language': language })), language).toBe(true)
    expect(cacheStatus(await s.get('/', { 'accept-language': 'de' }))).toBe('seawall; fwd=vary-miss; fwd-status=200; stored')
  })
})

/** What RFC 9110 §12.5.3 says of a coding, read for tests apart from what Seawall reads. */
function accepts (field: string | undefined, coding: string): boolean {
  if (field === undefined) return true
  const weights = new Map(field.split(',').map(member => member.trim().toLowerCase()).filter(Boolean).map(member => {
    const [name, q] = member.split(/\s*;\s*q=/)
    return [name!, q === undefined ? 1 : Number(q)]
  }))
  const weight = weights.get(coding) ?? (coding === 'identity' ? (weights.get('*') === 0 ? 0 : 1) : weights.get('*') ?? 0)
  return weight > 0
}

describe('Accept-Encoding', () => {
  /** An origin that likes to compress, and says how. */
  function compresses (s: Scene): void {
    s.origin.on((request: Seen, response, count) => {
      const field = request.headers['accept-encoding'] as string | undefined
      const coding = field === undefined ? 'identity' : ['br', 'gzip', 'identity'].find(c => accepts(field, c)) ?? 'none'
      answer({ 'cache-control': 'max-age=60', vary: 'Accept-Encoding', 'content-encoding': coding }, coding)(request, response, count)
    })
  }

  it('is one variant in whatever order, case, spacing and preference', async () => {
    const s = await scene()
    compresses(s)
    for (const [i, value] of ['gzip, br', 'br,gzip', 'GZIP,BR', 'br;q=0.5, gzip;q=1.0', 'gzip , br', 'x-gzip, br', 'gzip, br, identity;q=0.5', 'br, gzip, gzip'].entries()) {
      const reply = await s.get('/', { 'accept-encoding': value })
      expect(isHit(reply), value).toBe(i > 0)
      expect(reply.body).toBe('br')
    }
    expect(s.origin.count()).toBe(1)
    expect(s.origin.seen[0]!.headers['accept-encoding']).toBe('gzip, br')
  })

  it('never brings a coding the client did not accept', async () => {
    const s = await scene()
    compresses(s)
    const values = [
      undefined, '', 'identity', 'gzip', 'br', 'gzip, br', 'gzip;q=0, br', 'br;q=0, gzip', 'br;q=0.0,gzip;q=0.5', '*', '*;q=0, gzip', 'br;q=0, *', 'gzip;q=0, *',
      'gzip;q=0, br;q=0, *', 'identity;q=0, gzip', 'gzip;q=0.001', 'deflate', 'deflate, gzip', 'zstd, br;q=1.000', 'identity;q=0, br;q=0, *;q=0.1', 'GZIP;Q=0, br'
    ]
    for (const order of [values, values.toReversed(), values]) {
      for (const value of order) {
        const { body } = await s.get('/', value === undefined ? {} : { 'accept-encoding': value })
        if (body !== 'none') expect(accepts(value, body), `${value} was answered with ${body}`).toBe(true)
      }
    }
    expect(s.origin.count()).toBeLessThan(values.length)
  })

  it('that cannot be read is a variant of its own', async () => {
    const s = await scene()
    compresses(s)
    for (const value of ['gzip, br', 'gzip;q=x, br', 'gzip;q=2, br', 'gzip br', 'gzip;q=0, br, gzip']) expect(isHit(await s.get('/', { 'accept-encoding': value })), value).toBe(false)
    expect(s.origin.count()).toBe(5)
  })
})

/** "Why was this not cached?" is answered by the response itself, in the words of RFC 9211 and of one closed list. */
import { describe, expect, it } from 'vitest'
import { statusOf, type ErrorCode } from '../../src/core/errors.js'
import type { Fwd, HitKind, PassReason, StoreRefusal } from '../../src/core/reasons.js'
import { barrier } from '../support/barrier.js'
import type { Asked, Reply } from '../support/client.js'
import { waiting } from '../support/fills.js'
import { answer } from '../support/origin.js'
import { cacheStatus } from '../support/scene.js'
import { stand, standRaw, type Standing } from '../support/standing.js'

/** Every word of the unions: the compiler holds that none is missing. */
const FORWARDED: Record<Fwd, true> = { bypass: true, method: true, 'uri-miss': true, 'vary-miss': true, miss: true, request: true, stale: true, partial: true }
const REASONS: Record<PassReason | StoreRefusal | HitKind | 'stale-while-revalidate' | 'stale-if-error', true> = {
  upgrade: true, route: true, 'ambiguous-path': true, method: true, 'request-body': true, 'no-store': true, head: true, precondition: true, uncacheable: true, contended: true,
  private: true, 'must-understand': true, 'vary-star': true, authorization: true, 'set-cookie': true, status: true, 'no-freshness': true, expired: true,
  'no-content-range': true, partial: true, 'too-large': true, 'unverifiable-length': true, purged: true, 'no-room': true, 'too-many-tags': true,
  'request-no-store': true, 'bad-vary': true, fresh: true, 'max-stale': true, 'stale-while-revalidate': true, 'stale-if-error': true
}

function isReason (word: string): boolean {
  try {
    return Object.hasOwn(REASONS, word) || statusOf(word as ErrorCode) >= 400
  } catch {
    return false
  }
}

const TOKEN = String.raw`[A-Za-z*][\w!#$%&'*+.^|~:/\x60-]*`
const STRING = String.raw`"(?:[ !#-\[\]-~]|\\["\\])*"`
const MEMBER = new RegExp(String.raw`^(?:${TOKEN}|${STRING})((?:; *[a-z*][a-z0-9_.*-]*(?:=(?:-?\d{1,15}|${TOKEN}|${STRING}|\?[01]))?)*)$`)

/** Seawall's own member: valid by RFC 9651 §4.2, §3.1 and RFC 9211 §2, its words of the closed lists. Returns it. */
function valid (reply: Reply): string {
  const field = cacheStatus(reply) ?? ''
  const own = field.split(', ').at(-1)!
  for (const member of field.split(', ')) expect(member).toMatch(MEMBER)
  const [name, ...written] = own.split('; ')
  const parameters = new Map<string, string | undefined>(written.map(parameter => { const [key = '', value] = parameter.split('='); return [key, value] }))
  expect(name).toBe('seawall')
  expect(parameters.size).toBe(written.length)
  for (const [key, value] of parameters) {
    switch (key) {
      case 'hit': case 'stored': case 'collapsed': expect(value).toBeUndefined(); break
      case 'fwd': expect(Object.hasOwn(FORWARDED, value!)).toBe(true); break
      case 'fwd-status': expect(value).toMatch(/^[1-5]\d\d$/); break
      case 'ttl': expect(value).toMatch(/^-?\d+$/); break
      case 'detail': expect(isReason(value!)).toBe(true); break
      default: expect.fail(`no parameter of RFC 9211: ${key}`)
    }
  }
  expect(parameters.has('hit') && parameters.has('fwd')).toBe(false)
  for (const key of ['fwd-status', 'stored', 'collapsed']) if (parameters.has(key)) expect(parameters.has('fwd')).toBe(true)
  return own
}

const FRESH = { 'cache-control': 'max-age=60' }

describe('why an answer was not cached', () => {
  it.each<[string, Record<string, string | string[]>, number?, Asked?]>([
    ['no-store', { 'cache-control': 'max-age=60, NO-STORE' }],
    ['private', { 'cache-control': 'private, max-age=60' }],
    ['vary-star', { ...FRESH, vary: 'accept, *' }],
    ['bad-vary', { ...FRESH, vary: 'accept language' }],
    ['set-cookie', { ...FRESH, 'set-cookie': 'a=1' }],
    ['authorization', FRESH, 200, { headers: { authorization: 'Bearer x' } }],
    ['must-understand', { 'cache-control': 'must-understand, max-age=60' }, 299],
    ['status', FRESH, 412],
    ['status', {}, 302],
    ['no-freshness', {}],
    ['no-freshness', {}, 404],
    ['expired', { 'cache-control': 'max-age=0' }],
    ['expired', { ...FRESH, age: '61' }],
    ['too-large', { ...FRESH, 'content-length': '2000' }],
    ['too-many-tags', { ...FRESH, 'surrogate-key': Array.from({ length: 1025 }, (_, i) => i.toString(36)).join(' ') }],
    ['too-many-tags', { ...FRESH, 'cache-tag': 'x'.repeat(1025) }],
    ['partial', { ...FRESH, 'content-range': 'bytes 0-1/9' }, 206, { headers: { range: 'bytes=0-1', 'if-range': '"1"' } }],
    ['no-content-range', FRESH, 206, { headers: { range: 'bytes=0-1' } }]
  ])('%s: %j', async (reason, headers, status = 200, asked = {}) => {
    const { proxy } = await stand({ cache: { maxObject: '1kb' } }, answer(headers, 'x'.repeat(Number(headers['content-length'] ?? 2)), status))
    // Remembered as uncacheable, it says still why.
    for (let i = 0; i < 2; i++) {
      const reply = await proxy.get('/p', asked)
      expect(reply.status).toBe(status)
      expect(valid(reply)).toMatch(new RegExp(`^seawall; fwd=uri-miss; fwd-status=${status}; detail=${reason}$`))
    }
  })

  it('unverifiable-length: its body ended with the connection', async () => {
    const { proxy } = await standRaw(async peer => {
      await peer.expect('\r\n\r\n')
      peer.socket.end('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nbody')
    })
    expect(valid(await proxy.get('/p'))).toBe('seawall; fwd=uri-miss; fwd-status=200; detail=unverifiable-length')
  })
})

describe('why a request went past the cache', () => {
  it.each<[string, string, Asked]>([
    ['method', 'method', { method: 'POST' }],
    ['method', 'method', { method: 'OPTIONS' }],
    ['bypass', 'head', { method: 'HEAD' }],
    ['bypass', 'request-body', { body: 'x', headers: { 'content-length': '1' } }],
    ['bypass', 'no-store', { headers: { 'cache-control': 'no-store' } }],
    ['bypass', 'precondition', { headers: { 'if-match': '"1"' } }]
  ])('fwd=%s; detail=%s: %j', async (fwd, reason, asked) => {
    const { proxy } = await stand({}, answer(FRESH))
    expect(valid(await proxy.get('/p', asked))).toBe(`seawall; fwd=${fwd}; fwd-status=200; detail=${reason}`)
  })

  it('fwd=bypass; detail=ambiguous-path', async () => {
    const { proxy } = await stand({ routes: [{ match: '/static/*' }, { match: '*' }] }, answer(FRESH))
    expect(valid(await proxy.get('/static/..%2fp'))).toBe('seawall; fwd=bypass; fwd-status=200; detail=ambiguous-path')
  })

  it('fwd=bypass; detail=route', async () => {
    const { proxy } = await stand({ routes: [{ cache: false }] }, answer(FRESH))
    expect(valid(await proxy.get('/p'))).toBe('seawall; fwd=bypass; fwd-status=200; detail=route')
  })

  it('fwd=bypass; detail=uncacheable, of what was remembered so and is no whole GET', async () => {
    const { proxy } = await stand({}, answer({ 'cache-control': 'no-store' }))
    await proxy.get('/p')
    expect(valid(await proxy.get('/p', { method: 'HEAD' }))).toBe('seawall; fwd=bypass; fwd-status=200; detail=uncacheable')
  })
})

describe('what was done', () => {
  const SWR = { 'cache-control': 'max-age=60, stale-while-revalidate=60, stale-if-error=600', etag: '"1"' }

  async function stored (headers: Record<string, string> = SWR): Promise<Standing & Awaited<ReturnType<typeof stand>>> {
    const standing = await stand({}, answer(headers, 'body'))
    expect(valid(await standing.proxy.get('/p'))).toBe('seawall; fwd=uri-miss; fwd-status=200; stored')
    return standing
  }

  it('a hit, with the seconds it stays fresh, whole and in part', async () => {
    const { proxy, clock } = await stored()
    clock.advance(10_500)
    for (const asked of [{}, { method: 'HEAD' }, { headers: { range: 'bytes=0-0' } }, { headers: { range: 'bytes=9-' } }, { headers: { 'if-none-match': '"1"' } }]) {
      expect(valid(await proxy.get('/p', asked))).toBe('seawall; hit; ttl=49')
    }
  })

  it('a hit past its freshness, as the client allowed', async () => {
    const { proxy, clock } = await stored({ 'cache-control': 'max-age=60', etag: '"1"' })
    clock.advance(65_000)
    expect(valid(await proxy.get('/p', { headers: { 'cache-control': 'max-stale=10' } }))).toBe('seawall; hit; ttl=-5; detail=max-stale')
  })

  it('stale while it is refreshed', async () => {
    const { proxy, clock } = await stored()
    clock.advance(65_000)
    expect(valid(await proxy.get('/p'))).toBe('seawall; hit; ttl=-5; detail=stale-while-revalidate')
  })

  it('stale since the origin failed', async () => {
    const { proxy, clock, origin } = await stored()
    clock.advance(125_000)
    origin.on(answer({}, '', 503))
    expect(valid(await proxy.get('/p'))).toBe('seawall; fwd=stale; fwd-status=503; ttl=-65; detail=stale-if-error')
    await origin.stop()
    expect(valid(await proxy.get('/p'))).toBe('seawall; fwd=stale; ttl=-65; detail=stale-if-error')
  })

  it('revalidated, or replaced', async () => {
    const { proxy, clock, origin } = await stored()
    clock.advance(125_000)
    origin.on(answer(SWR, '', 304))
    expect(valid(await proxy.get('/p'))).toBe('seawall; fwd=stale; fwd-status=304; ttl=60')
    clock.advance(125_000)
    origin.on(answer({ ...SWR, etag: '"2"' }, 'new'))
    expect(valid(await proxy.get('/p'))).toBe('seawall; fwd=stale; fwd-status=200; stored')
  })

  it('forwarded since the request asked for it', async () => {
    const { proxy } = await stored({ 'cache-control': 'max-age=60' })
    expect(valid(await proxy.get('/p', { headers: { 'cache-control': 'no-cache' } }))).toBe('seawall; fwd=request; fwd-status=200; stored')
    expect(valid(await proxy.get('/p'))).toBe('seawall; hit; ttl=60')
  })

  it('another variant', async () => {
    const { proxy } = await stored({ ...FRESH, vary: 'accept-language' })
    expect(valid(await proxy.get('/p', { headers: { 'accept-language': 'de' } }))).toBe('seawall; fwd=vary-miss; fwd-status=200; stored')
  })

  it('collapsed into another one\'s fetch', async () => {
    const gate = barrier()
    const { proxy } = await stand({}, async (request, response) => {
      await gate.passed
      answer(FRESH)(request, response, 1)
    })
    const replies = [proxy.get('/p'), proxy.get('/p')]
    await waiting(proxy, 1)
    gate.open()
    expect((await Promise.all(replies)).map(valid).sort()).toEqual([
      'seawall; fwd=uri-miss; fwd-status=200; stored', 'seawall; fwd=uri-miss; fwd-status=200; stored; collapsed'
    ])
  })

  it('refused, by the request\'s own wish', async () => {
    const { proxy, origin } = await stand()
    const reply = await proxy.get('/p', { headers: { 'cache-control': 'only-if-cached' } })
    expect(reply.status).toBe(504)
    expect(valid(reply)).toBe('seawall; detail=only_if_cached')
    expect(origin.count()).toBe(0)
  })

  it('failed, and how', async () => {
    const { proxy, origin } = await stand({ routes: [{ hosts: ['127.0.0.1'] }] })
    await origin.stop()
    expect(valid(await proxy.get('/p'))).toBe('seawall; fwd=uri-miss; detail=origin_refused')
    expect(valid(await proxy.get('/p', { method: 'DELETE' }))).toBe('seawall; fwd=method; detail=origin_refused')
    expect(valid(await proxy.get('/p', { headers: { host: 'other.example' } }))).toBe('seawall; detail=misdirected')
  })
})

it('stands behind what caches nearer to the origin said', async () => {
  const { proxy } = await stand({}, answer({ ...FRESH, 'cache-status': 'Inner; hit; ttl=9, "Outer, Ltd"; fwd=stale' }))
  for (const own of ['seawall; fwd=uri-miss; fwd-status=200; stored', 'seawall; hit; ttl=60']) {
    expect(cacheStatus(await proxy.get('/p'))).toBe(`Inner; hit; ttl=9, "Outer, Ltd"; fwd=stale, ${own}`)
  }
})

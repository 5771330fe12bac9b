/** What a HEAD that went to the origin does to a stored GET (RFC 9111 §4.3.5). */
import { describe, expect, it } from 'vitest'
import { barrier } from '../support/barrier.js'
import type { Reply } from '../support/client.js'
import { quiet } from '../support/fills.js'
import { cacheStatus, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()
const FIELDS = { 'Cache-Control': 'max-age=60, stale-while-revalidate=600', Version: '1' }

/** A stored GET without validators, which a HEAD alone can speak of; `head` and its status answer HEADs. */
async function stored (head: Record<string, string>, status = 200, staging: { route?: object, config?: object } = {}): Promise<Scene> {
  const s = await scene(staging)
  s.origin.on(({ method }, response) => {
    if (method === 'HEAD') response.writeHead(status, head).end()
    else response.writeHead(200, { ...FIELDS, 'Content-Length': '4', 'Surrogate-Key': 'k' }).end('body')
  })
  await s.get('/')
  return s
}

function head (s: Scene, headers: Record<string, string> = {}): Promise<Reply> {
  return s.proxy.get('/', { method: 'HEAD', headers })
}

/** Goes to the origin although what is stored is fresh. */
const FRESH = { 'cache-control': 'no-cache' }
const LONGER = { 'Cache-Control': 'max-age=1000', Version: '2', 'Content-Length': '4' }

describe('a 200 to a HEAD', () => {
  it('that agrees with what is stored freshens it and replaces its fields', async () => {
    const s = await stored(LONGER)
    expect((await head(s, FRESH)).headers).toMatchObject({ version: '2', 'content-length': '4' })
    expect(s.origin.seen.map(({ method }) => method)).toEqual(['GET', 'HEAD'])
    s.pass(999)
    const got = await s.get('/')
    expect(isHit(got)).toBe(true)
    expect(got).toMatchObject({ body: 'body', headers: { version: '2', age: '999', 'cache-control': 'max-age=1000' } })
    await s.proxy.purge({ tags: ['k'] })
    expect(isHit(await s.get('/'))).toBe(false)
  })

  it.each([
    ['of another length', { ...LONGER, 'Content-Length': '5' }],
    ['with a validator that is not stored', { ...LONGER, ETag: '"b"' }]
  ])('%s makes what is stored stale, not unusable', async (_, fields) => {
    const s = await stored(fields)
    await head(s, FRESH)
    const got = await s.get('/')
    expect(got.body).toBe('body')
    expect(cacheStatus(got)).toBe('seawall; hit; ttl=0; detail=stale-while-revalidate')
    expect(got.headers['version']).toBe('1')
    await quiet(s.proxy)
    expect(isHit(await s.get('/', { 'cache-control': 'max-age=60' }))).toBe(true)
    expect(s.origin.seen.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'GET'])
  })

  it.each([
    ['without length and validators', 200, { 'Cache-Control': 'max-age=1000' }],
    ['unless it is a 200', 404, { ...LONGER, 'Content-Length': '5' }]
  ])('says nothing %s', async (_, status, fields) => {
    const s = await stored(fields, status)
    await head(s, FRESH)
    s.pass(59)
    expect(isHit(await s.get('/'))).toBe(true)
    s.pass(1)
    expect(cacheStatus(await s.get('/'))).toContain('detail=stale-while-revalidate')
  })

  it('that forbids storing ends what is stored', async () => {
    const s = await stored({ ...LONGER, 'Cache-Control': 'no-store' })
    await head(s, FRESH)
    expect(isHit(await s.get('/', { 'cache-control': 'only-if-cached' }))).toBe(false)
  })

  it('revives nothing that was purged, before or meanwhile', async () => {
    const s = await stored(LONGER)
    await s.proxy.purge({ urls: [`${s.proxy.url}/`] })
    await head(s)
    expect(isHit(await s.get('/'))).toBe(false)
    const asked = barrier()
    const purged = barrier()
    s.origin.on(async (_, response) => {
      asked.open()
      await purged.passed
      response.writeHead(200, LONGER).end()
    })
    const heading = head(s, FRESH)
    await asked.passed
    await s.proxy.purge({ urls: [`${s.proxy.url}/`] })
    purged.open()
    await heading
    expect(isHit(await s.get('/', { 'cache-control': 'only-if-cached' }))).toBe(false)
  })

  it('adds its tags, and what they were purged by meanwhile', async () => {
    const s = await stored(LONGER)
    const asked = barrier()
    const purged = barrier()
    s.origin.on(async (_, response) => {
      asked.open()
      await purged.passed
      response.writeHead(200, { ...LONGER, 'Surrogate-Key': 'late' }).end()
    })
    const heading = head(s, FRESH)
    await asked.passed
    await s.proxy.purge({ tags: ['late'] })
    purged.open()
    await heading
    expect(isHit(await s.get('/', { 'cache-control': 'only-if-cached' }))).toBe(false)
  })
})

it('a HEAD that is passed for another reason changes nothing', async () => {
  const s = await stored({ ...LONGER, 'Content-Length': '5' })
  for (const headers of [{ 'cache-control': 'no-store' }, { 'if-match': '"b"' }]) await head(s, headers as Record<string, string>)
  expect(s.origin.count()).toBe(3)
  expect(cacheStatus(await s.get('/'))).toBe('seawall; hit; ttl=60')
})

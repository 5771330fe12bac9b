/** Cache groups (RFC 9875): what a write names goes, and nothing else. */
import { describe, expect, it } from 'vitest'
import { barrier } from '../support/barrier.js'
import { ask } from '../support/client.js'
import { isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()

/** Stores /a in "one", /ab in both, /b in "two" and /none in none. */
async function grouped (config: object = {}): Promise<Scene> {
  const s = await scene({ config })
  serve(s)
  for (const path of PATHS) await s.get(path)
  return s
}

const GROUPS: Record<string, string> = { '/a': '"one"', '/ab': '"one", "two";x=1', '/b': '"two"' }
const PATHS = ['/a', '/ab', '/b', '/none']

/** A write is answered with `fields`. */
function serve (s: Scene, fields: Record<string, string> = {}, status = 200): void {
  s.origin.on(({ method, url }, response) => {
    if (method !== 'GET') response.writeHead(status, fields).end()
    else response.writeHead(200, { 'Cache-Control': 'max-age=60', ...(GROUPS[url] === undefined ? {} : { 'Cache-Groups': GROUPS[url] }), ...(url.startsWith('/read') ? fields : {}) }).end(url)
  })
}

async function write (s: Scene, fields: Record<string, string>, status = 200, method = 'POST', headers: Record<string, string> = {}): Promise<void> {
  serve(s, fields, status)
  expect((await ask(`${s.proxy.url}/write`, { method, headers })).status).toBe(status)
}

/** Which of what was stored still is. */
async function held (s: Scene): Promise<string[]> {
  const kept: string[] = []
  for (const path of PATHS) if (isHit(await s.get(path, { 'cache-control': 'only-if-cached' }))) kept.push(path)
  return kept
}

const ONE = { 'Cache-Group-Invalidation': '"one"' }

describe('Cache-Group-Invalidation (§3)', () => {
  it('takes what is in the groups it lists', async () => {
    const s = await grouped()
    await write(s, ONE)
    expect(await held(s)).toEqual(['/b', '/none'])
    await write(s, { 'Cache-Group-Invalidation': '"three", "two";now' }, 303, 'PROPPATCH')
    expect(await held(s)).toEqual(['/none'])
  })

  it('does not cascade: what shares another group with what went stays (§2.2.1)', async () => {
    const s = await grouped()
    await write(s, ONE)
    expect(await held(s)).toContain('/b')
  })

  it.each(['GET', 'OPTIONS', 'QUERY'])('is ignored on the answer to a %s (safe)', async method => {
    const s = await grouped()
    serve(s, ONE)
    await ask(`${s.proxy.url}/read`, { method })
    expect(await held(s)).toEqual(PATHS)
  })

  it.each([404, 500])('is ignored on a %i: the write failed (RFC 9111 §4.4)', async status => {
    const s = await grouped()
    await write(s, ONE, status)
    expect(await held(s)).toEqual(PATHS)
  })

  it.each(['one', '"one', '"one", two', '("one")', '"One"', '""'])('naming %j names no group that is stored', async value => {
    const s = await grouped()
    await write(s, { 'Cache-Group-Invalidation': value })
    expect(await held(s)).toEqual(PATHS)
  })

  it('concerns the origin that sent it alone (§2.1)', async () => {
    const s = await grouped()
    await write(s, ONE, 200, 'POST', { host: 'other.example' })
    expect(await held(s)).toEqual(PATHS)
  })

  it('is carried out before the writer has the head of the answer, and concerns fetches under way', async () => {
    const s = await grouped()
    const asked = barrier()
    const answered = barrier()
    let state = 'old'
    s.origin.on(async ({ method }, response) => {
      if (method === 'GET') {
        const seen = state
        asked.open()
        await answered.passed
        response.writeHead(200, { 'Cache-Control': 'max-age=60', 'Cache-Groups': '"one"' }).end(seen)
      } else response.writeHead(200, ONE).end()
    })
    const old = s.get('/new')
    await asked.passed
    await ask(`${s.proxy.url}/write`, { method: 'POST' })
    state = 'new'
    answered.open()
    expect((await old).body).toBe('new')
    expect((await s.get('/new', { 'cache-control': 'only-if-cached' })).body).toBe('new')
  })
})

it('Surrogate-Key cannot join a group, nor a group a tag', async () => {
  const s = await grouped()
  await s.proxy.purge({ tags: ['one', 'group:one'] })
  expect(await held(s)).toEqual(PATHS)
})

it('a 304 adds to the groups of what it validates', async () => {
  const s = await scene()
  s.origin.on(({ method, headers }, response) => {
    if (method === 'POST') return void response.writeHead(204, ONE).end()
    const known = headers['if-none-match'] === '"v"'
    response.writeHead(known ? 304 : 200, { 'Cache-Control': 'max-age=60', ETag: '"v"', ...(known ? { 'Cache-Groups': '"one"' } : {}) })
    response.end(known ? undefined : 'body')
  })
  await s.get('/')
  s.pass(61)
  await s.get('/')
  expect(isHit(await s.get('/'))).toBe(true)
  await ask(`${s.proxy.url}/write`, { method: 'POST' })
  expect(isHit(await s.get('/'))).toBe(false)
})

/** An answer from the store that is given again is what looking it up anew would give. */
import { describe, expect, it } from 'vitest'
import { connect, type RawConnection } from '../support/client.js'
import { answer } from '../support/origin.js'
import { cacheStatus, isHit, scenes, type Scene } from '../support/scene.js'

const scene = scenes()
const FRESH = { 'cache-control': 'max-age=60', etag: '"v1"' }

/** A scene a quarter of a second old whose path / is stored and has been given from the store three times. */
async function warmed (pace: number, headers: Record<string, string> = {}): Promise<Scene> {
  const s = await scene()
  s.origin.on(answer({ ...FRESH, ...headers }, 'first'))
  await s.get('/')
  s.pass(0.25 - 3 * pace)
  for (let i = 0; i < 3; i++) {
    expect(isHit(await s.get('/'))).toBe(true)
    s.pass(pace)
  }
  return s
}

async function over (client: RawConnection, fields: string, wanted: RegExp, version = '1.1'): Promise<string> {
  const before = client.text().length
  client.write(`GET / HTTP/${version}\r\nHost: h\r\n${fields}\r\n`)
  return (await client.until(wanted)).slice(before)
}

describe.each([['all the time', 0], ['now and then', 0.01]])('an answer that is given %s', (_, pace) => {
  const warm = (headers?: Record<string, string>): Promise<Scene> => warmed(pace, headers)

  it('grows older by the second', async () => {
    const s = await warm()
    const told = async (): Promise<unknown[]> => {
      const reply = await s.get('/')
      return [reply.headers['age'], cacheStatus(reply)]
    }
    expect(await told()).toEqual(['0', 'seawall; hit; ttl=59'])
    s.pass(0.75)
    expect(await told()).toEqual(['1', 'seawall; hit; ttl=59'])
    s.pass(0.5)
    for (let i = 0; i < 2; i++) expect(await told()).toEqual(['1', 'seawall; hit; ttl=58'])
    s.pass(59)
    expect(isHit(await s.get('/'))).toBe(false)
  })

  it('is not given once it was purged, hard or soft', async () => {
    for (const mode of ['hard', 'soft']) {
      const s = await warm({ 'surrogate-key': 'tag' })
      await s.proxy.purge({ tags: ['tag'], mode })
      expect(isHit(await s.get('/')), mode).toBe(false)
    }
  })

  it('gives way to what was stored since', async () => {
    const s = await warm()
    s.origin.on(answer({ ...FRESH, etag: '"v2"' }, 'second'))
    await s.get('/', { 'cache-control': 'no-cache' })
    expect((await s.get('/')).body).toBe('second')
  })

  it.each([
    ['Vary', {}, ['x-a']], ['Vary and the route', { route: { key: { headers: ['x-plan'] } } }, ['x-a', 'x-plan']]
  ])('is given to those alone whom %s selects it for', async (_by, staging, names) => {
    const s = await scene(staging)
    const chosen = (headers: object): string => JSON.stringify(names.map(name => (headers as Record<string, string>)[name]))
    s.origin.on((request, response, count) => answer({ ...FRESH, vary: 'x-a' }, chosen(request.headers))(request, response, count))
    const requests = ['1', '2'].flatMap(a => ['gold', 'free'].map(plan => ({ 'x-a': a, 'x-plan': plan })))
    for (const headers of requests) await s.get('/', headers)
    s.pass(0.25)
    for (let i = 0; i < 4; i++) {
      s.pass(pace)
      for (const headers of requests) expect((await s.get('/', headers)).body).toBe(chosen(headers))
    }
  })

  it('is not given to those who ask otherwise', async () => {
    const s = await warm()
    const condition = { 'if-none-match': '"v1"' }
    for (let i = 0; i < 3; i++) expect((await s.get('/', condition)).status).toBe(304)
    for (let i = 0; i < 3; i++) expect((await s.get('/', { 'if-none-match': '"v0"' })).body).toBe('first')
    expect((await s.get('/')).status).toBe(200)
    expect((await s.get('/', { ...condition, 'cache-control': 'max-age=0' })).headers['cache-status']).not.toMatch(/hit/)
    expect((await s.get('/', { range: 'bytes=0-0' })).status).toBe(206)
    expect((await s.proxy.get('/', { method: 'HEAD' })).body).toBe('')
    expect((await s.get('/', { host: 'other' })).headers['cache-status']).not.toMatch(/hit/)
  })

  it('is framed for the connection it goes over', async () => {
    const s = await warm()
    await s.get('/', { host: 'h' })
    s.pass(0.25)
    const client = await connect(s.proxy.port)
    const live = await over(client, '', /first$/)
    expect(live).toMatch(/Content-Length: 5\r\n\r\nfirst$/)
    expect(await over(client, '', /first[^]*first$/)).toBe(live)
    const bare = await over(client, 'If-None-Match: "v1"\r\n', /304[^]*\r\n\r\n$/)
    expect(bare).not.toMatch(/content-length: 0/i)
    expect(await over(client, 'If-None-Match: "v1"\r\n', /304[^]*304[^]*\r\n\r\n$/)).toBe(bare)
    expect(await over(client, '', /first$/, '1.0')).toMatch(/Connection: close\r\n[^]*first$/)
    expect(await client.closed).toBe('end')
    client.socket.destroy()
  })
})

/** Several processes behind one socket: one cache to their clients. */
import { expect, it, describe } from 'vitest'
import { until } from '../support/barrier.js'
import { ask, type Reply } from '../support/client.js'
import { all, children, counted, crew, FRESH, stats } from '../support/crew.js'
import { answer } from '../support/origin.js'
import { portToGive } from '../support/program.js'
import { isHit } from '../support/scene.js'
import { startSeawall } from '../support/seawall.js'

const bodies = (replies: readonly Reply[]): string[] => [...new Set(replies.map(reply => reply.body))]

describe('workers', { timeout: 60_000 }, () => {
  it('are ready once they accept, not before', async () => {
    const [listen, admin] = [await portToGive(), await portToGive()]
    const starting = startSeawall(['--listen', `127.0.0.1:${listen}`, '--admin', `127.0.0.1:${admin}`, '--origin', 'http://127.0.0.1:1', '--workers', '2'])
    const said: string[] = []
    await until('it is ready', async () => {
      const reply = await ask(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined)
      if (reply !== undefined) said.push(`${reply.status} ${reply.body}`)
      return reply?.status === 200
    })
    expect((await ask(`http://127.0.0.1:${listen}/`)).status).toBe(502)
    expect(said[0]).toMatch(/^503 .*"starting":true/)
    await starting
  })

  it('fetch a key once for all of them, also what streams, and then have it each', async () => {
    const c = await crew(async (_, response, count) => {
      response.writeHead(200, FRESH)
      response.write('first ')
      await until('all are there', async () => ((await stats(c))['connections']!['open'] ?? 0) >= 100)
      response.end(`and last ${count}`)
    })
    const replies = await all(c, 100, '/a')
    expect([bodies(replies), c.origin.count()]).toEqual([['first and last 1'], 1])
    for (let i = 0; i < 10; i++) expect(isHit(await c.get('/a'))).toBe(true)
    expect(c.origin.count()).toBe(1)
    const { relayed } = await stats(c) as unknown as { relayed: number }
    expect(relayed).toBeGreaterThan(10)
  })

  it('fetch a key once for all of them, whatever else is written meanwhile', async () => {
    const c = await crew(counted)
    const read = new AbortController()
    const write = async (writer: number): Promise<void> => {
      for (let i = 0; !read.signal.aborted; i++) await c.get(`/written/${writer}/${i}`, { method: 'POST' })
    }
    const writers = [0, 1, 2, 3].map(write)
    const keys = Array.from({ length: 40 }, (_, i) => `/read/${i}`)
    for (const key of keys) await all(c, 8, key)
    read.abort()
    await Promise.all(writers)
    expect(keys.filter(key => c.origin.count(key) !== 1)).toEqual([])
  })

  it('hold a purge before it is answered, whichever took what it concerns', async () => {
    const c = await crew(counted)
    for (let i = 0; i < 5; i++) {
      const before = bodies(await all(c, 8, '/a'))
      expect(before).toHaveLength(1)
      // again, so that those who do not own it have a copy
      await all(c, 8, '/a')
      expect(await c.purge(i % 2 === 0 ? { tags: ['tag'] } : { urls: ['http://shop.test/a'] })).toMatchObject({ status: 200, body: expect.stringContaining('"unreachable":[]') as string })
      const after = bodies(await all(c, 8, '/a'))
      expect(after).toHaveLength(1)
      expect(after).not.toEqual(before)
    }
  })

  it('use no copy that a client had its owner outdate', async () => {
    const c = await crew(counted)
    const everywhere = async (): Promise<string[]> => bodies(await all(c, 8, '/a'))
    expect(await everywhere()).toEqual(['body 1'])
    for (let i = 2; i < 5; i++) {
      // so that who does not own it has a copy
      for (let j = 0; j < 4; j++) await everywhere()
      expect((await c.get('/a', { headers: { 'cache-control': 'no-cache' } })).body).toBe(`body ${i}`)
      await until('all have heard', async () => (await everywhere()).join() === `body ${i}`)
    }
    expect(c.origin.count()).toBe(4)
  })

  it('let whoever wrote read what they wrote, whichever worker they meet', async () => {
    const c = await crew(counted)
    for (let i = 0; i < 5; i++) {
      await all(c, 8, '/a')
      const before = c.origin.seen.length
      await c.get('/a', { method: 'PUT' })
      const after = bodies(await all(c, 8, '/a'))
      expect(after.every(body => Number(body.slice(5)) > before + 1)).toBe(true)
    }
  })

  it('tell requests apart as one process does: Vary, Range, conditions, HEAD, credentials', async () => {
    const c = await crew((request, response, count) => {
      const language = String(request.headers['accept-language'])
      if (request.url === '/mine') return answer({ 'Cache-Control': 'max-age=600' }, `for ${request.headers['authorization']}`)(request, response, count)
      answer({ ...FRESH, Vary: 'Accept-Language', ETag: `"${language}"` }, language)(request, response, count)
    })
    for (let i = 0; i < 4; i++) {
      for (const language of ['de', 'en']) expect(bodies(await all(c, 3, '/a', { 'accept-language': language }))).toEqual([language])
      expect((await c.get('/a', { headers: { 'accept-language': 'de', range: 'bytes=0-0' } })).body).toBe('d')
      expect((await c.get('/a', { headers: { 'accept-language': 'de', 'if-none-match': '"de"' } })).status).toBe(304)
      expect((await c.get('/a', { method: 'HEAD', headers: { 'accept-language': 'de' } })).headers['content-length']).toBe('2')
      for (const name of ['a', 'b']) expect((await c.get('/mine', { headers: { authorization: name } })).body).toBe(`for ${name}`)
    }
    expect(c.origin.count('/a')).toBe(2)
  })

  it('pass on what is uncacheable themselves once they know', async () => {
    const c = await crew((request, response, count) => { answer({ 'Cache-Control': 'private' }, `body ${count}`)(request, response, count) })
    await all(c, 20, '/a')
    const before = (await stats(c)) as unknown as { relayed: number }
    const replies = await all(c, 20, '/a')
    expect(new Set(replies.map(reply => reply.body)).size).toBe(20)
    expect((await stats(c) as unknown as { relayed: number }).relayed).toBe(before.relayed)
  })

  it('are replaced when they die, their part falling to the others meanwhile', async () => {
    const c = await crew(counted)
    await all(c, 8, '/a')
    const [victim] = await children(c)
    process.kill(victim!, 'SIGKILL')
    // a connection that was on its way to the dead is closed, not left open; all others are answered
    await until('another has taken its place', async () => {
      const reply = await c.get('/a').catch(() => undefined)
      expect(reply?.status ?? 200).toBe(200)
      const now = await children(c)
      return now.length === 2 && !now.includes(victim!)
    }, 40_000)
    expect(c.seawall.log().filter(line => line['msg'] === 'a worker ended; another takes its place')).toHaveLength(1)
    await until('it serves', async () => (await c.purge({ all: true })).body.includes('"applied":3'), 40_000)
  })

  it('end in order when told to', async () => {
    const c = await crew(counted)
    await all(c, 8, '/a')
    expect(await c.seawall.stop('SIGTERM')).toBe(0)
    await expect(c.get('/a')).rejects.toThrow()
  })
})

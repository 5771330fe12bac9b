/** Processes that take another's place begin as that one did. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { all, children, counted, crew, said, stats, type Crew } from '../support/crew.js'
import { ANYWHERE, emptyFolder, runSeawall } from '../support/seawall.js'

/** The first worker is dead, and another serves in its place. */
async function replaceOne (c: Crew): Promise<void> {
  process.kill((await children(c))[0]!, 'SIGKILL')
  await until('its end is known', () => said(c, 'a worker ended; another takes its place').length > 0)
  await until('another serves', async () => (await c.purge({ all: true })).body.includes('"applied":3'), 30_000)
}

describe('a worker that takes the place of another', { timeout: 60_000 }, () => {
  it.each([
    ['holds something else', JSON.stringify({ routes: [{ cache: false }] })],
    ['is half written', '{ "routes": [{ "cache"']
  ])('serves as that one did, though the configuration by now %s', async (_, text) => {
    const c = await crew(counted, 2, { routes: [{ match: '*' }] })
    await writeFile(String(said(c, 'listening')[0]!['config']), text)
    await replaceOne(c)
    for (let i = 0; i < 4; i++) {
      const ways = (await all(c, 4, `/${i}`)).map(reply => String(reply.headers['cache-status']))
      expect(ways.filter(way => way.includes('detail=route'))).toEqual([])
    }
    expect(said(c, 'a worker ended; another takes its place')).toHaveLength(1)
  })

  it('listens where that one did, though the system chose the port and nobody listens there any more', async () => {
    const c = await crew(counted)
    for (let i = 1; i <= 2; i++) {
      for (const pid of await children(c)) process.kill(pid, 'SIGKILL')
      await until('all are gone', () => said(c, 'a worker ended; another takes its place').length === 2 * i)
      await until('it serves', async () => (await c.get('/a').catch(() => undefined))?.status === 200)
      await until('so does the other', async () => (await stats(c))['workers']!['accepting'] === 2)
    }
    expect(said(c, 'a worker could not be replaced yet')).toEqual([])
  })
})

describe('workers', () => {
  it('say which path is too long where they cannot listen for one another', async () => {
    const folder = join(emptyFolder(), 'x'.repeat(90))
    await mkdir(folder)
    const { code, stderr } = await runSeawall(['start', ...ANYWHERE, '--origin', 'http://127.0.0.1:1', '--workers', '2'], { env: { TMPDIR: folder } })
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^seawall: .*x{90}.* too long .*TMPDIR.*\n$/)])
  })
})

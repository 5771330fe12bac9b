/** Workers that live and do nothing: as good as dead, and noticed. */
import { describe, expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { ask } from '../support/client.js'
import { all, children, counted, crew, freeze, said } from '../support/crew.js'

describe('a worker that stands still', { timeout: 60_000 }, () => {
  it('is replaced as one that died is, and does not keep its keys from the others', async () => {
    const c = await crew(counted)
    await all(c, 8, '/a')
    const [victim] = await children(c)
    freeze(victim!)
    let answered = 0
    const asked = Promise.allSettled(Array.from({ length: 20 }, async (_, i) => {
      if ((await c.get(`/${i}`)).status === 200) answered++
    }))
    // at most one connection is handed to who does not take it
    await until('all but one are answered', () => answered >= 19, 20_000)
    expect(said(c, 'a worker stands still; it is ended')).toEqual([])
    await until('another has taken its place', async () => {
      const now = await children(c)
      return now.length === 2 && !now.includes(victim!)
    }, 40_000)
    await asked
    expect(said(c, 'a worker stands still; it is ended')).toEqual([expect.objectContaining({ pid: victim })])
    expect(said(c, 'a worker ended; another takes its place')).toHaveLength(1)
    await until('it serves', async () => (await c.purge({ all: true })).body.includes('"applied":3'), 40_000)
  })

  it('keeps nobody from the numbers, nor the program from its end', async () => {
    const c = await crew(counted, 2, { limits: { drain: '1s' } })
    const [victim] = await children(c)
    freeze(victim!)
    for (const path of ['metrics', 'stats']) expect((await ask(`${c.seawall.adminUrl}/${path}`)).status).toBe(200)
    expect(await c.seawall.stop('SIGTERM')).toBe(0)
  })
})

/** Several processes told to end: none is forgotten. */
import { describe, expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { children, counted, crew, said } from '../support/crew.js'

describe('workers told to end', { timeout: 60_000 }, () => {
  it('do so though one has only just begun', async () => {
    const c = await crew(counted)
    const [victim] = await children(c)
    process.kill(victim!, 'SIGKILL')
    await until('another begins', async () => {
      const now = await children(c)
      return now.length === 2 && !now.includes(victim!)
    })
    expect(await c.seawall.stop('SIGTERM')).toBe(0)
    expect(said(c, 'workers did not end in time; they are ended')).toEqual([])
  })
})

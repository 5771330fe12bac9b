/** Workers that live and do nothing: as good as dead, and noticed. */
import { describe, expect, it } from 'vitest'
import { ask } from '../support/client.js'
import { children, counted, crew, freeze } from '../support/crew.js'

describe('a worker that stands still', { timeout: 60_000 }, () => {
  it('keeps nobody from the numbers, nor the program from its end', async () => {
    const c = await crew(counted, 2, { limits: { drain: '1s' } })
    const [victim] = await children(c)
    freeze(victim!)
    for (const path of ['metrics', 'stats']) expect((await ask(`${c.seawall.adminUrl}/${path}`)).status).toBe(200)
    expect(await c.seawall.stop('SIGTERM')).toBe(0)
  })
})

/** Several processes told to end: none is forgotten, and none ends while another still needs it. */
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { connect } from '../support/client.js'
import { children, counted, crew, FRESH, said, stats, type Crew } from '../support/crew.js'
import { owned, seats } from '../support/seats.js'

/** Nobody listens any more. Those that may end do so in the turns that follow, of which a question each takes one. */
async function allDrain (c: Crew): Promise<void> {
  await until('nobody new is taken', async () => {
    try {
      const { socket } = await connect(Number(new URL(c.seawall.url).port))
      socket.destroy()
      return false
    } catch (thrown) {
      return (thrown as NodeJS.ErrnoException).code === 'ECONNREFUSED'
    }
  })
  for (let i = 0; i < 10; i++) await stats(c)
}

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

  it.each(['as it comes', 'before it begins'])('pass on what comes from another, %s, until it is whole', async when => {
    const [asked, going] = [barrier(), barrier()]
    const c = await crew(async (request, response) => {
      if (!request.url.startsWith('/slow')) return counted(request, response, 0)
      response.writeHead(200, FRESH)
      if (when === 'as it comes') response.write('first ')
      else asked.open()
      await going.passed
      response.end('last')
    })
    const [zero, one] = await seats(c)
    one.leave()
    const reply = zero.get(owned(1, '/slow'), { onChunk: () => { asked.open() } })
    await asked.passed
    const ended = c.seawall.stop('SIGTERM')
    await allDrain(c)
    going.open()
    expect((await reply).body).toMatch(/last$/)
    expect(await ended).toBe(0)
    expect(c.origin.seen.filter(({ url }) => url.startsWith('/slow'))).toHaveLength(1)
  })

  it('wait for one another no longer than for their clients', async () => {
    const asked = barrier()
    const c = await crew((request, response) => {
      if (!request.url.startsWith('/slow')) return counted(request, response, 0)
      response.writeHead(200, FRESH)
      response.write('first ')
    }, 2, { limits: { drain: '1s' } })
    const [zero] = await seats(c)
    const cut = zero.get(owned(1, '/slow'), { onChunk: () => { asked.open() } }).catch((error: NodeJS.ErrnoException) => error.code)
    await asked.passed
    expect(await c.seawall.stop('SIGTERM')).toBe(0)
    expect(await cut).toBe('ECONNRESET')
    expect(said(c, 'workers did not end in time; they are ended')).toEqual([])
  })
})

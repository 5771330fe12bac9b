/** What is told of several processes together. */
import { describe, expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { ask } from '../support/client.js'
import { children, counted, crew, freeze, type Crew } from '../support/crew.js'
import { portToGive } from '../support/program.js'

async function metric (c: Crew, name: string): Promise<number> {
  const { body } = await ask(`${c.seawall.adminUrl}/metrics`)
  return Number(body.split('\n').find(line => line.startsWith(`${name} `))?.split(' ').at(-1))
}

const MISSES = 'seawall_requests_total{outcome="miss"}'

/** One connection each, so that both workers count. */
async function missed (c: Crew): Promise<void> {
  for (let i = 0; i < 10; i++) await c.get(`/${i}`)
  expect(await metric(c, MISSES)).toBe(10)
}

describe('what workers count', { timeout: 60_000 }, () => {
  it('never goes down, whoever is replaced', async () => {
    const c = await crew(counted)
    await missed(c)
    expect([await metric(c, 'seawall_workers'), await metric(c, 'seawall_worker_restarts_total')]).toEqual([2, 0])
    process.kill((await children(c))[0]!, 'SIGKILL')
    await until('another has taken its place', async () => {
      expect(await metric(c, MISSES)).toBe(10)
      return await metric(c, 'seawall_worker_restarts_total') === 1 && await metric(c, 'seawall_workers') === 2
    }, 40_000)
    expect([await metric(c, MISSES), await metric(c, 'seawall_connections_open')]).toEqual([10, 0])
  })

  it('counts as it was last told of one that does not answer', async () => {
    const c = await crew(counted)
    await missed(c)
    freeze((await children(c))[0]!)
    expect(await metric(c, MISSES)).toBe(10)
  })

  it('says that it is not ready while none of them accepts', async () => {
    const c = await crew(counted, 2, undefined, `127.0.0.1:${await portToGive()}`)
    const ready = async (): Promise<string> => {
      const { status, body } = await ask(`${c.seawall.adminUrl}/readyz`)
      return `${status} ${body.trim()}`
    }
    expect(await ready()).toBe('200 {"workers":2,"ready":true}')
    for (const child of await children(c)) process.kill(child, 'SIGKILL')
    await until('it is not ready', async () => await ready() === '503 {"workers":0,"ready":false}')
    await until('it is ready again', async () => await ready() === '200 {"workers":2,"ready":true}', 40_000)
    expect((await c.get('/a')).status).toBe(200)
  })
})

/** Several processes of one machine that share a Redis. */
import { expect, it } from 'vitest'
import { until } from '../support/barrier.js'
import { children, counted, crew, said } from '../support/crew.js'
import { joined } from '../support/redis-crew.js'
import { describeWithRedis, startRedis } from '../support/redis.js'

describeWithRedis('workers that share Redis', () => {
  it('wait for none that died: it is a member no more', async () => {
    const redis = await startRedis()
    const c = await crew(counted, 2, { cache: { redis: { url: redis.url } } })
    await until('they have joined', () => joined(c.seawall), 20_000)
    const whole = expect.stringContaining('"applied":3,"unreachable":[]') as string
    await until('all are members', async () => (await c.purge({ all: true })).body.includes('"applied":3'), 20_000)
    process.kill((await children(c))[0]!, 'SIGKILL')
    await until('its end is known', () => said(c, 'a worker ended; another takes its place').length > 0)
    await until('another is a member', async () => (await c.purge({ all: true })).body.includes('"applied":3'), 40_000)
    expect(await c.purge({ all: true })).toMatchObject({ status: 200, body: whole })
    const fields = redis.cli('HKEYS', redis.cli('KEYS', '*meta*')).split('\n')
    expect(fields.filter(field => field.startsWith('m:'))).toHaveLength(3)
    expect(await c.seawall.stop('SIGTERM')).toBe(0)
    expect(redis.cli('HKEYS', redis.cli('KEYS', '*meta*'))).not.toContain('m:')
    expect(said(c, 'a worker that ended is still a member of the log: purges will wait for it')).toEqual([])
  }, 90_000)
})

/** One Redis of several servers: a cluster of three masters, and a master that sentinels replace. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { until } from '../support/barrier.js'
import { answer, startOrigin, type TestOrigin } from '../support/origin.js'
import { portToGive } from '../support/program.js'
import { before, startProxy, type TestProxy } from '../support/proxy.js'
import { get, joined } from '../support/redis-crew.js'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js'
import { isHit } from '../support/scene.js'

const LONG = { timeout: 90_000 }

async function pair (redis: object): Promise<{ origin: TestOrigin, one: TestProxy, other: TestProxy }> {
  const origin = await startOrigin()
  onTestFinished(() => origin.stop())
  origin.on((request, response, count) => { answer({ 'Cache-Control': 'max-age=600', 'Surrogate-Key': 'tag' }, `body ${count}`)(request, response, count) })
  const join = async (): Promise<TestProxy> => {
    const proxy = await startProxy(before(origin, { cache: { redis: { timeout: '2s', maxLag: '500ms', ...redis } } }))
    onTestFinished(() => { proxy.stop() })
    await until('it has joined', () => joined(proxy), 30_000)
    return proxy
  }
  return { origin, one: await join(), other: await join() }
}

/** Stored by one, found by the other; purged by one, gone in both. */
async function share ({ one, other }: { one: TestProxy, other: TestProxy }, names: readonly string[]): Promise<void> {
  for (const name of names) await get(one, `/${name}`)
  for (const name of names) expect(isHit(await get(other, `/${name}`)), name).toBe(true)
  expect((await one.purge({ tags: ['tag'] })).status).toBe(200)
  for (const name of names) for (const proxy of [other, one]) {
    const reply = await get(proxy, `/${name}`)
    expect(Number(reply.body.slice(5)), name).toBeGreaterThan(names.length)
  }
}

describeWithRedis('several servers', () => {
  it('are a cluster: keys lie on all of its masters', LONG, async () => {
    const masters = [await startMaster(), await startMaster(), await startMaster()]
    const servers = masters.map(({ server }) => server)
    execFileSync('redis-cli', ['--cluster', 'create', ...masters.map(({ server, bus }) => `127.0.0.1:${server.port}@${bus}`), '--cluster-yes'], { encoding: 'utf8' })
    await until('it is whole', () => servers.every(server => server.cli('CLUSTER', 'INFO').includes('cluster_state:ok')), 30_000)
    const crew = await pair({ cluster: servers.slice(0, 2).map(({ url }) => url) })
    await share(crew, Array.from({ length: 30 }, (_, i) => `k${i}`))
    expect(servers.map(server => Number(server.cli('DBSIZE'))).every(count => count > 0)).toBe(true)
  })

  it('are a master that is replaced when it dies', LONG, async () => {
    const master = await startRedis()
    const replica = await startRedis(['--replicaof', `127.0.0.1 ${master.port}`])
    const sentinel = await startSentinel(master.port)
    await until('the sentinel knows the replica', () => sentinel.cli('SENTINEL', 'replicas', 'm').includes(String(replica.port)), 30_000)
    const crew = await pair({ sentinels: { master: 'm', nodes: [`127.0.0.1:${sentinel.port}`] } })
    await share(crew, ['a', 'b'])
    await master.stop()
    // meanwhile everybody is answered
    await until('the replica is master', async () => {
      expect((await get(crew.one, '/a')).status).toBe(200)
      return replica.cli('ROLE').startsWith('master')
    }, 30_000)
    await until('both have found it', async () => await joined(crew.one) && await joined(crew.other) && (await crew.one.purge({ tags: ['none'] })).status === 200, 30_000)
    await get(crew.one, '/c')
    await until('it is shared again', async () => isHit(await get(crew.other, '/c')), 20_000)
    expect((await crew.other.purge({ tags: ['tag'] })).status).toBe(200)
    const count = crew.origin.count('/c')
    expect((await get(crew.one, '/c')).status).toBe(200)
    expect(crew.origin.count('/c')).toBe(count + 1)
  })
})

/** `bus`: where the masters talk; Redis would add 10,000 to its port, which may be anybody's. */
async function startMaster (): Promise<{ readonly server: TestRedis, readonly bus: number }> {
  const bus = await portToGive()
  return { server: await startRedis(['--cluster-enabled', 'yes', '--cluster-port', String(bus)]), bus }
}

async function startSentinel (master: number): Promise<{ readonly port: number, cli (...args: string[]): string }> {
  const folder = mkdtempSync(join(tmpdir(), 'seawall-sentinel-'))
  const port = await portToGive()
  const file = join(folder, 'sentinel.conf')
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor m 127.0.0.1 ${master} 1\nsentinel down-after-milliseconds m 500\nsentinel failover-timeout m 5000\n`)
  const server = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  const kill = (): void => { server.kill('SIGKILL') }
  process.on('exit', kill)
  onTestFinished(() => {
    process.off('exit', kill)
    kill()
    rmSync(folder, { recursive: true, force: true })
  })
  const cli = (...args: string[]): string => spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).stdout.trim()
  await until('the sentinel listens', () => cli('PING') === 'PONG')
  return { port, cli }
}

/**
 * What can be known of the containers without an engine: the Dockerfile's own steps come to a server when they are
 * carried out in empty folders (on this machine's Node), and the compose files fit the images they name.
 */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../support/client.js'
import { bareEnv, build, execForm, last, readDockerfile, type Image, type Stage } from '../support/dockerfile.js'
import { answer, startOrigin } from '../support/origin.js'
import { startProgram } from '../support/program.js'
import { parseYaml, type Yaml } from '../support/yaml.js'

const ROOT = new URL('../..', import.meta.url).pathname
const TOKEN = 'a-token-of-the-tests'

describe('docker/Dockerfile', () => {
  const stages = readDockerfile(join(ROOT, 'docker/Dockerfile'))
  const final = stages.at(-1)!
  let image: Image

  beforeAll(async () => { image = await build(stages, ROOT) }, 240_000)
  afterAll(() => { image?.remove() })

  /** What a container would run: the entrypoint's words and CMD's, or others in their place. */
  const command = (words = execForm(last(final, 'CMD')!)): [string, string[]] => {
    const [first, ...rest] = [...execForm(last(final, 'ENTRYPOINT')!), ...words]
    return [first!, rest]
  }
  const run = (words: string[] | undefined, env: Record<string, string> = {}) => new Promise<{ code: number, out: string, err: string }>(done => {
    const child = execFile(...command(words), { cwd: image.workdir, env: { ...bareEnv(), ...image.env, ...env } }, (_, out, err) => { done({ code: child.exitCode!, out, err }) })
  })
  const healthcheck = (port: number) => {
    const [program, ...args] = execForm(last(final, 'HEALTHCHECK')!.replace(/^.* CMD /, ''))
    return new Promise<number>(done => {
      const child = execFile(program!, args.map(arg => arg.replace(':8081/', `:${port}/`)), () => { done(child.exitCode!) })
    })
  }

  test('its steps come to a server that answers, is healthy, guards its admin listener, and stops when told to', async () => {
    const origin = await startOrigin(answer({ 'cache-control': 'max-age=60' }, 'from the origin'))
    onTestFinished(() => origin.stop())
    const [program, args] = command()
    const server = await startProgram(program, [...args, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'], {
      cwd: image.workdir, env: { ...image.env, SEAWALL_ORIGIN: origin.url, SEAWALL_ADMIN_TOKEN: TOKEN }, ready: /"listening"/
    })
    const { listen, admin } = JSON.parse(/\{.*"listening".*\}/.exec(server.output())![0]) as { listen: string, admin: string }
    expect(await ask(`${listen}/x`)).toMatchObject({ status: 200, body: 'from the origin' })
    expect((await ask(`${listen}/x`)).headers['cache-status']).toMatch(/^seawall; hit/)
    expect((await ask(`${admin}/stats`)).status).toBe(401)
    expect((await ask(`${admin}/stats`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200)
    const { port } = new URL(admin)
    expect(await healthcheck(Number(port))).toBe(0)
    expect(await server.stop()).toBe(0)
    expect(await healthcheck(Number(port))).toBe(1)
  })

  test('as it is it listens on every address, so it wants a token, and an origin', async () => {
    expect(await run(undefined, { SEAWALL_ORIGIN: 'http://127.0.0.1:1' })).toMatchObject({ code: 2, err: expect.stringContaining('SEAWALL_ADMIN_TOKEN') })
    expect(await run(undefined, { SEAWALL_ADMIN_TOKEN: TOKEN })).toMatchObject({ code: 2, err: expect.stringContaining('SEAWALL_ORIGIN') })
    const checked = await run(['check'], { SEAWALL_ORIGIN: 'http://api:8000', SEAWALL_ADMIN_TOKEN: TOKEN })
    expect(checked).toMatchObject({ code: 0, out: expect.stringMatching(/0\.0\.0\.0:8080[^]*0\.0\.0\.0:8081/) })
  })

  test('the demo needs nothing that is not installed', async () => {
    expect(await run(['demo', '--exit'])).toMatchObject({ code: 0, err: '' })
  })

  test('with the other configuration it shares a Redis', async () => {
    const words = ['check', 'proxy.redis.config.json']
    const checked = await run(words, { SEAWALL_ORIGIN: 'http://api:8000', SEAWALL_REDIS: 'redis://redis:6379', SEAWALL_ADMIN_TOKEN: TOKEN })
    expect(checked).toMatchObject({ code: 0, out: expect.stringMatching(/redis +redis:6379, keys of seawall/) })
  })

  test('nothing in it is only for development', () => {
    expect(readdirSync(image.workdir).toSorted()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json', 'proxy.config.json', 'proxy.redis.config.json'])
    expect(existsSync(join(image.workdir, 'node_modules/undici'))).toBe(true)
    for (const name of ['typescript', 'vitest', 'express']) expect(existsSync(join(image.workdir, 'node_modules', name))).toBe(false)
  })

  test('it is slim, unprivileged, and checked without a shell', () => {
    expect(new Set(stages.map(stage => stage.base))).toEqual(new Set(['node:24-slim']))
    expect(stages.length).toBeGreaterThan(1)
    expect(last(final, 'USER')).toBe('node')
    expect(last(final, 'HEALTHCHECK')).toMatch(/ CMD \["node", /)
    expect(exposed(final)).toEqual(['8080', '8081'])
  })
})

const exposed = (stage: Stage): string[] => last(stage, 'EXPOSE')?.split(' ') ?? []

/** Reads compose files without an engine; `apt-get install docker-compose` where neither is there. */
const compose = [['docker', 'compose'], ['docker-compose']].find(([command, ...args]) => spawnSync(command!, [...args, 'version']).status === 0)
const skipsCompose = compose === undefined && process.env['CI'] !== 'true'
if (skipsCompose) console.log('skipped: compose reading its files; apt-get install docker-compose')

describe.each(['docker/compose.yaml', 'docker/compose.fastapi.yaml', 'docker/compose.redis.yaml'])('%s', file => {
  const services = maps(maps(parseYaml(readFileSync(join(ROOT, file), 'utf8')))['services']!)
  const contextOf = (service: Yaml): string => resolve(ROOT, 'docker', String(maps(maps(service)['build']!)['context']))
  const imageOf = (service: Yaml): Stage => readDockerfile(join(contextOf(service), String(maps(maps(service)['build']!)['dockerfile'] ?? 'Dockerfile'))).at(-1)!

  test('says nothing that compose does not know', () => {
    expect(Object.keys(maps(parseYaml(readFileSync(join(ROOT, file), 'utf8'))))).toEqual(['services'])
    for (const service of Object.values(services)) {
      expect(['build', 'image', 'command', 'environment', 'ports', 'depends_on', 'restart', 'stop_grace_period']).toEqual(expect.arrayContaining(Object.keys(maps(service))))
      if ('build' in maps(service)) expect(['context', 'dockerfile']).toEqual(expect.arrayContaining(Object.keys(maps(maps(service)['build']!))))
      for (const name of maps(service)['depends_on'] as string[] | undefined ?? []) expect(Object.keys(services)).toContain(name)
    }
  })

  test('services find each other where their images listen', () => {
    for (const [name, variable] of [['seawall', 'SEAWALL_ORIGIN'], ['api', 'SEAWALL_ADMIN']] as const) {
      const { hostname, port } = new URL(String(maps(maps(services[name]!)['environment']!)[variable]))
      expect(exposed(imageOf(services[hostname]!))).toContain(port)
    }
    const ports = maps(services['seawall']!)['ports'] as string[]
    expect(ports.map(port => /^127\.0\.0\.1:(\d+):\1$/.exec(port)?.[1])).toEqual(exposed(imageOf(services['seawall']!)))
  })

  test('there is no token but the user\'s own, and both sides have it', () => {
    for (const service of Object.values(services).filter(service => 'build' in maps(service))) {
      expect(maps(maps(service)['environment']!)['SEAWALL_ADMIN_TOKEN']).toMatch(/^\$\{SEAWALL_ADMIN_TOKEN:\?[\w ]+\}$/)
    }
  })

  test('the application\'s image is unprivileged, and made of files that are there', () => {
    const stage = imageOf(services['api']!)
    expect(last(stage, 'USER')).toMatch(/^(node|nobody)$/)
    expect(execForm(last(stage, 'CMD')!).length).toBeGreaterThan(1)
    const copied = stage.instructions.filter(i => i.name === 'COPY').map(i => i.rest.split(' ')[0]!)
    expect(copied.length).toBeGreaterThan(1)
    for (const path of copied) expect(existsSync(join(contextOf(services['api']!), path)), path).toBe(true)
  })

  test.skipIf(skipsCompose)('compose accepts it', () => {
    const [command, ...args] = compose!
    const { status, stderr } = spawnSync(command!, [...args, '-f', file, 'config', '--quiet'], { cwd: ROOT, env: { ...bareEnv(), SEAWALL_ADMIN_TOKEN: TOKEN }, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})

function maps (yaml: Yaml): { readonly [name: string]: Yaml } {
  if (typeof yaml === 'string' || Array.isArray(yaml)) throw new Error(`not a map: ${JSON.stringify(yaml)}`)
  return yaml as { readonly [name: string]: Yaml }
}

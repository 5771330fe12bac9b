/** Holds the house rules: who may import whom, and one home for each package. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const SRC = new URL('../../src/', import.meta.url).pathname

/** Each room and the rooms it may import besides itself. */
const LOWER = ['core', 'http', 'policy']
const MIDDLE = [...LOWER, 'redis', 'store', 'invalidation', 'origin']
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  http: ['core'],
  policy: ['core', 'http'],
  observe: ['core'],
  config: [...LOWER, 'redis'],
  redis: ['core'],
  store: [...LOWER, 'redis'],
  invalidation: [...LOWER, 'redis'],
  origin: LOWER,
  proxy: MIDDLE,
  server: [...MIDDLE, 'proxy'],
  admin: [...MIDDLE, 'proxy'],
  demo: ['core'],
  version: [],
  workers: [...MIDDLE, 'proxy'],
  app: [...MIDDLE, 'workers', 'version', 'proxy', 'server', 'admin', 'observe', 'config'],
  cli: [...MIDDLE, 'version', 'proxy', 'server', 'admin', 'observe', 'config', 'app', 'demo']
}

/** proxy sees the interfaces of these rooms, and the pure reading of tags, never an implementation. */
const PROXY_MAY_SEE = ['store/contract', 'store/leases', 'invalidation/contract', 'http/tags', 'origin/contract']

const HOMES: Record<string, readonly string[]> = {
  undici: ['origin'],
  'http-cache-semantics': ['policy/semantics'],
  ioredis: ['redis/connect'],
  pino: ['observe'],
  commander: ['cli'],
  zod: ['config'],
  'prom-client': ['admin'],
  'structured-headers': ['http/structured'],
  'ipaddr.js': ['config']
}

interface Import { readonly from: string, readonly to: string }

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(f => f.endsWith('.ts')).map(f => f.replaceAll('\\', '/'))

function importsOf (file: string): Import[] {
  const text = readFileSync(SRC + file, 'utf8')
  return [...text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'([^']+)'/g)].map(m => {
    const spec = m[1]!
    const to = spec.startsWith('.') ? new URL(spec, `file:///${file}`).pathname.slice(1).replace(/\.js$/, '') : spec
    return { from: file.replace(/\.ts$/, ''), to }
  })
}

const imports = files.flatMap(importsOf)
const roomOf = (path: string): string => path.split('/')[0]!
const isPackage = (to: string): boolean => !files.includes(`${to}.ts`)

describe('the house', () => {
  it('has files and imports to judge', () => {
    expect(files.length).toBeGreaterThan(30)
    expect(imports.length).toBeGreaterThan(100)
  })

  it('imports only downwards, and never between rooms of one rank', () => {
    const wrong = imports.filter(({ from, to }) => !isPackage(to) && roomOf(from) !== roomOf(to) && !MAY_IMPORT[roomOf(from)]?.includes(roomOf(to)))
    expect(wrong).toEqual([])
  })

  it('shows the paths of a request interfaces only', () => {
    const seen = imports.filter(({ from, to }) => roomOf(from) === 'proxy' && ['store', 'invalidation', 'origin'].includes(roomOf(to)))
    expect(seen.filter(({ to }) => !PROXY_MAY_SEE.includes(to))).toEqual([])
  })

  it('gives every package one home', () => {
    const outside = imports.filter(({ from, to }) => {
      if (!isPackage(to) || to.startsWith('node:')) return false
      const homes = HOMES[to]
      return homes === undefined || !homes.some(home => from === home || from.startsWith(`${home}/`))
    })
    expect(outside).toEqual([])
  })

  it('keeps every file within what one reader holds in mind', () => {
    const long = files.filter(f => readFileSync(SRC + f, 'utf8').split('\n').length > 320)
    expect(long).toEqual([])
  })
})

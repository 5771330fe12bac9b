import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig, type LoadOptions } from '../../src/config/load.js'
import { ConfigError } from '../../src/config/settings.js'

const folder = mkdtempSync(join(tmpdir(), 'seawall-config-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

function write (content: unknown): string {
  const file = join(folder, `${++files}.json`)
  writeFileSync(file, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content))
  return file
}

const load = (content: unknown, options: Partial<LoadOptions> = {}) => loadConfig({ file: write(content), env: {}, ...options })

function problems (content: unknown, options: Partial<LoadOptions> = {}): readonly string[] {
  try {
    load(content, options)
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems
    throw thrown
  }
  return []
}

const origins = { api: { url: 'http://127.0.0.1:8000' } }

describe('defaults', () => {
  test('a single origin is enough, and gets everything', () => {
    const settings = loadConfig({ flags: { origin: 'http://127.0.0.1:8000' }, env: {} })
    expect(settings).toEqual({
      listen: { host: '127.0.0.1', port: 8080 },
      workers: 1,
      tls: [],
      admin: { host: '127.0.0.1', port: 8081, token: undefined },
      origins: {
        origin: {
          urls: ['http://127.0.0.1:8000'], host: 'preserve', connections: 1024, balance: 'round-robin', queue: { length: 1024, wait: 5000 },
          timeouts: { connect: 5000, headers: 30_000, body: 60_000, total: undefined }, breaker: { failures: 5, probe: 5000 },
          health: { path: undefined, interval: 5000, timeout: 2000, unhealthy: 3, healthy: 2 }
        }
      },
      cache: { memory: 2 ** 28, maxObject: 2 ** 24, maxVariants: 32, passRecord: 120_000, keepStale: 3_600_000 },
      routes: [{
        match: '*', hosts: [], origin: 'origin', cache: true,
        freshness: { default: undefined, negative: undefined, heuristic: 0, jitter: 0, max: undefined, override: undefined },
        stale: { whileRevalidate: 0, ifError: 0 },
        key: { query: { ignore: [], only: undefined, sort: false }, headers: [], cookies: [] },
        setCookie: 'refuse', clientDirectives: 'honor', tags: [], keepStale: 3_600_000, passRecord: 120_000,
        stripResponse: ['surrogate-key', 'surrogate-control', 'cache-tag', 'xkey'], targets: ['cdn-cache-control'], vary: 'exact', storePost: false
      }],
      limits: {
        headerBytes: 16_384, headerCount: 100, url: 8192, headerTimeout: 10_000, idle: 60_000, bodyTimeout: 30_000,
        writeStall: 30_000, pipelined: 64, body: undefined, drain: 10_000
      },
      trustedProxies: [],
      log: { level: 'info', access: true }
    })
    // toEqual does not tell a missing key from an undefined one; the rules read both alike but promise the keys
    expect(Object.keys(settings.routes[0]!.freshness).sort()).toEqual(['default', 'heuristic', 'jitter', 'max', 'negative', 'override'])
  })

  test('maxObject never exceeds a small memory by itself', () => {
    expect(load({ origins, cache: { memory: '1mb' } }).cache.maxObject).toBe(2 ** 20)
  })

  test('a name no origin has is not found among the settings', () => {
    const { origins: found } = load({ origins })
    expect([found['constructor'], found['toString'], found['__proto__']]).toEqual([undefined, undefined, undefined])
  })
})

describe('what the file says', () => {
  test('reaches the settings in plain units', () => {
    const settings = load({
      listen: '0.0.0.0:80', admin: { listen: '[::1]:81', token: 's3cret' },
      origins: { api: { url: 'HTTPS://API.example:443/', host: 'origin', connections: 3, timeouts: { body: '1h' } } },
      cache: { keepStale: '1d', passRecord: '5s', exposeTags: true },
      routes: [{ match: '/a*', hosts: ['Example.COM', '*.Example.com'], freshness: { default: '5m', jitter: 0.5 }, key: { headers: ['Accept-Language'], query: { only: [] } } }],
      limits: { body: '10mb', drain: '1s', connections: 100 }, trustedProxies: ['10.0.0.0/8'], log: { access: false }
    })
    expect(settings).toMatchObject({
      listen: { host: '0.0.0.0', port: 80 }, admin: { host: '::1', port: 81, token: 's3cret' },
      origins: { api: { urls: ['https://api.example'], host: 'origin', connections: 3, timeouts: { connect: 5000, body: 3_600_000 } } },
      routes: [{
        hosts: ['example.com', '*.example.com'], origin: 'api', freshness: { default: 300_000, jitter: 0.5 },
        key: { headers: ['accept-language'], query: { only: [] } }, keepStale: 86_400_000, passRecord: 5000, stripResponse: []
      }],
      connections: 100, limits: { body: 10 * 2 ** 20, drain: 1000 }, trustedProxies: ['10.0.0.0/8'], log: { level: 'info', access: false }
    })
  })

  test('gives way to flags', () => {
    const flags = { origin: 'http://10.0.0.1:1', listen: '127.0.0.1:1', admin: '127.0.0.1:2', memory: '32mb', logLevel: 'warn', accessLog: 'off' as const }
    const settings = load({ listen: '127.0.0.1:9', admin: { listen: '127.0.0.1:8', token: 't' }, origins: { api: { url: 'http://a', connections: 7 } }, log: { level: 'debug' } }, { flags })
    expect(settings).toMatchObject({
      listen: { port: 1 }, admin: { port: 2, token: 't' }, origins: { api: { urls: ['http://10.0.0.1:1'], connections: 7 } },
      cache: { memory: 2 ** 25 }, log: { level: 'warn', access: false }
    })
  })

  test('a byte order mark is no part of it', () => {
    expect(load(`\uFEFF${JSON.stringify({ origins })}`).origins['api']).toBeDefined()
  })
})

describe('the environment', () => {
  test('is put in for ${NAME}; $${ is a plain ${', () => {
    const settings = load({ origins: { api: { url: 'http://${HOST}:${PORT}' } }, admin: { token: '$${x}${T}' } }, { env: { HOST: 'h', PORT: '81', T: 't' } })
    expect(settings.origins['api']!.urls).toEqual(['http://h:81'])
    expect(settings.admin.token).toBe('${x}t')
  })

  test('what is not set is named, once', () => {
    expect(problems({ origins: { api: { url: 'http://${HOST}:${HOST}' } } })).toEqual(['origins.api.url: ${HOST} is not set in the environment'])
  })

  test('inherited names are not set', () => {
    expect(problems({ origins: { api: { url: '${toString}' } } }, { env: Object.create({ toString: 'http://x' }) as Record<string, string> })).toEqual(['origins.api.url: ${toString} is not set in the environment'])
  })

  test.each(['${', '${}', '${1A}', '${A-B}', '${A'])('%j is refused', text => {
    expect(problems({ origins, admin: { token: text } }, { env: { A: 'a' } })[0]).toContain('admin.token: found ')
  })

  test('what it holds is never shown', () => {
    expect(problems({ origins: { api: { url: '${SECRET}' } }, admin: { token: 'two words' } }, { env: { SECRET: 'http://u:hunter2@h' } })).toEqual([
      'admin.token: found a string that is not shown; allowed: visible ASCII characters without blanks',
      'origins.api.url: found what "${SECRET}" is in the environment; allowed: "http://HOST:PORT" or "https://HOST:PORT", without path, query or credentials'
    ])
    expect(problems({ origins: { api: { url: 'http://u:hunter2@h' } } }).join()).not.toContain('hunter2')
  })

  test('SEAWALL_ADMIN_TOKEN is the token unless the file has one; empty is none', () => {
    const env = { SEAWALL_ADMIN_TOKEN: 'e' }
    expect(load({ origins }, { env }).admin.token).toBe('e')
    expect(load({ origins, admin: { token: 'f' } }, { env }).admin.token).toBe('f')
    expect(load({ origins }, { env: { SEAWALL_ADMIN_TOKEN: '' } }).admin.token).toBeUndefined()
  })
})

describe('what is wrong', () => {
  test.each<[string, unknown, string]>([
    ['a number for a duration', { origins, limits: { idle: 30 } }, 'limits.idle: found 30; allowed: a duration with its unit, such as "500ms", "30s", "5m", "1h" or "1d", from 1ms to 1d'],
    ['a deadline no timer keeps', { origins, limits: { idle: '25d' } }, 'limits.idle: found "25d"; allowed: a duration with its unit, such as "500ms", "30s", "5m", "1h" or "1d", from 1ms to 1d'],
    ['a bad size', { origins, cache: { memory: '256 MB' } }, 'cache.memory: found "256 MB"; allowed: a size with its unit, such as "512b", "16kb", "256mb" or "1gb", from 64kb to 1024gb'],
    ['a bad body limit', { origins, limits: { body: 'any' } }, 'limits.body: found "any"; allowed: a size with its unit, such as "16kb" or "256mb", or "none" for any'],
    ['a fraction outside', { origins, routes: [{ freshness: { heuristic: 1.5 } }] }, 'routes[0].freshness.heuristic: found 1.5; allowed: a number from 0 to 1'],
    ['half a connection', { origins: { api: { url: 'http://a', connections: 0.5 } } }, 'origins.api.connections: found 0.5; allowed: a whole number from 1 to 65535'],
    ['a word for a boolean', { origins, routes: [{ cache: 'no' }] }, 'routes[0].cache: found "no"; allowed: true or false'],
    ['an unknown word', { origins, routes: [{ setCookie: 'keep' }] }, 'routes[0].setCookie: found "keep"; allowed: "refuse" or "store" or "strip"'],
    ['a string for a list', { origins, trustedProxies: '10.0.0.0/8' }, 'trustedProxies: found "10.0.0.0/8"; allowed: a list'],
    ['a number for a section', { origins, cache: 5 }, 'cache: found 5; allowed: an object'],
    ['null', { origins, listen: null }, 'listen: found null; allowed: HOST:PORT, such as "127.0.0.1:8080" or "[::1]:8080"'],
    ['no url', { origins: { api: {} } }, 'origins.api.url: missing; allowed: "http://HOST:PORT" or "https://HOST:PORT", without path, query or credentials'],
    ['a host with a port', { origins, routes: [{ hosts: ['example.com:80'] }] }, 'routes[0].hosts[0]: found "example.com:80"; allowed: a host without port, such as "example.com", "*.example.com" or "[::1]"'],
    ['a tag of two', { origins, routes: [{ tags: ['a b'] }] }, 'routes[0].tags[0]: found "a b"; allowed: a tag: visible ASCII without blanks and commas'],
    ['a slip', { origins, routes: [{ freshness: { defualt: '5m' } }] }, 'routes[0].freshness.defualt: unknown key; did you mean "default"?; allowed: default, negative, heuristic, jitter, max, override'],
    ['an unknown key of an origin', { origins: { api: { url: 'http://a', zzz: 1 } } }, 'origins.api.zzz: unknown key; allowed: url, urls, balance, host, connections, queue, timeouts, breaker, health'],
    ['a name with a blank', { origins: { 'a b': { url: 'http://a' } } }, 'origins["a b"]: found the name "a b"; allowed: a name of letters, digits, "_", "-" and ".", that begins with a letter'],
    ['no origin', {}, 'origins: missing; allowed: at least one origin, or --origin URL'],
    ['a list', [], 'found a list; allowed: an object']
  ])('%s', (_, content, line) => {
    expect(problems(content)).toEqual([line])
  })

  test.each(['ftp://a', 'http://a/b', 'http://a?b', 'http://a#b', 'http:a', 'http:///a', 'a:80', '//a', 'http://a:0', 'http://a:65536', 'http://', 'http://a\\b', ' http://a', 'http://a/../'])('%j is no origin', url => {
    expect(problems({ origins: { api: { url } } })).toHaveLength(1)
  })

  test.each(['a', '', '/a?b', '/a#b', '/a b', '/ä', 5])('%j is no path', match => {
    expect(problems({ origins, routes: [{ match }] })).toHaveLength(1)
  })

  test('is told all at once, whatever section it is in', () => {
    const text = '{"listen":5,"lmits":1,"__proto__":{"x":1},"constructor":1,"origins":{"api":{"url":"http://a"},"__proto__":{"url":"http://b"}},' +
      '"routes":[{"origin":"apy"},{"cache":1},{"origin":"api","match":"/x","key":{"query":{"only":["a"],"ignore":["b"]}}}]}'
    expect(problems(text).map(line => line.split(':')[0])).toEqual([
      'listen', 'routes[1].cache', 'lmits', '__proto__', 'constructor', 'origins.__proto__', 'routes[0].origin', 'routes[2].key.query', 'routes[2]'
    ])
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  test('is named by its flag where a flag said it', () => {
    expect(problems({ listen: 'x', origins }, { flags: { listen: 'y', memory: '5', origin: 'z', logLevel: 'loud' } })).toEqual([
      '--listen: found "y"; allowed: HOST:PORT, such as "127.0.0.1:8080" or "[::1]:8080"',
      '--origin: found "z"; allowed: "http://HOST:PORT" or "https://HOST:PORT", without path, query or credentials',
      '--memory: found "5"; allowed: a size with its unit, such as "512b", "16kb", "256mb" or "1gb", from 64kb to 1024gb',
      '--log-level: found "loud"; allowed: "debug" or "info" or "warn" or "error" or "silent"'
    ])
  })

  test('--origin beside several origins', () => {
    const content = { origins: { a: { url: 'http://a' }, b: { url: 'http://b' } }, routes: [{ match: '/a', origin: 'a' }, { origin: 'b' }] }
    expect(problems(content, { flags: { origin: 'http://c' } })).toEqual(['--origin: found beside several origins in the file (a, b); allowed: where the file has one or none'])
  })

  test('a flag does not hide a section that is none', () => {
    expect(problems({ origins, admin: 5 }, { flags: { admin: '127.0.0.1:1' } })).toEqual(['admin: found 5; allowed: an object'])
  })
})

describe('a file that cannot be read is one line', () => {
  const line = (file: string) => {
    try {
      loadConfig({ file, env: {} })
    } catch (thrown) {
      return thrown instanceof ConfigError ? thrown.problems : thrown
    }
    return undefined
  }

  test('missing, a directory, below a file', () => {
    mkdirSync(join(folder, 'dir'))
    expect(line(join(folder, 'none'))).toEqual(['there is no such file'])
    expect(line(join(folder, 'dir'))).toEqual(['is a directory, not a file'])
    expect(line(join(write('{}'), 'x'))).toEqual(['there is no such file'])
  })

  test('empty, not JSON, not UTF-8', () => {
    expect(line(write(' \n'))).toEqual(['the file is empty; allowed: a JSON object'])
    expect(line(write('{\n"listen": 127.0.0.1}'))).toEqual(['not JSON: line 2, column 11: found "1" where a value should be'])
    expect(line(write(Uint8Array.of(0x22, 0xff, 0x22)))).toEqual(['not UTF-8'])
  })
})

test('workers are a number, or as many as there are cores', () => {
  expect(load({ origins, workers: 3 }).workers).toBe(3)
  expect(load({ origins, workers: 'auto' }).workers).toBeGreaterThan(0)
  expect(load({ origins }, { flags: { workers: '2' } }).workers).toBe(2)
  expect(problems({ origins }, { flags: { workers: 'many' } })).toEqual(['--workers: found "many"; allowed: a whole number from 1 to 256, or "auto" for one a core'])
  expect(problems({ origins, workers: 0 })).toHaveLength(1)
})

describe('cache.redis', () => {
  const redis = (section: object) => ({ origins, cache: { redis: section } })
  const common = {
    namespace: 'seawall', timeout: 50, maxLag: 5000, strictPurge: false, maxObject: 2 ** 22, compress: undefined, breaker: { failures: 5, probe: 1000 }
  }

  test('one server, sentinels or a cluster', () => {
    expect(load({ origins }).cache.redis).toBeUndefined()
    expect(load(redis({ url: 'rediss://u:p@r.test:7000/2' })).cache.redis).toEqual({ ...common, target: { kind: 'url', url: 'rediss://u:p@r.test:7000/2' } })
    expect(load(redis({ cluster: ['redis://a:1', 'redis://b:2'], compress: '16kb', strictPurge: true })).cache.redis)
      .toEqual({ ...common, compress: 16_384, strictPurge: true, target: { kind: 'cluster', nodes: ['redis://a:1', 'redis://b:2'] } })
    expect(load(redis({ sentinels: { master: 'm', nodes: ['s1:26379'], password: 'x' } })).cache.redis?.target)
      .toEqual({ kind: 'sentinels', master: 'm', sentinels: [{ host: 's1', port: 26_379 }], password: 'x', tls: false })
  })

  test('the flag is its url', () => {
    const flags = { origin: 'http://127.0.0.1:8000', redis: 'redis://127.0.0.1' }
    expect(loadConfig({ flags, env: {} }).cache.redis?.target).toEqual({ kind: 'url', url: 'redis://127.0.0.1' })
    expect(problems({ origins }, { flags: { redis: 'localhost:6379' } })[0]).toMatch(/^--redis: found "localhost:6379"; allowed: "redis:/)
  })

  test.each([
    [{}, 'cache.redis'], [{ url: 'redis://a', cluster: ['redis://b'] }, 'cache.redis'], [{ url: 'http://a' }, 'cache.redis.url'], [{ url: 'redis://a/x' }, 'cache.redis.url'],
    [{ url: 'redis://a', namespace: 'a b' }, 'cache.redis.namespace'], [{ cluster: [] }, 'cache.redis.cluster'],
    [{ sentinels: { master: 'm', nodes: [] } }, 'cache.redis.sentinels.nodes'], [{ url: 'redis://a', maxLag: 5 }, 'cache.redis.maxLag'],
    [{ url: 'redis://a', compress: 'on' }, 'cache.redis.compress'], [{ url: 'redis://a', speed: 1 }, 'cache.redis.speed']
  ])('%j is refused at %s', (section, at) => {
    const found = problems(redis(section))
    expect(found).toHaveLength(1)
    expect(found[0]!.startsWith(`${at}: `), found[0]).toBe(true)
  })
})

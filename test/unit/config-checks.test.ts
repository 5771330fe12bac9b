import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { check, coversPath, soundParts } from '../../src/config/checks.js'
import { formatPath } from '../../src/config/path.js'
import { compileRoutes } from '../../src/policy/routes.js'
import { loadConfig } from '../../src/config/load.js'

const api = { url: 'http://10.0.0.1' }
const found = (config: object, token?: string) => check(soundParts({ origins: { api }, ...config }), token).map(({ path, text }) => `${formatPath(path)}: ${text}`)

describe('listeners', () => {
  test('two on one port', () => {
    expect(found({ listen: '0.0.0.0:81', admin: { listen: '127.0.0.1:81' } })).toEqual([
      'admin.listen: found 127.0.0.1:81, which is where clients are served (listen 0.0.0.0:81); allowed: another port'
    ])
    expect(found({ listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' } })).toEqual([])
  })

  test('admin off loopback wants a token', () => {
    const line = 'admin.listen: found 0.0.0.0:81, which others can reach; allowed: loopback, or with admin.token or SEAWALL_ADMIN_TOKEN set'
    expect(found({ admin: { listen: '0.0.0.0:81' } })).toEqual([line])
    expect(found({ admin: { listen: '0.0.0.0:81' } }, 't')).toEqual([])
    expect(found({ admin: { listen: '0.0.0.0:81', token: 't' } })).toEqual([])
  })

  test('an origin that is the proxy itself', () => {
    expect(found({ origins: { api: { url: 'http://localhost:8080' } } })).toEqual([
      'origins.api.url: found "http://localhost:8080", which is this proxy\'s own listen; allowed: the address of a server behind it'
    ])
    expect(found({ origins: { api: { url: 'http://127.0.0.1:8081' } } })[0]).toContain('own admin.listen')
    expect(found({ listen: '[::1]:80', origins: { api: { url: 'http://[::1]' } } })).toHaveLength(1)
    expect(found({ listen: '0.0.0.0:8080', origins: { api: { url: 'http://app:8080' } } })).toEqual([])
  })
})

describe('origins and routes', () => {
  const two = { origins: { api, static: api } }

  test('several origins want routes that name them', () => {
    expect(found(two)).toEqual(['routes: missing; with several origins (api, static) routes say which answers what'])
    expect(found({ ...two, routes: [{ match: '/a', origin: 'static' }, {}] })).toEqual(['origins.api: no route names it; allowed: origins that are used', 'routes[1].origin: missing; allowed: api, static'])
  })

  test('a route names an origin that is not there', () => {
    expect(found({ routes: [{ origin: 'apo' }] })).toEqual(['routes[0].origin: found "apo", which no origin is called; did you mean "api"?; allowed: api'])
    expect(found({ routes: [{ origin: 'constructor' }] })).toEqual(['routes[0].origin: found "constructor", which no origin is called; allowed: api'])
  })

  test('an origin nothing uses', () => {
    expect(found({ ...two, routes: [{ origin: 'api' }] })).toEqual(['origins.static: no route names it; allowed: origins that are used'])
  })
})

describe('rules without effect', () => {
  test.each(['freshness', 'stale', 'tags', 'setCookie', 'clientDirectives'])('%s where nothing is cached', key => {
    const values: Record<string, unknown> = { freshness: { override: '1s' }, stale: {}, tags: [], setCookie: 'refuse', clientDirectives: 'honor' }
    expect(found({ routes: [{ cache: false, [key]: values[key] }] })).toEqual([`routes[0].${key}: has no effect, since cache is false here; allowed: only with cache true`])
  })

  test('query rules count where nothing is cached: they say what is forwarded', () => {
    expect(found({ routes: [{ cache: false, key: { query: { ignore: ['a'] } } }] })).toEqual([])
  })

  test('only and ignore together', () => {
    expect(found({ routes: [{ key: { query: { only: ['a'], ignore: ['b'] } } }] })).toHaveLength(1)
  })

  test('lifetimes beyond the longest', () => {
    expect(found({ routes: [{ match: '/a', freshness: { max: '1m', negative: '1m', override: '2m' } }, { freshness: { max: '1m', default: '1h' } }] })).toEqual([
      'routes[0].freshness.override: found 2m; allowed: at most freshness.max, which is 1m',
      'routes[1].freshness.default: found 1h; allowed: at most freshness.max, which is 1m'
    ])
  })

  test('a default lifetime where every lifetime is overridden', () => {
    expect(found({ routes: [{ freshness: { default: '1h', override: '1m' } }] })).toEqual([
      'routes[0].freshness.default: has no effect beside override, which every answer it concerns gets; allowed: one of them'
    ])
  })

  test('a body larger than all of memory', () => {
    expect(found({ cache: { memory: '1mb', maxObject: '2mb' } })).toEqual(['cache.maxObject: found 2mb; allowed: at most cache.memory, which is 1mb'])
  })
})

describe('routes nothing reaches', () => {
  const reached = (...routes: object[]) => found({ routes }).length === 0

  test('says which takes its requests', () => {
    expect(found({ routes: [{ match: '/a*', hosts: ['*.x.com'] }, { match: '/ab', hosts: ['a.x.com'] }] })).toEqual([
      'routes[1]: no request reaches it, since routes[0] ("/a*" on *.x.com) comes first and takes all of "/ab"; allowed: the narrower route first'
    ])
  })

  test.each<[boolean, object, object]>([
    [false, {}, { match: '/a' }], [false, { match: '/*' }, {}], [true, { match: '/a' }, { match: '/a*' }], [false, { match: '/a' }, { match: '/a' }],
    [true, { hosts: ['a.com'] }, {}], [false, { hosts: ['a.com'] }, { hosts: ['A.com'] }], [true, { hosts: ['*.a.com'] }, { hosts: ['a.com'] }],
    [false, { hosts: ['*.a.com'] }, { hosts: ['*.b.a.com'] }], [true, { hosts: ['b.a.com'] }, { hosts: ['*.a.com'] }],
    [true, { hosts: ['a.com'] }, { hosts: ['a.com', 'b.com'] }], [false, {}, { hosts: ['a.com'] }]
  ])('%s: %j before %j', (expected, first, second) => {
    expect(reached(first, second)).toBe(expected)
  })

  test('one pattern covers another exactly when the router says so of every path', () => {
    const [base] = loadConfig({ flags: { origin: 'http://a' }, env: {} }).routes
    const pattern = fc.array(fc.constantFrom('a', 'b', '/', '*'), { maxLength: 7 }).map(parts => `/${parts.join('')}`)
    fc.assert(fc.property(pattern, pattern, fc.array(fc.constantFrom('', 'a', 'b', '/', 'ab', 'x'), { minLength: 8, maxLength: 8 }), (wide, narrow, fill) => {
      const find = compileRoutes([{ ...base!, match: wide }])
      let i = 0
      const path = narrow.replaceAll('*', () => fill[i++]!)
      if (coversPath(wide, narrow)) expect(find('h', path), `${path} of ${narrow}`).toBeDefined()
      else expect(find('h', narrow.replaceAll('*', '\u0001'))).toBeUndefined()
    }), { numRuns: 2000 })
  })

  test('many stars cost no time', () => {
    expect(coversPath(`/${'*a'.repeat(2000)}`, `/${'a'.repeat(1999)}`)).toBe(false)
  })
})

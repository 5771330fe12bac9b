import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileRoutes } from '../../src/policy/routes.js'
import { routeOf } from '../support/policy.js'

const serves = (match: string, path: string): boolean => compileRoutes([routeOf({ match })])('example.com', path) !== undefined

describe('routes', () => {
  it('first match wins', () => {
    const routes = [routeOf({ match: '/api/*', origin: 'a' }), routeOf({ match: '/api/x', origin: 'b' }), routeOf({ match: '*', origin: 'c' })]
    const find = compileRoutes(routes)
    expect(find('h', '/api/x')?.origin).toBe('a')
    expect(find('h', '/other')?.origin).toBe('c')
  })

  it('match hosts exactly or any subdomain', () => {
    const find = compileRoutes([routeOf({ hosts: ['example.com', '*.example.org'] })])
    expect(find('example.com', '/')).toBeDefined()
    expect(find('a.b.example.org', '/')).toBeDefined()
    for (const host of ['example.org', '.example.org', 'badexample.org', 'www.example.com', '']) expect(find(host, '/'), host).toBeUndefined()
  })

  it('have none for a host or a path nobody serves', () => {
    expect(compileRoutes([])('h', '/')).toBeUndefined()
    expect(serves('/a', '/b')).toBe(false)
  })

  it('match `*` as any run of characters', () => {
    expect(serves('/a/*/b', '/a//b')).toBe(true)
    expect(serves('/a/*/b', '/a/b')).toBe(false)
    expect(serves('/*.js', '/x/y.js')).toBe(true)
    expect(serves('/*.js', '/x/y.js/')).toBe(false)
    expect(serves('/a*b*c', '/abbc')).toBe(true)
    expect(serves('/a*bc*c', '/abc')).toBe(false)
    expect(serves('/ab*ba', '/aba')).toBe(false)
    expect(serves('/a**', '/a')).toBe(true)
  })

  it('match as the regular expression would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '*'), minLength: 1, maxLength: 6 })
    fc.assert(fc.property(pattern, text, (match, path) => {
      const expected = match === '*' || match === '/*' || new RegExp(`^${match.split('*').join('.*')}$`).test(path)
      expect(serves(match, path)).toBe(expected)
    }), { numRuns: 2000 })
  })
})

import { describe, expect, it } from 'vitest'
import { readFacts } from '../../src/policy/request.js'
import { factsOf, fieldsOf, PEER, TRUSTED } from '../support/policy.js'

const siteOf = (host: string, secure = false): string => readFacts(fieldsOf([], host), { ...PEER, secure }).site

describe('the site', () => {
  it('drops the default port of its scheme and no other', () => {
    expect(siteOf('example.com:80')).toBe('http://example.com')
    expect(siteOf('example.com:443')).toBe('http://example.com:443')
    expect(siteOf('example.com:443', true)).toBe('https://example.com')
    expect(siteOf('example.com:8080', true)).toBe('https://example.com:8080')
    expect(siteOf('example.com:')).toBe('http://example.com')
    expect(siteOf('[::1]:80')).toBe('http://[::1]')
    expect(siteOf('[::80]')).toBe('http://[::80]')
    expect(siteOf('')).toBe('http://')
  })

  it('takes X-Forwarded-Proto and -Host from trusted peers alone', () => {
    const raw = ['X-Forwarded-Proto', 'http, HTTPS', 'X-Forwarded-Host', 'evil.test, Shop.Example:443']
    expect(factsOf(raw).site).toBe('http://example.com')
    expect(factsOf(raw, TRUSTED)).toMatchObject({ site: 'https://shop.example', scheme: 'https', host: 'shop.example' })
  })

  it('ignores forwarded values that are no scheme or no host', () => {
    expect(factsOf(['X-Forwarded-Proto', 'https, gopher'], TRUSTED).site).toBe('http://example.com')
    for (const host of ['a/b', 'a b', '', 'a:99999', 'a:b', '[::1', 'u@h', 'a:65536']) {
      expect(factsOf(['X-Forwarded-Host', host], TRUSTED).host, host).toBe('example.com')
    }
    expect(factsOf(['X-Forwarded-Host', '[::1]:8443'], TRUSTED).host).toBe('[::1]:8443')
  })

  it('knows the address of the client as far as it is vouched for', () => {
    const raw = ['X-Forwarded-For', '10.0.0.1, 198.51.100.2']
    expect(factsOf(raw).clientAddress).toBe('192.0.2.7')
    expect(factsOf(raw, TRUSTED).clientAddress).toBe('198.51.100.2')
    expect(factsOf(['X-Forwarded-For', '198.51.100.2, unknown"'], TRUSTED).clientAddress).toBe('192.0.2.7')
    expect(factsOf([], TRUSTED).clientAddress).toBe('192.0.2.7')
  })
})

describe('the facts', () => {
  it('are plain unless something bears on reuse', () => {
    expect(factsOf(['Accept', '*/*', 'Authorization', 'Bearer x', 'Cookie', 'a=1']).plain).toBe(true)
    for (const name of ['Cache-Control', 'pragma', 'Range', 'If-Range', 'IF-NONE-MATCH', 'If-Modified-Since', 'If-Match', 'If-Unmodified-Since']) {
      expect(factsOf([name, 'x']).plain, name).toBe(false)
    }
  })

  it('join lines, whatever the case of their names', () => {
    const facts = factsOf(['CACHE-control', 'no-cache', 'cache-Control', 'max-age=5', 'If-None-Match', '"a"', 'if-none-match', '"b"', 'X', '1', 'x', '2'])
    expect(facts.directives).toMatchObject({ noCache: true, maxAge: 5000 })
    expect(facts.ifNoneMatch).toBe('"a", "b"')
    expect(facts.value('x')).toBe('1, 2')
    expect(facts.value('y')).toBeUndefined()
  })

  it('read Pragma where Cache-Control is absent (RFC 9111 §5.4)', () => {
    expect(factsOf(['Pragma', 'no-cache']).directives.noCache).toBe(true)
    expect(factsOf(['Pragma', 'no-cache', 'Cache-Control', 'max-age=5']).directives.noCache).toBe(false)
  })

  it('hold preconditions and credentials', () => {
    expect(factsOf(['If-Match', '*']).precondition).toBe(true)
    expect(factsOf(['If-Unmodified-Since', 'x']).precondition).toBe(true)
    expect(factsOf(['Authorization', '']).authorization).toBe(true)
    expect(factsOf([])).toMatchObject({ precondition: false, authorization: false })
  })

  it('join Cookie lines as pairs, not as a list (RFC 9113 §8.2.3)', () => {
    expect(factsOf(['Cookie', 'a=1', 'Cookie', 'b=2']).value('cookie')).toBe('a=1; b=2')
    expect(factsOf([]).value('cookie')).toBeUndefined()
  })

  it('take __proto__ and constructor for data', () => {
    const facts = factsOf(['__proto__', 'x', 'constructor', 'y'])
    expect(facts.value('__proto__')).toBe('x')
    expect(facts.value('constructor')).toBe('y')
    expect(factsOf([]).value('constructor')).toBeUndefined()
    expect(facts.plain).toBe(true)
  })
})

describe('what Connection takes off (RFC 9110 §7.6.1)', () => {
  it('neither selects nor keys, since the origin does not see it', () => {
    const facts = readFacts(fieldsOf(['Connection', 'close, X-Tenant', 'X-Tenant', 'a', 'X-Other', 'b']), PEER)
    expect(facts.value('x-tenant')).toBeUndefined()
    expect(facts.value('x-other')).toBe('b')
  })
})

import { describe, expect, test } from 'vitest'
import { collide, compileTrusted, formatAddress, isBlock, isHost, isLoopback, leadsTo, parseAddress } from '../../src/config/address.js'

const at = (text: string) => parseAddress(text)!

describe('addresses', () => {
  test.each([['127.0.0.1:80', '127.0.0.1', 80], ['[::1]:0', '::1', 0], ['localhost:65535', 'localhost', 65_535], ['my_app.example:1', 'my_app.example', 1]])('%s', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port })
    expect(formatAddress({ host, port })).toBe(text)
  })

  test.each(['', ':80', '80', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', '127.0.0.1:8o', '::1:80', '[::1:80', '[::1%lo]:80', '127.1:80', '256.0.0.1:80', '010.0.0.1:80', 'a b:80', 'http://a:80', '-a:80', '*:80'])('%j is none', text => {
    expect(parseAddress(text)).toBeUndefined()
  })

  test('a host has no port', () => {
    expect(['example.com', '[::1]', '10.0.0.1'].every(isHost)).toBe(true)
    expect(['example.com:80', '::1', 'a..b', '', '[10.0.0.1]', 'exämple.com'].some(isHost)).toBe(false)
  })

  test('loopback', () => {
    expect(['localhost', '127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true)
    expect(['0.0.0.0', '::', '10.0.0.1', 'example.com', 'localhost.example.com'].some(isLoopback)).toBe(false)
  })

  test.each([
    ['127.0.0.1:80', '127.0.0.1:80', true], ['127.0.0.1:80', '127.0.0.1:81', false], ['0.0.0.0:80', '10.0.0.1:80', true],
    ['[::]:80', '127.0.0.1:80', true], ['localhost:80', '[::1]:80', true], ['127.0.0.1:80', '[::1]:80', false],
    ['127.0.0.1:80', '127.0.0.2:80', false], ['127.0.0.1:0', '127.0.0.1:0', false], ['[::1]:80', '[0:0::1]:80', true]
  ])('%s and %s collide: %s', (a, b, expected) => {
    expect(collide(at(a), at(b))).toBe(expected)
    expect(collide(at(b), at(a))).toBe(expected)
  })

  test.each([
    ['127.0.0.1:80', '0.0.0.0:80', true], ['app:80', '0.0.0.0:80', false], ['localhost:80', '127.0.0.1:80', true],
    ['10.0.0.1:80', '0.0.0.0:80', false], ['0.0.0.0:80', '127.0.0.1:80', true], ['127.0.0.1:81', '0.0.0.0:80', false]
  ])('a connection to %s leads to a listener on %s: %s', (target, listener, expected) => {
    expect(leadsTo(at(target), at(listener))).toBe(expected)
  })
})

describe('trusted proxies', () => {
  const trusted = compileTrusted(['10.0.0.0/8', '192.168.1.7', '2001:db8::/32', '::ffff:172.16.0.0/108', 'fe80::/10'])

  test.each(['10.1.2.3', '::ffff:10.1.2.3', '::ffff:a01:203', '192.168.1.7', '2001:db8::1', '172.16.9.9', '::ffff:172.31.0.1', 'fe80::1%eth0'])('%s is', address => {
    expect(trusted(address)).toBe(true)
  })

  test.each(['11.0.0.1', '192.168.1.8', '2001:db9::1', '::ffff:11.0.0.1', '172.32.0.1', '::1', '', 'unix', '10.0.0.1, 11.0.0.1', '::10.1.2.3'])('%j is not', address => {
    expect(trusted(address)).toBe(false)
  })

  test('an empty list trusts nobody; 0.0.0.0/0 all of IPv4 and nothing else', () => {
    expect(compileTrusted([])('127.0.0.1')).toBe(false)
    expect(compileTrusted(['0.0.0.0/0'])('8.8.8.8')).toBe(true)
    expect(compileTrusted(['0.0.0.0/0'])('2001:db8::1')).toBe(false)
  })

  test.each(['', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '10/8', '0x0a.0.0.1', '010.0.0.1', 'fe80::1%eth0', '::/129', 'localhost', '10.0.0.*', '::10.0.0.1'])('%j is refused', text => {
    expect(isBlock(text)).toBe(false)
    expect(() => compileTrusted([text])).toThrow(RangeError)
  })
})

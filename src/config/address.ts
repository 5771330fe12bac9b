/** Addresses to listen on and to trust. The home of ipaddr.js. */
import ipaddr from 'ipaddr.js'
import type { Address } from './settings.js'

const NAME = /^(?=.{1,253}$)[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?)*$/i

/** Of `HOST:PORT`, an IPv6 host in brackets; undefined where it is not one. Ports 0 to 65535. */
export function parseAddress (text: string): Address | undefined {
  const [, host = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (!isHost(host) || port > 65_535) return undefined
  return { host: host.replace(/^\[|\]$/g, ''), port }
}

/** Whether `host` is a name, an IPv4 address, or an IPv6 address in brackets. */
export function isHost (host: string): boolean {
  const bracketed = /^\[(.+:.*)\]$/.exec(host)?.[1]
  if (bracketed !== undefined) return parseIp(bracketed) !== undefined
  // a last label of digits makes an address of it (WHATWG URL, "ends in a number"), which must then be a whole one
  return /(?:^|\.)\d+$/.test(host) ? parseIp(host) !== undefined : NAME.test(host)
}

type Ip = ipaddr.IPv4 | ipaddr.IPv6

/** Four decimal parts, or IPv6 without zone. ipaddr.js takes octal and short forms too, and `::1.2.3.4` for `::ffff:1.2.3.4`. */
function parseIp (text: string): Ip | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  return ipaddr.IPv6.isValid(text) && !/%|^::\d+\./.test(text) ? ipaddr.IPv6.parse(text) : undefined
}

/** IPv4 inside IPv6 is IPv4. */
function unmapped (ip: Ip): Ip {
  return ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress() ? ip.toIPv4Address() : ip
}

/** What kind of address `host` is, as ipaddr.js calls it; undefined for a name. */
function rangeOf (host: string): string | undefined {
  const ip = parseIp(host)
  return ip === undefined ? undefined : unmapped(ip).range()
}

export function formatAddress ({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whether only this machine can reach `host`. */
export function isLoopback (host: string): boolean {
  return host === 'localhost' || rangeOf(host) === 'loopback'
}

function isEvery (host: string): boolean {
  return rangeOf(host) === 'unspecified'
}

/** Whether two listeners want the same port of the same address. Two ports 0 never meet. */
export function collide (a: Address, b: Address): boolean {
  return a.port === b.port && a.port !== 0 && (isEvery(a.host) || isEvery(b.host) || sameHost(a.host, b.host))
}

/** Whether a connection to `target` certainly comes out at our own `listener`. */
export function leadsTo (target: Address, listener: Address): boolean {
  if (target.port !== listener.port) return false
  if (isEvery(listener.host)) return isLoopback(target.host) || isEvery(target.host)
  return isEvery(target.host) ? isLoopback(listener.host) : sameHost(target.host, listener.host)
}

function sameHost (a: string, b: string): boolean {
  if (a === 'localhost' || b === 'localhost') return isLoopback(a) && isLoopback(b)
  return a.toLowerCase() === b.toLowerCase() || sameIp(a, b)
}

function sameIp (a: string, b: string): boolean {
  const [x, y] = [parseIp(a), parseIp(b)]
  return x !== undefined && y !== undefined && unmapped(x).toString() === unmapped(y).toString()
}

/** Of an address or a CIDR block. */
function parseBlock (text: string): readonly [address: Ip, bits: number] | undefined {
  const [, host = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const ip = parseIp(host)
  if (ip === undefined) return undefined
  const most = ip.kind() === 'ipv4' ? 32 : 128
  const length = bits === undefined ? most : Number(bits)
  if (length > most) return undefined
  return length >= 96 && unmapped(ip) !== ip ? [unmapped(ip), length - 96] : [ip, length]
}

/** Whether `text` is an IP address or a CIDR block. */
export function isBlock (text: string): boolean {
  return parseBlock(text) !== undefined
}

/**
 * Whether an address belongs to one of `list`'s addresses and CIDR blocks. IPv4 addresses that a dual-stack socket
 * reports as `::ffff:a.b.c.d` are IPv4; what is no address is not trusted. Throws RangeError for an entry that is neither.
 */
export function compileTrusted (list: readonly string[]): (address: string) => boolean {
  const blocks = list.map(text => {
    const block = parseBlock(text)
    if (block === undefined) throw new RangeError(`not an address or CIDR block: ${text}`)
    return block
  })
  return text => {
    const ip = blocks.length === 0 ? undefined : parseIp(text.replace(/%.*$/s, ''))
    if (ip === undefined) return false
    const address = unmapped(ip)
    return blocks.some(([block, bits]) => block.kind() === address.kind() && address.match(block, bits))
  }
}

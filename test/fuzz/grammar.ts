/**
 * The request grammar once more, written for reading and not for speed: whole strings, regular expressions, RFC 9112 and
 * RFC 9110 with Seawall's documented restrictions. It shares no code with src/http, so that a slip there shows here.
 * Limits of size and number are not its matter.
 */
import { isIPv6 } from 'node:net'
import type { Parsed } from './parsed.js'

const T = "[-!#$%&'*+.^_`|~0-9A-Za-z]"
const VALUE = '[\\t\\x20-\\x7e\\x80-\\xff]*'
const HEAD = new RegExp(`^(?:\\r\\n)?(${T}{1,32}) ([!-~]+) HTTP/(1\\.[01])\\r\\n((?:${T}+:${VALUE}\\r\\n)*)\\r\\n`)
const FIELD = new RegExp(`(${T}+):(${VALUE})\\r\\n`, 'g')

const PATH = /^\/(?:[^?#\\%]|%[0-9A-Fa-f]{2})*$/
const QUERY = /^(?:\?[^#\\]*)?$/

const CHUNK = new RegExp(`([0-9A-Fa-f]{1,13})((?:;${T}+(?:=(?:${T}+|"(?:[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f]|\\\\[^\\x00-\\x08\\x0a-\\x1f\\x7f])*"))?)*)\\r\\n`, 'y')
const TRAILERS = new RegExp(`((?:(?!(?:(?:proxy-)?connection|content-length|transfer-encoding|host|upgrade):)${T}+:${VALUE}\\r\\n)*)\\r\\n`, 'iy')

const FORBIDDEN_OPTIONS = new RegExp('^(?:' + [
  'accept(?:-encoding|-language)?', 'age', 'authorization', 'cache-control', 'cdn-loop', 'content-(?:encoding|length|type)', 'cookie', 'date',
  'expect', 'forwarded', 'host', 'if-(?:match|none-match|modified-since|unmodified-since|range)', 'origin', 'pragma', 'range',
  'sec-websocket-(?:extensions|key|protocol|version)', 'surrogate-capability', 'transfer-encoding', 'user-agent', 'vary', 'via', 'x-forwarded-.*', 'x-real-ip'
].join('|') + ')$')

/** The first request of `text`, or undefined when it is malformed or not all there. `target`: as the origin is to see it. */
export function parseStrictly (text: string): Parsed & { readonly target: string } | undefined {
  const head = HEAD.exec(text)
  if (head === null) return undefined
  const [whole, method, sent, version, section] = head as unknown as [string, string, string, string, string]
  if (/^(?:connect|trace|track)$/i.test(method)) return undefined
  const fields = [...section.matchAll(FIELD)]
  if (fields.some(([, , value]) => /[^\t ][\t ]*\t[\t ]*$/.test(value!))) return undefined
  const headers = fields.flatMap(([, name, value]) => [name!, value!.replace(/^[ \t]+/, '').replace(/ +$/, '')])

  const hosts = lines(headers, 'host')
  if (hosts.length > 1 || (hosts.length === 0 && version === '1.1') || !hosts.every(isAuthority)) return undefined
  const target = originForm(sent, method, hosts[0]?.toLowerCase())
  if (target === undefined) return undefined

  if (lines(headers, 'connection').some(line => line.includes('\t'))) return undefined
  const options = lines(headers, 'connection').flatMap(line => line.toLowerCase().split(',')).map(option => option.replace(/^[ \t]+|[ \t]+$/g, '')).filter(option => option !== '')
  if (!options.every(option => new RegExp(`^${T}+$`).test(option) && !FORBIDDEN_OPTIONS.test(option))) return undefined
  if (version === '1.0' && options.includes('close') && options.includes('keep-alive')) return undefined
  const expect = lines(headers, 'expect')
  if (expect.length > 1 || (expect.length === 1 && !/^100-continue$/i.test(expect[0]!))) return undefined

  const content = body(text, whole.length, headers, version)
  if (content === undefined) return undefined
  const upgrading = method === 'GET' && version === '1.1' && options.includes('upgrade') && /^websocket$/i.test(lines(headers, 'upgrade').join())
  if (upgrading && (!isHandshake(headers) || !content.empty)) return undefined
  const persistent = version === '1.1' ? !options.includes('close') : options.includes('keep-alive')
  return { method, sent, target, headers, body: content.body, consumed: content.end, persistent }
}

function lines (headers: readonly string[], name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]!.toLowerCase() === name)
}

function isAuthority (value: string): boolean {
  const parts = /^(?:([-.~\w]+)|\[([0-9a-f:.]+)\])(?::(\d+))?$/i.exec(value)
  if (parts === null || value.length > 261) return false
  const [, , address, port] = parts
  return (address === undefined || isIPv6(address)) && (port === undefined || (/^[1-9]\d{0,4}$/.test(port) && +port < 65536))
}

function originForm (sent: string, method: string, host: string | undefined): string | undefined {
  if (sent === '*') return method === 'OPTIONS' ? '*' : undefined
  let target = sent
  const absolute = /^https?:\/\/([^/?]+)(.*)$/i.exec(sent)
  if (absolute !== null) {
    if (absolute[1]!.toLowerCase() !== host) return undefined
    target = absolute[2]!
    if (target === '' && method === 'OPTIONS') return '*'
    if (!target.startsWith('/')) target = '/' + target
  }
  const [, path, query] = /^([^?]*)(.*)$/.exec(target) as unknown as [string, string, string]
  if (!PATH.test(path) || !QUERY.test(query) || /%00/.test(target)) return undefined
  let depth = 0
  for (const [, separator, segment] of path.replaceAll(/%2e/gi, '.').matchAll(/(\/|%2f|%5c)((?:(?!%2f|%5c)[^/])*)/gi)) {
    depth += segment === '..' ? -1 : separator === '/' && !/^\.?$/.test(segment!) ? 1 : 0
    if (depth < 0) return undefined
  }
  return target
}

function isHandshake (headers: readonly string[]): boolean {
  return /^[+/\dA-Za-z]{22}==$/.test(lines(headers, 'sec-websocket-key').join()) && /^\d{1,3}$/.test(lines(headers, 'sec-websocket-version').join())
}

interface Content { readonly body: string, readonly end: number, readonly empty: boolean }

function body (text: string, start: number, headers: readonly string[], version: string): Content | undefined {
  const lengths = lines(headers, 'content-length')
  const codings = lines(headers, 'transfer-encoding')
  if (lengths.length + codings.length > 1) return undefined
  if (codings.length === 1) return version === '1.1' && /^chunked$/i.test(codings[0]!) ? chunked(text, start) : undefined
  if (lengths.length === 0) return { body: '', end: start, empty: true }
  if (!/^\d{1,32}$/.test(lengths[0]!) || BigInt(lengths[0]!) >= 2n ** 53n) return undefined
  const end = start + Number(lengths[0])
  return end > text.length ? undefined : { body: text.slice(start, end), end, empty: end === start }
}

function chunked (text: string, start: number): Content | undefined {
  let content = ''
  CHUNK.lastIndex = start
  for (let chunk = CHUNK.exec(text); chunk !== null; chunk = CHUNK.exec(text)) {
    const from = CHUNK.lastIndex
    const size = Number.parseInt(chunk[1]!, 16)
    if (size === 0) {
      TRAILERS.lastIndex = from
      return TRAILERS.test(text) ? { body: content, end: TRAILERS.lastIndex, empty: false } : undefined
    }
    content += text.slice(from, from + size)
    if (text.slice(from + size, from + size + 2) !== '\r\n') return undefined
    CHUNK.lastIndex = from + size + 2
  }
  return undefined
}

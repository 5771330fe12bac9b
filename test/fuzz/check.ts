/** The properties every input must have. `check` returns what is wrong with one, or undefined. */
import { HeadScanner } from '../../src/http/scan.js'
import { parseStrictly } from './grammar.js'
import { knownMethod, parseWithNode, type Opinion } from './node-parser.js'
import { LIMITS, parseWithSeawall, type Result } from './seawall-parser.js'

type Accepted = Extract<Result, { kind: 'accepted' }>
export type Problem = string | undefined

/** Refusals that the grammar, which knows no limits, does not share. */
const LIMIT_CODES: ReadonlySet<string> = new Set(['head_too_large', 'too_many_fields', 'url_too_long'])
const OTHER_LINES = ['GET / HTTP/1.1\r\n', 'POST / HTTP/1.1\r\n', 'GET / HTTP/1.0\r\n'].map(line => Buffer.from(line, 'latin1'))
const SENTINEL = Buffer.from('GET /sentinel HTTP/1.1\r\nHost: sentinel\r\n\r\n', 'latin1')

/** Whatever is accepted, the grammar and node accept alike; whatever the grammar accepts, is. */
export function checkVerdict (bytes: Buffer, result: Result): Problem {
  const strict = parseStrictly(bytes.toString('latin1'))
  if (result.kind !== 'accepted') {
    const limited = result.kind === 'refused' && (LIMIT_CODES.has(result.code) || overLimits(bytes, result.code))
    return strict === undefined || limited ? undefined : `the grammar accepts what is ${JSON.stringify(result)}`
  }
  if (strict === undefined) return 'the grammar refuses what is accepted'
  const { head } = result
  return differ('the grammar', {
    method: [head.method, strict.method],
    target: [head.target, strict.target],
    headers: [head.fields.raw.join('\n'), strict.headers.join('\n')],
    body: [result.body, strict.body],
    consumed: [result.consumed, strict.consumed],
    persistence: [head.keepAlive, strict.persistent]
  }) ?? checkNode(bytes, result, strict.sent)
}

/** Extensions and trailers are bounded too, under the code of any other malformed chunk. */
function overLimits (bytes: Buffer, code: string): boolean {
  return code === 'bad_chunk' && bytes.length > 250
}

function checkNode (bytes: Buffer, result: Accepted, sent: string): Problem {
  const { head, consumed } = result
  const method = knownMethod(head.method)
  const request = method === head.method ? bytes.subarray(0, consumed) : renamed(bytes.subarray(0, consumed), head.method, method)
  const { requests, failure } = parseWithNode(Buffer.concat([request, SENTINEL]))
  const first = requests[0]
  if (first === undefined || !first.complete) return `node refuses what is accepted: ${failure?.message ?? 'incomplete'}`
  const problem = differ('node', {
    method: [method, first.method],
    target: [sent, first.sent],
    headers: [head.fields.raw.join('\n'), first.headers.join('\n')],
    body: [result.body, first.body],
    persistence: [head.keepAlive, persistence(first, head.keepAlive)]
  })
  if (problem !== undefined) return problem
  if (!first.persistent || stopsAtUpgrade(first)) {
    return parseWithNode(request.subarray(0, -1)).requests[0]?.complete === true ? 'node: the request ends earlier' : undefined
  }
  return requests.length === 2 && requests[1]!.sent === '/sentinel' && requests[1]!.complete ? undefined : 'node: the request ends elsewhere'
}

/** node heeds Proxy-Connection, which is no standard (RFC 9112 appendix C.2.2) and is ignored here. */
function persistence (opinion: Opinion, ours: boolean): boolean {
  return opinion.headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'proxy-connection') ? ours : opinion.persistent
}

/** Without content, node's parser reads nothing after a request for any upgrade, also one that nobody takes up. */
function stopsAtUpgrade (opinion: Opinion): boolean {
  return opinion.headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'upgrade')
}

function renamed (bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from, 'latin1')
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(to, 'latin1'), bytes.subarray(at + from.length)])
}

function differ (who: string, compared: Record<string, readonly [unknown, unknown]>): Problem {
  for (const [what, [ours, theirs]] of Object.entries(compared)) {
    if (ours !== theirs) return `${who} reads another ${what}: ${JSON.stringify(theirs)} instead of ${JSON.stringify(ours)}`
  }
  return undefined
}

/** Cut in two anywhere, the bytes get the verdict of the whole. */
export function checkSplit (bytes: Buffer, whole: Result, cut: number): Problem {
  return same(parseWithSeawall(bytes, cut), whole) ? undefined : `cut at ${cut} it is another verdict than ${describe(whole)}`
}

/** A connection that has seen `before`, or the same fields under another request line, reads `bytes` as one that has seen nothing. */
export function checkMemory (bytes: Buffer, whole: Result, before: Buffer): Problem {
  const section = bytes.subarray(bytes.indexOf('\n', 2, 'latin1') + 1)
  for (const first of [before, bytes, ...OTHER_LINES.map(line => Buffer.concat([line, section]))]) {
    const scanner = new HeadScanner(LIMITS)
    if (scanner.scan(first, 0, first.length).kind !== 'request') continue
    if (!same(parseWithSeawall(bytes, undefined, scanner), whole)) return `after ${JSON.stringify(first.toString('latin1'))} it is not ${describe(whole)}`
  }
  return undefined
}

function same (a: Result, b: Result): boolean {
  if (a.kind !== 'accepted' || b.kind !== 'accepted') return a.kind === b.kind && (a.kind !== 'refused' || b.kind !== 'refused' || a.code === b.code)
  const { fields: x } = a.head
  const { fields: y } = b.head
  return a.head.method === b.head.method && a.head.target === b.head.target && a.head.version === b.head.version &&
    a.head.keepAlive === b.head.keepAlive && a.body === b.body && a.consumed === b.consumed &&
    (x === y || (x.host === y.host && x.connection === y.connection && x.expectsContinue === y.expectsContinue && x.websocket === y.websocket &&
      x.framing.kind === y.framing.kind && x.raw.join('\n') === y.raw.join('\n')))
}

function describe (result: Result): string {
  return result.kind === 'refused' ? result.code : result.kind
}

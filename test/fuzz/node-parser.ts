/** node:http as a second opinion: bytes in at a server's connection, its requests out, without a network between. */
import { createServer, METHODS, type IncomingMessage, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import type { Parsed } from './parsed.js'

export type Opinion = Omit<Parsed, 'consumed'> & { readonly complete: boolean }

const known: ReadonlySet<string> = new Set(METHODS)

/** node knows a closed list of methods; to it, another one is told as LOCK. */
export function knownMethod (method: string): string {
  return known.has(method) ? method : 'LOCK'
}

let found: { request: IncomingMessage, persistent: boolean }[] = []
let failure: Error | undefined

const server = createServer({ maxHeaderSize: 1 << 20, keepAliveTimeout: 0 })
const note = (request: IncomingMessage, response: ServerResponse): void => {
  found.push({ request, persistent: response.shouldKeepAlive })
}
server.on('request', note)
server.on('checkContinue', note)
server.on('clientError', (error: Error) => { failure = error })
server.maxHeadersCount = 0
server.timeout = 0

/** Every request node reads from `bytes`, and its complaint about what follows them. */
export function parseWithNode (bytes: Buffer): { requests: Opinion[], failure: Error | undefined } {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  found = []
  failure = undefined
  server.emit('connection', socket)
  // At once and in this turn, as a socket's own reader would.
  socket.emit('data', bytes)
  const requests = found.map(opinion)
  const complaint = failure
  socket.destroy()
  return { requests, failure: complaint }
}

function opinion ({ request, persistent }: { request: IncomingMessage, persistent: boolean }): Opinion {
  let body = ''
  for (let chunk = request.read() as Buffer | null; chunk !== null; chunk = request.read() as Buffer | null) body += chunk.toString('latin1')
  return { method: request.method!, sent: request.url!, headers: request.rawHeaders, body, persistent, complete: request.complete }
}

/** An origin for tests: real sockets, a handler a test writes, and a record of what arrived. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Seen { readonly method: string, readonly url: string, readonly headers: http.IncomingHttpHeaders, readonly rawHeaders: readonly string[], readonly body: Buffer }
export type Handler = (request: Seen, response: http.ServerResponse, count: number) => void | Promise<void>

export interface TestOrigin {
  readonly url: string
  readonly port: number
  readonly seen: Seen[]
  /** Requests for one path. */
  count (path?: string): number
  /** Replaces the handler. */
  on (handler: Handler): void
  /** Ends connections and forgets the port: refused from now on. */
  stop (): Promise<void>
  readonly server: http.Server
}

export async function startOrigin (handler: Handler = (_, response) => { response.end('ok') }): Promise<TestOrigin> {
  const seen: Seen[] = []
  let current = handler
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk as Buffer))
    request.on('error', () => { response.destroy() })
    request.on('end', () => {
      const one = { method: request.method!, url: request.url!, headers: request.headers, rawHeaders: request.rawHeaders, body: Buffer.concat(chunks) }
      seen.push(one)
      Promise.resolve(current(one, response, seen.length)).catch((error: unknown) => { response.destroy(error as Error) })
    })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', 8192, resolve) })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`, port, seen, server,
    count: path => path === undefined ? seen.length : seen.filter(s => s.url === path).length,
    on: next => { current = next },
    stop: () => new Promise(resolve => {
      server.close(() => { resolve() })
      server.closeAllConnections()
    })
  }
}

/** Answers with the given fields and body. */
export function answer (headers: Record<string, string | string[]>, body: string | Buffer = 'ok', status = 200): Handler {
  return (_, response) => {
    response.writeHead(status, headers)
    response.end(body)
  }
}

/** The sample origin of `seawall demo`: the shop on node:http, with entity tags, counted, and stopped and started at will. */
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createShop, notFound, ROUTES, switchedOff, type Answer, type Route, type Shop } from './shop.js'

export interface SampleOrigin {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** How many came in so far; those that work the switch are not counted. */
  requests (): number
  /** Ends every connection; from now on they are refused. */
  stop (): Promise<void>
  /** Listens on the same port again. */
  restart (): Promise<void>
}

/** Rejects with the system's error where `port` cannot be had; 0 is any free one. */
export async function startSampleOrigin (port: number): Promise<SampleOrigin> {
  const shop = createShop()
  let requests = 0
  const server = http.createServer((request, response) => {
    const { route, id } = find(request)
    if (route?.switch !== true) requests++
    // a body is read to its end, or the connection could not be used again
    request.resume()
    answer(shop, route, id, request).then(given => send(request, response, given)).catch((error: unknown) => { response.destroy(error as Error) })
  })
  await listen(server, port)
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${bound}`,
    requests: () => requests,
    restart: () => listen(server, bound),
    stop: () => new Promise(resolve => {
      server.close(() => { resolve() })
      server.closeAllConnections()
    })
  }
}

function listen (server: http.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', backlog: 1024 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function find ({ method, url = '' }: http.IncomingMessage): { route: Route | undefined, id: string } {
  const path = url.split('?', 1)[0]!
  const route = ROUTES.find(r => r.method === (method === 'HEAD' ? 'GET' : method) && r.path.test(path))
  return { route, id: route?.path.exec(path)?.[1] ?? '' }
}

async function answer (shop: Shop, route: Route | undefined, id: string, request: http.IncomingMessage): Promise<Answer> {
  if (shop.failing && route?.switch !== true) return switchedOff
  const given = route?.answer(shop, id, request) ?? notFound
  if (given.after !== undefined) await pause(given.after)
  return given
}

/** What a GET finds has an entity tag, and is not sent again to a client that has it (RFC 9110 §13.1.2). */
function send (request: http.IncomingMessage, response: http.ServerResponse, { status = 200, headers, json }: Answer): void {
  const body = Buffer.from(`${JSON.stringify(json)}\n`)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 4)}"`
  const tagged = status === 200 && request.method !== 'POST' ? { ...headers, ETag: etag } : headers
  if (tagged !== headers && request.headers['if-none-match'] === etag) {
    response.writeHead(304, tagged).end()
    return
  }
  response.writeHead(status, { 'Content-Type': 'application/json', ...tagged, 'Content-Length': body.length }).end(body)
}

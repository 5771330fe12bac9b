/** A plain HTTP client for tests: one connection a request unless told otherwise, nothing decoded, nothing followed. */
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { AUTHORITIES } from './certificates.js'

export interface Reply {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: string
  readonly bytes: Buffer
  readonly interim: readonly { status: number, headers: http.IncomingHttpHeaders }[]
}

export interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string | Buffer
  readonly agent?: http.Agent
  /** Of an https URL: the server whose certificate is asked for. */
  readonly servername?: string
  /** Called with the answer's head and each chunk as they arrive. */
  readonly onHead?: (status: number, headers: http.IncomingHttpHeaders) => void
  readonly onChunk?: (chunk: Buffer) => void
  readonly onRequest?: (request: http.ClientRequest) => void
}

/** Rejects when the connection breaks before the answer is whole. */
export function ask (url: string, asked: Asked = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const interim: { status: number, headers: http.IncomingHttpHeaders }[] = []
    const options = { method: asked.method ?? 'GET', headers: asked.headers ?? {}, agent: asked.agent ?? false, maxHeaderSize: 65_536 }
    const take = (response: http.IncomingMessage): void => {
      asked.onHead?.(response.statusCode!, response.headers)
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        asked.onChunk?.(chunk)
      })
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        resolve({ status: response.statusCode!, headers: response.headers, rawHeaders: response.rawHeaders, body: bytes.toString('latin1'), bytes, interim })
      })
    }
    const request = url.startsWith('https:')
      ? https.request(url, { ...options, ca: AUTHORITIES, servername: asked.servername ?? 'a.test' }, take)
      : http.request(url, options, take)
    request.on('information', info => { interim.push({ status: info.statusCode, headers: info.headers as http.IncomingHttpHeaders }) })
    request.on('error', reject)
    asked.onRequest?.(request)
    request.end(asked.body)
  })
}

export interface RawConnection {
  readonly socket: net.Socket
  write (data: string | Buffer): void
  /** All that arrived so far, latin1. */
  text (): string
  /** Resolves once `wanted` matches what arrived; rejects if the connection ends first. */
  until (wanted: RegExp): Promise<string>
  /** How it ended. */
  readonly closed: Promise<'end' | 'reset'>
}

export function connect (port: number, host = '127.0.0.1'): Promise<RawConnection> {
  return observed(net.connect({ port, host, allowHalfOpen: true }), 'connect')
}

/** The same through TLS; rejects with what the handshake failed of. */
export function connectTls (port: number, options: tls.ConnectionOptions = {}): Promise<RawConnection> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  return observed(tls.connect({ socket, servername: 'a.test', ca: AUTHORITIES, ...options }), 'secureConnect')
}

function observed (socket: net.Socket, ready: 'connect' | 'secureConnect'): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    let received = ''
    let ended: 'end' | 'reset' | undefined
    const waiting = new Set<() => void>()
    const wake = (): void => { for (const look of waiting) look() }
    let settle!: (how: 'end' | 'reset') => void
    const closed = new Promise<'end' | 'reset'>(done => { settle = done })
    const finish = (how: 'end' | 'reset'): void => {
      ended ??= how
      settle(ended)
      wake()
    }
    socket.setEncoding('latin1')
    socket.on('data', chunk => { received += chunk as unknown as string; wake() })
    socket.on('end', () => { finish('end') })
    socket.on('error', error => { finish('reset'); reject(error) })
    socket.on('close', () => { finish('end') })
    const until = (wanted: RegExp): Promise<string> => new Promise((found, lost) => {
      const look = (): void => {
        if (wanted.test(received)) found(received)
        else if (ended !== undefined) lost(new Error(`connection ended (${ended}) with ${JSON.stringify(received.slice(-300))}, waiting for ${wanted}`))
        else return
        waiting.delete(look)
      }
      waiting.add(look)
      look()
    })
    socket.on(ready, () => { resolve({ socket, write: data => { socket.write(data) }, text: () => received, until, closed }) })
  })
}

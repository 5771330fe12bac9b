/** The tour's client: node:http over kept connections, each answer with the time it took. */
import http from 'node:http'
import type { Ms } from '../core/types.js'

export interface Asked { readonly method?: 'GET' | 'POST', readonly headers?: Readonly<Record<string, string>>, readonly body?: string }

export interface Answered {
  readonly status: number
  /** One field, its lines joined; undefined when absent. `name` is lower-case. */
  field (name: string): string | undefined
  readonly body: string
  /** From the request to the last byte of its answer. */
  readonly time: Ms
}

export interface Client {
  /** Rejects when the whole answer is not there within ten seconds, or the tour is called off. */
  ask (url: string, asked?: Asked): Promise<Answered>
  close (): void
}

const PATIENCE: Ms = 10_000

export function createClient (calledOff: AbortSignal): Client {
  const agent = new http.Agent({ keepAlive: true })
  return {
    close: () => { agent.destroy() },
    ask: (url, { method = 'GET', headers = {}, body = '' } = {}) => new Promise((resolve, reject) => {
      const begun = performance.now()
      const signal = AbortSignal.any([calledOff, AbortSignal.timeout(PATIENCE)])
      const request = http.request(url, { method, headers: { ...headers }, agent, signal }, response => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', chunk => { text += chunk as string })
        response.on('error', reject)
        response.on('end', () => resolve({
          status: response.statusCode!,
          field: name => response.headers[name]?.toString(),
          body: text,
          time: performance.now() - begun
        }))
      })
      request.on('error', reject)
      request.end(body)
    })
  }
}

/** Requests as text, and a listener whose core answers with the body it read. */
import { readAll, startListener, text, type TestListener } from './listener.js'
import type { ProxyCore } from '../../src/core/types.js'
import type { ServerLimits } from '../../src/server/limits.js'

export const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`
export const post = (framing: string, body = ''): string => `POST / HTTP/1.1\r\nHost: h\r\n${framing}\r\n\r\n${body}`

/** Answers with what the body was, or with why it could not be read. */
export const echo: ProxyCore['handle'] = async request => {
  if (request.body === undefined) return text(`none at ${request.target}`)
  try {
    return text(`<${await readAll(request)}>`)
  } catch (error) {
    return text(`!${(error as { code?: string }).code}`, { status: 400 })
  }
}

export function startEcho (limits: Partial<ServerLimits> = {}, handle = echo): Promise<TestListener> {
  return startListener({ handle }, limits)
}

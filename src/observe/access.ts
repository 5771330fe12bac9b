/**
 * The line a request, as JSON and for a terminal. Built by hand, because it is written for every request: pino takes
 * three times as long for the same bytes. Header values other than Host never enter it; the URL does, query included.
 *
 * Invariant: a line is printable ASCII, whatever a client sent, so that no request can forge or hide another's line.
 */
import type { SeawallError } from '../core/errors.js'
import type { Outcome } from '../core/reasons.js'
import type { Ms, Peer, ProxyRequest, ProxyResponse } from '../core/types.js'
import { paint, visible, type Colour } from './terminal.js'

/** What became of an answer. `complete`: its last byte was handed to the connection. `why`: what broke it, or kept it from coming. */
export interface Finished { readonly bytes: number, readonly ms: Ms, readonly complete: boolean, readonly why?: SeawallError | undefined }

/** `origin`: which stands behind an answer that is no hit. `request` is undefined where the head was refused, `response` where the client was gone before there was one. */
export type Access = (request: ProxyRequest | undefined, response: ProxyResponse | undefined, info: Finished, peer: Peer, origin?: string) => void

type End = Outcome | 'gone'

function endOf (response: ProxyResponse | undefined, why: SeawallError | undefined): End {
  if (response !== undefined) return response.outcome
  return why?.side === 'client' ? 'gone' : 'error'
}

const PLAIN = /^[ !#-[\]-~]*$/

function quote (value: string): string {
  if (PLAIN.test(value)) return `"${value}"`
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))
}

/** In the shape of pino's own lines, so that one reader reads both. `at`: Unix time in ms. */
export function jsonLine (at: number, request: ProxyRequest | undefined, response: ProxyResponse | undefined, info: Finished, peer: Peer, origin?: string): string {
  const { why } = info
  const age = response?.age
  const code = response?.code ?? why?.code
  const detail = response?.detail
  return `{"level":"info","time":${at},"outcome":"${endOf(response, why)}","status":${response?.status ?? why?.status}` +
    (request === undefined ? '' : `,"method":${quote(request.method)},"host":${quote(request.fields.host)},"url":${quote(request.target)}`) +
    `,"ms":${Math.round(info.ms * 1000) / 1000},"bytes":${info.bytes}` +
    (age === undefined ? '' : `,"age":${age}`) +
    (code === undefined ? '' : `,"code":${quote(code)}`) +
    (origin === undefined ? '' : `,"origin":${quote(origin)}`) +
    (detail === undefined ? '' : `,"detail":${quote(detail)}`) +
    `,"client":${quote(request?.fields.facts?.clientAddress ?? peer.address)},"complete":${info.complete},"msg":"request"}\n`
}

const COLOURS: Record<End, Colour> = {
  hit: 'green', stale: 'yellow', revalidated: 'cyan', miss: 'blue', collapsed: 'magenta', pass: 'grey', refused: 'red', error: 'red', gone: 'grey'
}

function duration (ms: Ms): string {
  return ms < 1000 ? `${ms.toFixed(1)}ms` : `${(ms / 1000).toFixed(2)}s`
}

/** `HIT 200 GET /x 0.4ms age=12` */
export function terminalLine (request: ProxyRequest | undefined, response: ProxyResponse | undefined, info: Finished, color: boolean): string {
  const { why } = info
  const end = endOf(response, why)
  const age = response?.age
  const code = response?.code ?? why?.code
  return `${paint(end.toUpperCase(), COLOURS[end], color)} ${response?.status ?? why?.status}` +
    (request === undefined ? '' : ` ${visible(request.method)} ${visible(request.target)}`) +
    ` ${duration(info.ms)}` +
    (age === undefined ? '' : ` age=${age}`) +
    (code === undefined ? '' : ` ${visible(code)}`) +
    (info.complete ? '\n' : ' incomplete\n')
}

/**
 * The line a request, as JSON and for a terminal. Built by hand, because it is written for every request: pino takes
 * three times as long for the same bytes. Header values other than Host never enter it; the URL does, query included.
 *
 * Invariant: a line is printable ASCII, whatever a client sent, so that no request can forge or hide another's line.
 */
import type { Outcome } from '../core/reasons.js'
import type { Ms, ProxyRequest, ProxyResponse } from '../core/types.js'
import { paint, visible, type Colour } from './terminal.js'

/** What became of an answer. `complete`: its last byte was handed to the connection. */
export interface Finished { readonly bytes: number, readonly ms: Ms, readonly complete: boolean }

export type Access = (request: ProxyRequest, response: ProxyResponse, info: Finished) => void

const PLAIN = /^[ !#-[\]-~]*$/

function quote (value: string): string {
  if (PLAIN.test(value)) return `"${value}"`
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))
}

/** In the shape of pino's own lines, so that one reader reads both. `at`: Unix time in ms. */
export function jsonLine (at: number, request: ProxyRequest, response: ProxyResponse, info: Finished): string {
  const { fields, peer } = request
  return `{"level":"info","time":${at},"outcome":"${response.outcome}","status":${response.status}` +
    `,"method":${quote(request.method)},"host":${quote(fields.host)},"url":${quote(request.target)}` +
    `,"ms":${Math.round(info.ms * 1000) / 1000},"bytes":${info.bytes}` +
    (response.age === undefined ? '' : `,"age":${response.age}`) +
    (response.code === undefined ? '' : `,"code":${quote(response.code)}`) +
    `,"client":${quote(fields.facts?.clientAddress ?? peer.address)},"complete":${info.complete},"msg":"request"}\n`
}

const COLOURS: Record<Outcome, Colour> = {
  hit: 'green', stale: 'yellow', revalidated: 'cyan', miss: 'blue', collapsed: 'magenta', pass: 'grey', refused: 'red', error: 'red'
}

function duration (ms: Ms): string {
  return ms < 1000 ? `${ms.toFixed(1)}ms` : `${(ms / 1000).toFixed(2)}s`
}

/** `HIT 200 GET /x 0.4ms age=12` */
export function terminalLine (request: ProxyRequest, response: ProxyResponse, info: Finished, color: boolean): string {
  const { outcome } = response
  return `${paint(outcome.toUpperCase(), COLOURS[outcome], color)} ${response.status} ${visible(request.method)} ` +
    `${visible(request.target)} ${duration(info.ms)}` +
    (response.age === undefined ? '' : ` age=${response.age}`) +
    (response.code === undefined ? '' : ` ${visible(response.code)}`) +
    (info.complete ? '\n' : ' incomplete\n')
}

/** A request as undici is to write it. */
import { SeawallError } from '../core/errors.js'
import type { OriginRequest } from './contract.js'
import type { Upload } from './upload.js'

export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly headers: readonly string[]
  readonly body: Upload | undefined
  readonly websocket: boolean
}

/** Throws `bad_target`, `method_refused` for what undici would write as something else. */
export function wireRequest ({ method, target, headers, body }: OriginRequest, upload: Upload | undefined, websocket: boolean): WireRequest {
  // it would take another target for absolute-form, and CONNECT for a tunnel
  if (target[0] !== '/') throw new SeawallError('bad_target')
  if (method === 'CONNECT') throw new SeawallError('method_refused')
  const sized = upload !== undefined && body?.length !== undefined
  return { method, path: target, headers: sized ? [...headers, 'content-length', String(body.length)] : headers, body: upload, websocket }
}

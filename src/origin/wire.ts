/** A request as undici is to write it. */
import { SeawallError } from '../core/errors.js'
import type { OriginRequest } from './contract.js'
import type { Upload } from './upload.js'

export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly headers: readonly string[]
  readonly content: Uint8Array | Upload | undefined
  readonly websocket: boolean
}

/** Throws `bad_target`, `method_refused` for what undici would write as something else. */
export function wireRequest ({ method, target, headers, body }: OriginRequest, content: WireRequest['content'], websocket: boolean): WireRequest {
  // it would take another target for absolute-form, and CONNECT for a tunnel
  if (target[0] !== '/') throw new SeawallError('bad_target')
  if (method === 'CONNECT') throw new SeawallError('method_refused')
  const length = content instanceof Uint8Array ? content.length : content === undefined ? undefined : body?.length
  return { method, path: target, headers: length === undefined ? headers : [...headers, 'content-length', String(length)], content, websocket }
}

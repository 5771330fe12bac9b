/** src/http as a connection drives it: bytes arrive in pieces, a head is scanned, then its body decoded. */
import { HeadScanner, type RequestHead, type ScanLimits } from '../../src/http/scan.js'
import { createBodyDecoder } from '../../src/http/framing.js'

export const LIMITS: ScanLimits = { headerBytes: 16_384, headerCount: 100, url: 8192 }

export type Result =
  | { readonly kind: 'accepted', readonly head: RequestHead, readonly body: string, readonly consumed: number }
  | { readonly kind: 'refused', readonly code: string }
  | { readonly kind: 'incomplete' }

/** Reads the first request of `bytes`, which arrive up to `cut` first and whole then. */
export function parseWithSeawall (bytes: Buffer, cut: number | undefined, scanner = new HeadScanner(LIMITS)): Result {
  let end = cut ?? bytes.length
  let scan = scanner.scan(bytes, 0, end)
  if (scan.kind === 'incomplete' && end < bytes.length) scan = scanner.scan(bytes, 0, end = bytes.length)
  if (scan.kind !== 'request') return scan

  const decoder = createBodyDecoder(scan.head.fields.framing)
  let body = ''
  let at = scan.end
  for (;;) {
    const fed = decoder.feed(bytes, at, end)
    if (fed.kind === 'refused') return fed
    for (const slice of fed.slices) body += slice.toString('latin1')
    at += fed.consumed
    if (fed.kind === 'done') return { kind: 'accepted', head: scan.head, body, consumed: at }
    if (end === bytes.length) return { kind: 'incomplete' }
    end = bytes.length
  }
}

/** The certificates in fixtures/certificates. */
import { readFileSync } from 'node:fs'

const FOLDER = new URL('../../fixtures/certificates/', import.meta.url)

export type CertificateName = 'a' | 'b' | 'renewed'

/** As the configuration names it. */
export function certificateFiles (name: CertificateName): { cert: string, key: string } {
  const path = (part: string): string => new URL(`${name}.${part}.pem`, FOLDER).pathname
  return { cert: path('cert'), key: path('key') }
}

export function certificate (name: CertificateName): { cert: Buffer, key: Buffer } {
  const { cert, key } = certificateFiles(name)
  return { cert: readFileSync(cert), key: readFileSync(key) }
}

/** What a client needs to believe every one of them. */
export const AUTHORITIES = (['a', 'b', 'renewed'] as const).map(name => certificate(name).cert)

/**
 * The certificates of a listener: which one a client is shown, and their replacement while it serves.
 *
 * Invariant: all of a set is served or none of it; connections keep what they began with.
 */
import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'

/** In PEM. `hosts`: the server names it is for; undefined is those it names itself. */
export interface Certificate { readonly cert: Buffer, readonly key: Buffer, readonly hosts: readonly string[] | undefined }

interface Served extends Certificate { readonly x509: X509Certificate, readonly context: SecureContext }

/** RFC 9325 §3.1.1. */
export const MIN_VERSION = 'TLSv1.2'

export class Certificates {
  private served!: readonly Served[]
  private readonly listeners: (() => void)[] = []

  /** Not empty; throws the system's error where a key does not fit. */
  constructor (certificates: readonly Certificate[]) {
    this.replace(certificates)
  }

  /** For whoever names no server, or one that no certificate is for. */
  get first (): Certificate {
    return this.served[0]!
  }

  /** For a client that asks for `name` (RFC 6066 §3): the first that is for it. */
  contextFor (name: string): SecureContext {
    const wanted = name.toLowerCase()
    return (this.served.find(each => isFor(each, wanted)) ?? this.served[0]!).context
  }

  /** Serves these from now on, or throws and goes on with those it has. */
  replace (certificates: readonly Certificate[]): void {
    this.served = certificates.map(each => ({
      ...each, x509: new X509Certificate(each.cert), context: createSecureContext({ cert: each.cert, key: each.key, minVersion: MIN_VERSION })
    }))
    for (const listener of this.listeners) listener()
  }

  onReplaced (listener: () => void): void {
    this.listeners.push(listener)
  }

  /** For the log. */
  describe (): { subject: string, until: string }[] {
    return this.served.map(({ x509 }) => ({ subject: x509.subjectAltName ?? x509.subject, until: x509.validTo }))
  }
}

function isFor ({ hosts, x509 }: Served, name: string): boolean {
  if (hosts === undefined) return x509.checkHost(name) !== undefined
  return hosts.some(host => host === name || (host.startsWith('*.') && name.endsWith(host.slice(1))))
}

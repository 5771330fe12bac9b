/**
 * The certificates that `tls` names, read from their files when Seawall starts and again whenever it is told to.
 *
 * Invariant: what is returned can be served: every key fits its certificate.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { unreadable } from './files.js'
import { ConfigError, type CertificateFiles } from './settings.js'

/** In PEM. `hosts`: the server names it is for; undefined is those it names itself. */
export interface Certificate { readonly cert: Buffer, readonly key: Buffer, readonly hosts: readonly string[] | undefined }

/** Throws ConfigError, with every problem of every file. */
export function readCertificates (tls: readonly CertificateFiles[], file?: string): Certificate[] {
  const problems: string[] = []
  const certificates = tls.flatMap(files => readCertificate(files, problems))
  if (problems.length > 0) throw new ConfigError(file, problems)
  return certificates
}

/** What `readCertificates` would throw. */
export function certificateProblems (tls: readonly CertificateFiles[]): string[] {
  const problems: string[] = []
  for (const files of tls) readCertificate(files, problems)
  return problems
}

function readCertificate ({ at, hosts, ...files }: CertificateFiles, problems: string[]): Certificate[] {
  const certificate = parsed(files.cert, pem => new X509Certificate(pem), 'a PEM file with a certificate, and those that vouch for it behind it')
  const key = parsed(files.key, pem => createPrivateKey(pem), 'a PEM file with a private key without passphrase')
  for (const [name, { problem }] of [['cert', certificate], ['key', key]] as const) {
    if (problem !== undefined) problems.push(`${at}.${name}: ${problem}`)
  }
  if (certificate.value === undefined || key.value === undefined) return []
  if (!certificate.value.checkPrivateKey(key.value)) {
    problems.push(`${at}.key: is not the key of ${at}.cert; allowed: the one it was made with`)
    return []
  }
  try {
    createSecureContext({ cert: certificate.pem, key: key.pem })
  } catch (thrown) {
    problems.push(`${at}.cert: cannot be served (${thrown instanceof Error ? thrown.message : String(thrown)})`)
    return []
  }
  return [{ cert: certificate.pem, key: key.pem, hosts }]
}

type Parsed<T> = { pem: Buffer, value: T, problem?: undefined } | { problem: string, value?: undefined }

function parsed<T> (path: string, parse: (pem: Buffer) => T, allowed: string): Parsed<T> {
  let pem: Buffer
  try {
    pem = readFileSync(path)
  } catch (thrown) {
    return { problem: `${unreadable(thrown)}; allowed: ${allowed}` }
  }
  try {
    return { pem, value: parse(pem) }
  } catch {
    return { problem: `holds something else; allowed: ${allowed}` }
  }
}

/** `seawall purge`: sends one purge to the admin listener of a running Seawall and prints its answer. */
import { visible } from '../observe/terminal.js'
import { CliError, EXIT, systemCode, type Io } from './io.js'

export interface PurgeOptions {
  readonly tag?: readonly string[]
  readonly url?: readonly string[]
  readonly prefix?: readonly string[]
  readonly all?: boolean
  readonly soft?: boolean
  readonly wait?: 'cluster' | 'local'
  /** URL, or HOST:PORT. */
  readonly admin: string
  readonly token?: string
}

/** A purge waits for the whole cluster, at most for its `maxLag`; this is beyond every sensible one. */
const PATIENCE = 60_000

/** Throws CliError: `usage` where the flags make no purge, `failed` where it was refused or could not be sent. */
export async function purge (options: PurgeOptions, io: Io): Promise<number> {
  const body = orderOf(options)
  const admin = adminUrl(options.admin)
  const token = options.token ?? (io.env['SEAWALL_ADMIN_TOKEN'] || undefined)
  if (token !== undefined && !/^[!-~]+$/.test(token)) throw new CliError(EXIT.usage, 'the token holds characters no token has (blanks, control or non-ASCII characters)')
  const { status, text } = await send(new URL('/purge', admin), body, token)
  const answer = parse(text)
  if (status !== 200) throw new CliError(EXIT.failed, `the admin listener at ${admin} refused the purge: ${refusal(status, answer)}`)
  if (!isAcknowledgement(answer)) throw new CliError(EXIT.failed, `what answers at ${admin} is not the admin listener of Seawall`)
  const { seq, applied, unreachable } = answer
  const missing = unreachable.length === 0 ? '' : `; unreachable: ${unreachable.map(visible).join(', ')}`
  io.stdout.write(`purged${options.soft === true ? ' (soft)' : ''}: seq ${seq}, applied by ${applied}${missing}\n`)
  return EXIT.ok
}

function orderOf ({ tag, url, prefix, all, soft, wait }: PurgeOptions): string {
  if (tag === undefined && url === undefined && prefix === undefined && all !== true) {
    throw new CliError(EXIT.usage, 'nothing to purge: give --tag, --url, --prefix or --all')
  }
  for (const [flag, values] of [['--url', url], ['--prefix', prefix]] as const) {
    const bad = values?.find(value => !/^https?:\/\/[^/]/i.test(value) || !URL.canParse(value))
    if (bad !== undefined) throw new CliError(EXIT.usage, `${flag}: found ${JSON.stringify(bad)}; allowed: an absolute URL, such as "http://example.com/path"`)
  }
  return JSON.stringify({ tags: tag, urls: url, prefixes: prefix, all, mode: soft === true ? 'soft' : undefined, wait })
}

/** Scheme, host and port. */
function adminUrl (text: string): string {
  const url = text.includes('://') ? text : `http://${text}`
  if (!/^https?:/i.test(url) || !URL.canParse(url)) throw new CliError(EXIT.usage, `--admin: found ${JSON.stringify(text)}; allowed: "http://HOST:PORT"`)
  return new URL(url).origin
}

async function send (url: URL, body: string, token: string | undefined): Promise<{ status: number, text: string }> {
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) })
    return { status: response.status, text: await response.text() }
  } catch (cause) {
    const why = systemCode(cause) ?? (cause instanceof Error ? cause.message : String(cause))
    throw new CliError(EXIT.failed, `no answer from the admin listener at ${url.origin} (${why}). Is Seawall running there? Name another with --admin URL.`, { cause })
  }
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

interface Acknowledgement { readonly seq: number, readonly applied: number, readonly unreachable: readonly string[] }

function isAcknowledgement (answer: unknown): answer is Acknowledgement {
  const { seq, applied, unreachable } = Object(answer) as Partial<Acknowledgement>
  return typeof seq === 'number' && typeof applied === 'number' && Array.isArray(unreachable) && unreachable.every(name => typeof name === 'string')
}

function refusal (status: number, answer: unknown): string {
  const { message } = Object(answer) as { message?: unknown }
  const said = typeof message === 'string' ? `${status}, ${visible(message)}` : String(status)
  return status === 401 ? `${said} Set SEAWALL_ADMIN_TOKEN or give --token.` : said
}
